"""A whole Sheaf, started with its own command and asked through its gateway."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from sheaf import ports, state
from sheaf.running import Running, running, token
from sheaf.state import State

ROOT = Path(__file__).parents[2]
SHEAF = Path(sys.executable).with_name("sheaf")
BERKA = ROOT.parent / "shared" / "data" / "berka"
DOCUMENTS = ROOT / "gateway" / "documents"


@dataclass(frozen=True, eq=False)
class System:
    """A data directory, the environment its processes get, and an HTTP client."""

    data_dir: Path
    env: dict[str, str]
    client: httpx.Client

    def sheaf(self, *words: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a `sheaf` command on this system."""
        done = subprocess.run(
            [str(SHEAF), *words, "--data-dir", str(self.data_dir)],
            env=self.env, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert not ok or done.returncode == 0, f"sheaf {words}\n{done.stdout}\n{done.stderr}"
        return done

    def running(self) -> Running:
        return running(self.data_dir)

    @cache  # noqa: B019  (a system lives for one test module)
    def token(
        self, role: str, institution: str, channel: str = "counter", subject: str = ""
    ) -> str:
        return token(self.data_dir, role, channel, institution, subject=subject or None)

    def ask(
        self,
        document: str,
        variables: dict[str, Any] | None = None,
        *,
        institution: str = "BERKA",
        role: str = "developer",
        subject: str = "",
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send a document through the gateway; return the whole GraphQL answer."""
        answered = self.client.post(
            f"{self.running().urls['gateway']}/graphql",
            json={"query": document, "variables": variables or {}},
            headers={"authorization": f"Bearer {self.token(role, institution, subject=subject)}"}
            | (headers or {}),
        )
        return answered.json()

    def data(self, document: str, variables: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        """Send a document that must succeed; return its data."""
        answer = self.ask(document, variables, **kwargs)
        assert "errors" not in answer, json.dumps(answer["errors"])[:2000]
        return answer["data"]


@contextmanager
def system(folder: Path, **env: str) -> Iterator[System]:
    """Start everything in `folder`, and leave nothing behind.

    Systems that start at the same moment must not choose the same ports, so each gets its own.
    """
    with httpx.Client(timeout=60) as client:
        whole = System(folder, dict(os.environ) | env, client)
        state.save(folder, State({name: ports.free() for name in ports.WANTED}))
        try:
            whole.sheaf("up", "--detach")
            yield whole
        finally:
            whole.sheaf("down", ok=False)
