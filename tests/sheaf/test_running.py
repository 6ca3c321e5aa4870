"""Waiting until a running system rests."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sheaf import state
from sheaf.issuer import Issuer
from sheaf.running import Running, reached, running, settled
from sheaf.trouble import Trouble


@pytest.mark.parametrize(
    ("cursor", "head", "there"),
    [
        ("e:5:9", "e:5:9", True),
        ("e:5:10", "e:5:9", True),
        ("e:6:1", "e:5:9", True),
        ("e:5:8", "e:5:9", False),
        ("e:4:99", "e:5:9", False),
        ("e:10:1", "e:9:1", True),
        ("old:10:1", "e:9:1", False),
        (None, "e:0:0", False),
    ],
)
def test_a_cursor_is_compared_by_transaction_then_sequence_within_one_epoch(cursor, head, there):
    assert reached(cursor, head) is there


@contextmanager
def service(head: str, feeds: dict[str, str], pending: list[int]):
    """A service that answers its head, its cursors, and one pending count after another."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            assert self.headers["authorization"].startswith("Bearer ")
            left = pending.pop(0) if len(pending) > 1 else pending[0]
            cursors = {producer: {"cursor": cursor} for producer, cursor in feeds.items()}
            answer = {"cursor": head} if self.path == "/feed/head" else None
            answer = answer or {"status": "ready", "pending": left, "feeds": cursors}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def three(tmp_path, *, pending=(0,), campaign_at="e:7:1"):
    Issuer(tmp_path).ensure()
    with (
        service("e:9:9", {}, [0]) as customer,
        service("e:7:1", {"customer": "e:9:9"}, list(pending)) as scoring,
        service("e:0:0", {"customer": "e:9:9", "scoring": campaign_at}, [0]) as campaign,
    ):
        urls = {"customer": customer, "scoring": scoring, "campaign": campaign}
        yield Running(tmp_path, urls)


def test_it_returns_once_every_feed_is_read_and_nothing_is_pending(tmp_path):
    with three(tmp_path, pending=[30, 10, 10, 0, 0, 0]) as system:
        settled(system, 10)


def test_it_names_what_was_still_open(tmp_path):
    with three(tmp_path, pending=[1234]) as system, pytest.raises(Trouble) as refused:
        settled(system, 0.3)
    assert refused.value.message == "After 0 s, scoring still had 1,234 calculations to do."
    with three(tmp_path, campaign_at="e:6:1") as system, pytest.raises(Trouble) as refused:
        settled(system, 0.3)
    assert refused.value.message == "After 0 s, campaign had not read all of scoring's events."


def test_without_a_running_system_it_says_how_to_start_one(tmp_path):
    with pytest.raises(Trouble, match="not running; start it with `sheaf up --detach`"):
        running(tmp_path)


def test_a_state_of_a_dead_supervisor_is_not_running(tmp_path):
    dead = state.State({"gateway": 1}, "", state.Pid(2**22 - 1, 0.0))
    state.save(tmp_path, dead)
    with pytest.raises(Trouble, match="not running"):
        running(tmp_path)


def test_a_broken_state_file_is_named(tmp_path):
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(Trouble, match=r"state\.json cannot be read"):
        running(tmp_path)


ELSEWHERE = {
    "customer": "http://customer:9101",
    "scoring": "http://scoring:9102/",
    "campaign": "http://campaign:9103",
    "gateway": "http://gateway:4000",
}


def test_a_system_that_runs_elsewhere_is_named_by_its_urls(tmp_path, monkeypatch):
    monkeypatch.setenv("SHEAF_URLS", json.dumps(ELSEWHERE))
    found = running(tmp_path)
    assert found == Running(tmp_path, ELSEWHERE | {"scoring": "http://scoring:9102"})


@pytest.mark.parametrize(
    "named",
    ["{", "[]", '{"customer": "http://customer:9101"}', json.dumps(ELSEWHERE | {"gateway": 4000})],
)
def test_urls_that_name_no_whole_system_are_refused(tmp_path, monkeypatch, named):
    monkeypatch.setenv("SHEAF_URLS", named)
    with pytest.raises(Trouble, match="base URLs, one each for campaign, customer, gateway"):
        running(tmp_path)
