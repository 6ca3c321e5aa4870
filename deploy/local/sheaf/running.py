"""What another part of the command may ask of a running system: its URLs, a token, rest."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from sheaf import state
from sheaf.issuer import Caller, Issuer
from sheaf.trouble import Trouble

FEEDS: Mapping[str, tuple[str, ...]] = {
    "scoring": ("customer",),
    "campaign": ("customer", "scoring"),
}
_PAUSE_SECONDS = 0.1
_URLS = "SHEAF_URLS"
_NAMES = frozenset({"customer", "scoring", "campaign", "gateway"})


@dataclass(frozen=True)
class Running:
    """A running system; `urls` holds base URLs by service, and that of the gateway."""

    data_dir: Path
    urls: Mapping[str, str]


def running(data_dir: Path) -> Running:
    """Find the system that `SHEAF_URLS` names, else the one that runs in this data directory.

    The data directory holds the key either way: tokens are signed with it.
    """
    if elsewhere := os.environ.get(_URLS):
        return Running(data_dir, _named(elsewhere))
    found = state.load(data_dir)
    if not found.alive():
        raise Trouble("Sheaf is not running; start it with `sheaf up --detach`.")
    return Running(
        data_dir,
        {
            name: f"http://127.0.0.1:{port}"
            for name, port in found.ports.items()
            if name != "postgres"
        },
    )


def _named(text: str) -> Mapping[str, str]:
    """Read base URLs by name, as the services read those of their feeds."""
    try:
        urls = json.loads(text)
    except ValueError:
        urls = None
    known = isinstance(urls, dict) and urls.keys() == _NAMES
    if not known or not all(isinstance(url, str) and url for url in urls.values()):
        raise Trouble(
            f"{_URLS} must be a JSON object of base URLs, one each for {', '.join(sorted(_NAMES))}."
        )
    return {name: url.rstrip("/") for name, url in urls.items()}


def token(  # noqa: PLR0913 - a token has that many claims
    data_dir: Path,
    role: str,
    channel: str,
    institution: str,
    *,
    subject: str | None = None,
    lifetime: timedelta = timedelta(hours=1),
    branches: Sequence[str] = (),
    staff_number: str | None = None,
    customer_number: str | None = None,
) -> str:
    """Sign a development token; the subject is the role's name unless one is given."""
    who = (subject or role, role, channel, institution)
    caller = Caller(*who, tuple(branches), staff_number, customer_number)
    at = datetime.now(UTC)  # noqa: TID251 - a token starts now; nothing above this reads the clock
    return Issuer(data_dir).token(caller, at=at, lifetime=lifetime)


def settled(running: Running, timeout: float) -> None:
    """Wait until every event has been taken in and every calculation done, producers first.

    A timeout is in seconds; what was still open is named when it passes.
    """
    deadline = time.monotonic() + timeout
    bearer = token(running.data_dir, "service", "system", "", subject="sheaf")
    with httpx.Client(timeout=10, headers={"authorization": f"Bearer {bearer}"}) as client:
        for consumer in ("customer", "scoring", "campaign"):
            while open_work := _open_work(client, running, consumer):
                if time.monotonic() > deadline:
                    raise Trouble(
                        f"After {timeout:.0f} s, {open_work}.",
                        f"See `sheaf status` and `sheaf logs {consumer}`.",
                    )
                time.sleep(_PAUSE_SECONDS)


def parked(running: Running) -> dict[str, int]:
    """Count, by consumer, the events that were set aside because they could not be taken in."""
    found = {}
    for consumer in FEEDS:
        ready = httpx.get(f"{running.urls[consumer]}/health/ready", timeout=10).json()
        found[consumer] = sum(feed["parked"] for feed in ready["feeds"].values())
    return {consumer: count for consumer, count in found.items() if count}


def heard(running: Running, consumer: str, timeout: float) -> bool:
    """Wait until the consumer has read all that its producers had announced; false if it did not.

    What it then still has to calculate is not waited for. A timeout is in seconds.
    """
    deadline = time.monotonic() + timeout
    bearer = token(running.data_dir, "service", "system", "", subject="sheaf")
    with httpx.Client(timeout=10, headers={"authorization": f"Bearer {bearer}"}) as client:
        while _unread(client, running, consumer):
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE_SECONDS)
    return True


def _open_work(client: httpx.Client, running: Running, consumer: str) -> str:
    """Say what the service still has to do; nothing means it rests."""
    if unread := _unread(client, running, consumer):
        return unread
    try:
        ready = client.get(f"{running.urls[consumer]}/health/ready").json()
    except (httpx.HTTPError, ValueError) as unavailable:
        return f"{consumer} did not answer ({unavailable!r})"
    if pending := ready.get("pending", 0):
        return f"{consumer} still had {pending:,} calculations to do"
    return ""


def _unread(client: httpx.Client, running: Running, consumer: str) -> str:
    """Say whose events the service has not read; nothing means it has read them all.

    The producers' heads are read before the consumer's state: work that arrives in between
    cannot be mistaken for work done.
    """
    try:
        heads = {
            producer: client.get(f"{running.urls[producer]}/feed/head").raise_for_status().json()
            for producer in FEEDS.get(consumer, ())
        }
        ready = client.get(f"{running.urls[consumer]}/health/ready").json()
    except (httpx.HTTPError, ValueError) as unavailable:
        return f"{consumer} or one of its producers did not answer ({unavailable!r})"
    for producer, head in heads.items():
        feed = ready.get("feeds", {}).get(producer, {})
        if not reached(feed.get("cursor"), head["cursor"]):
            return f"{consumer} had not read all of {producer}'s events"
    return ""


def reached(cursor: str | None, head: str) -> bool:
    """Tell whether a reader at `cursor` has seen all up to `head`; cursors are epoch:xid:seq."""
    if not cursor:
        return False
    epoch, xid, seq = cursor.rsplit(":", 2)
    head_epoch, head_xid, head_seq = head.rsplit(":", 2)
    return epoch == head_epoch and (int(xid), int(seq)) >= (int(head_xid), int(head_seq))
