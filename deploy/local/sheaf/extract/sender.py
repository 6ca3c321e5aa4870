"""Sends batches of records to the services, patiently while one of them restarts."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

import httpx

from sheaf.extract.columns import Part, write
from sheaf.extract.contract import Kind
from sheaf.extract.journal import cannot_write
from sheaf.extract.problems import ImportStopped
from sheaf.extract.record import Record
from sheaf.running import Running, token

PATIENCE_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 3.0
ANSWER_SECONDS = 600.0
TOKEN_SECONDS = 600.0
PASSING = frozenset({429, 500, 502, 503, 504})
UNAUTHENTICATED = 401
NOT_BY_COLUMN = frozenset({404, 405, 415})
SENT_AT_ONCE = 1 << 20

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line the service did not take; `line` is the file's line."""

    line: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service made of one batch."""

    accepted: int
    unchanged: int
    parked: int
    rejected: tuple[Refusal, ...]


class Sender:
    """Posts as the loader of one institution; safe to use from two threads."""

    def __init__(
        self,
        running: Running,
        institution: str,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        on_wait: Callable[[str], None] = lambda _service: None,
    ) -> None:
        self._running = running
        self._institution = institution
        self._patience = patience_seconds
        self._on_wait = on_wait
        self._client = httpx.Client(timeout=httpx.Timeout(ANSWER_SECONDS, connect=5.0))
        self._tokens: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        self._client.close()

    def send(self, kind: Kind, records: Sequence[Record]) -> Answer:
        """Send one batch and return the answer, its line numbers turned into the file's.

        Raises `ImportStopped` when the service stays away or refuses the request as a whole.
        """
        body = "\n".join([encode(record.values) for record in records]).encode()
        headers = {"content-type": "application/x-ndjson"}
        response = self._patiently("POST", kind.service, f"/ingest/{kind.name}", body, headers)
        return _answer(response.json(), lambda line: records[line - 1].line)

    def send_columns(self, kind: Kind, part: Part) -> Answer | None:
        """Send many records as columns; None when the service does not take them so.

        Raises `ImportStopped` like `send`.
        """
        with TemporaryFile(dir=self._running.data_dir) as file:
            try:
                write(part, file)
            except OSError as error:
                raise cannot_write(self._running.data_dir, error) from error

            def body() -> Iterator[bytes]:
                file.seek(0)
                return iter(lambda: file.read(SENT_AT_ONCE), b"")

            headers = {
                "content-type": "application/vnd.apache.arrow.stream",
                "content-length": str(file.tell()),
            }
            path = f"/ingest/{kind.name}/columns"
            response = self._patiently("POST", kind.service, path, body, headers)
        if response.status_code in NOT_BY_COLUMN:
            return None
        return _answer(response.json(), lambda line: line)

    def epoch(self, service: str) -> str:
        """Return the identity of a service's database: the first part of its feed's cursor."""
        response = self._patiently("GET", service, "/feed/head", b"", {}, role="service")
        return str(response.json()["cursor"]).rsplit(":", 2)[0]

    def _patiently(  # noqa: PLR0913 - the parts of one HTTP request
        self,
        method: str,
        service: str,
        path: str,
        body: bytes | Callable[[], Iterator[bytes]],
        headers: dict[str, str],
        *,
        role: str = "loader",
    ) -> httpx.Response:
        url = f"{self._running.urls[service]}{path}"
        pause = FIRST_PAUSE_SECONDS
        deadline = None
        renewed = False
        while True:
            try:
                bearer = {"authorization": f"Bearer {self._token(role)}"}
                content = body() if callable(body) else body
                response = self._client.request(
                    method, url, content=content, headers={**headers, **bearer}
                )
            except httpx.TransportError as error:
                seen = f"it cannot be reached ({type(error).__name__})"
            else:
                if response.is_success or (
                    callable(body) and response.status_code in NOT_BY_COLUMN
                ):
                    return response
                if response.status_code == UNAUTHENTICATED and not renewed:
                    renewed = True
                    self._tokens.pop(role, None)
                    continue
                if response.status_code not in PASSING:
                    raise ImportStopped(
                        f"The {service} service refused {path}: {_said(response)}.",
                        "Nothing of that batch went in.",
                    )
                seen = f"it answers {_said(response)}"
            at = time.monotonic()
            deadline = deadline or at + self._patience
            if at + pause > deadline:
                raise ImportStopped(
                    f"The {service} service did not take the records: {seen}.",
                    "Run `sheaf up`, then the same import again; it continues where it stopped.",
                )
            self._on_wait(service)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _token(self, role: str) -> str:
        with self._lock:
            made, held = self._tokens.get(role, (0.0, ""))
            at = time.monotonic()
            if not held or at - made > TOKEN_SECONDS:
                institution = self._institution if role == "loader" else ""
                held = token(self._running.data_dir, role, "system", institution)
                self._tokens[role] = (at, held)
            return held


def _answer(found: dict[str, Any], file_line: Callable[[int], int]) -> Answer:
    return Answer(
        accepted=found["accepted"],
        unchanged=found["unchanged"],
        parked=found["parked"],
        rejected=tuple(
            Refusal(file_line(bad["line"]), bad["code"], bad["reason"]) for bad in found["rejected"]
        ),
    )


def _said(response: httpx.Response) -> str:
    """Status and the service's own message, where it gave one."""
    try:
        message = str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return str(response.status_code)
    return f"{response.status_code}, {message.rstrip('.')}"
