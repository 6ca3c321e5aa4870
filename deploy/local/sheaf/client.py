"""Asking the gateway: a GraphQL request with a development token, and what came back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sheaf.running import Running, token
from sheaf.trouble import Trouble

DOCUMENTS = Path(__file__).parent / "documents"


@dataclass(frozen=True)
class Answer:
    """A GraphQL answer; data and errors may both be there."""

    data: Mapping[str, Any] | None
    errors: list[dict[str, Any]]
    body: Mapping[str, Any]

    def whole(self) -> Mapping[str, Any]:
        """Give the data of an answer that must have no error."""
        if self.errors or self.data is None:
            said = "; ".join(str(one.get("message")) for one in self.errors) or "nothing"
            raise Trouble(f"The gateway answered: {said}", "See `sheaf logs gateway`.")
        return self.data


@dataclass(frozen=True)
class Client:
    """One caller of the gateway: a role at a channel, of an institution."""

    running: Running
    role: str
    channel: str
    institution: str
    subject: str | None = None
    branches: Sequence[str] = ()
    staff_number: str | None = None
    customer_number: str | None = None

    def ask(self, document: str, variables: Mapping[str, Any], timeout: float = 60.0) -> Answer:
        """Send a document and read the answer, whatever its HTTP status."""
        bearer = token(
            self.running.data_dir,
            self.role,
            self.channel,
            self.institution,
            subject=self.subject,
            branches=self.branches,
            staff_number=self.staff_number,
            customer_number=self.customer_number,
        )
        url = f"{self.running.urls['gateway']}/graphql"
        try:
            said = httpx.post(
                url,
                json={"query": document, "variables": dict(variables)},
                headers={"authorization": f"Bearer {bearer}", "accept": "application/json"},
                timeout=timeout,
            )
            body = said.json()
        except httpx.HTTPError as unavailable:
            raise Trouble(
                f"The gateway at {url} did not answer: {unavailable!r}", "See `sheaf status`."
            ) from unavailable
        except json.JSONDecodeError as strange:
            raise Trouble(f"The gateway answered {said.status_code} without JSON.") from strange
        return Answer(body.get("data"), body.get("errors") or [], body)

    def document(self, name: str, **variables: object) -> Mapping[str, Any]:
        """Ask one of the command's own documents at this channel; any error ends the command."""
        text = (DOCUMENTS / self.channel / f"{name}.graphql").read_text()
        return self.ask(text, variables).whole()
