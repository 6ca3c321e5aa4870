"""Stand-ins for the three services: they keep records by their first column, and can misbehave."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyarrow as pa
import pytest
from sheaf.issuer import Issuer
from sheaf.running import Running

NOWHERE = "NOWHERE"


@dataclass
class Services:
    """What arrived, and what the next requests are to be answered; a fault may answer or kill."""

    records: dict[str, dict[str, dict]] = field(default_factory=dict)
    batches: list[tuple[str, int]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    on_batch: Callable[[str, int], None] = lambda _kind, _number: None
    columns: bool = True
    epoch: str = "7000000000000000001:1"
    tokens: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> dict[str, int]:
        return {kind: len(records) for kind, records in self.records.items()}

    def take(self, kind: str, lines: list[dict]) -> dict:
        kept = self.records.setdefault(kind, {})
        tally: Counter[str] = Counter()
        rejected = []
        for number, line in enumerate(lines, 1):
            key = next(iter(line.values()))
            if NOWHERE in (line.get("branch_code"), line.get("counterparty")):
                reason = "branch 'NOWHERE' is not known"
                rejected.append({"line": number, "code": "BRANCH_NOT_FOUND", "reason": reason})
            elif kept.get(key) == line:
                tally["unchanged"] += 1
            else:
                kept[key] = line
                tally["accepted"] += 1
        self.batches.append((kind, len(lines)))
        return {
            "accepted": tally["accepted"],
            "unchanged": tally["unchanged"],
            "parked": 0,
            "rejected": rejected,
        }


def handler_of(services: Services) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, or each answer waits for an acknowledgement

        def answer(self, status: int, document: dict) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            cursor = f"{services.epoch}:5:5"
            if self.path == "/feed/head":
                self.answer(200, {"cursor": cursor})
            else:
                feed = {"cursor": cursor}
                self.answer(200, {"pending": 0, "feeds": {"customer": feed, "scoring": feed}})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with services.lock:
                services.tokens.add(self.headers["authorization"].split()[1])
                if services.statuses:
                    self.answer(services.statuses.pop(0), {"code": "X", "message": "Not now."})
                    return
                kind, _, columns = self.path.removeprefix("/ingest/").partition("/")
                if columns and not services.columns:
                    self.answer(415, {"code": "NOT_COLUMNS", "message": "Send lines."})
                    return
                if columns:
                    lines = pa.ipc.open_stream(body).read_all().to_pylist()
                    numbers = [line.pop("line") for line in lines]
                else:
                    lines = [json.loads(line) for line in body.split(b"\n")]
                    numbers = list(range(1, len(lines) + 1))
                answer = services.take(kind, lines)
                for one in answer["rejected"]:
                    one["line"] = numbers[one["line"] - 1]
                services.on_batch(kind, len(services.batches))
            self.answer(200, answer)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that was killed is no error of the server's."""


@pytest.fixture
def services():
    return Services()


@pytest.fixture
def serve(services):
    """Start the stand-ins, on a given port or a free one; returns the port."""
    servers = []

    def start(port: int = 0) -> int:
        server = Server(("127.0.0.1", port), handler_of(services))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return server.server_address[1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def system(serve, tmp_path):
    """A running system as the importer sees it."""
    return system_at(tmp_path / "data", serve())


@pytest.fixture
def away(tmp_path):
    """A system of which nothing answers at the given port."""
    return lambda port: system_at(tmp_path / "data", port)


def system_at(data_dir, port):
    data_dir.mkdir(exist_ok=True)
    Issuer(data_dir).ensure()
    url = f"http://127.0.0.1:{port}"
    return Running(data_dir, dict.fromkeys(("customer", "scoring", "campaign"), url))


@pytest.fixture
def bank(tmp_path):
    """Write a small extract: one bank, branches, customers and postings, as many as asked."""

    def write(*, customers=3, postings=3, nowhere=(), broken=()):
        folder = tmp_path / "bank"
        folder.mkdir(exist_ok=True)
        people = [
            f'c{n},individual,"Liu, {n}",{NOWHERE if n in nowhere else "N1"},2020-01-01'
            for n in range(customers)
        ]
        for n in broken:
            people[n] = f'c{n},individual,"Liu'
        moves = [
            f"p{n},a1,{n + 1},CNY,2025-01-01,2025-01-01T12:00:00+08:00,counter,cash_deposit"
            for n in range(postings)
        ]
        files = {
            "institutions": [
                "code,name,currency,time_zone,as_of",
                "B,Bank,CNY,Asia/Shanghai,2025-01-31",
            ],
            "branches": ["code,name,kind", "N1,North,branch"],
            "customers": ["number,kind,name,branch_code,since", *people],
            "postings": [
                "id,account_number,amount_minor,currency,value_date,booked_at,channel,kind",
                *moves,
            ],
        }
        for kind, lines in files.items():
            (folder / f"{kind}.csv").write_text("".join(f"{line}\n" for line in lines))
        (folder / "extract.json").write_text(
            json.dumps(
                {
                    "contract": "sheaf-bank-extract/1",
                    "institution": "B",
                    "as_of": "2025-01-31",
                    "files": {kind: [f"{kind}.csv"] for kind in files},
                }
            )
        )
        return folder

    return write
