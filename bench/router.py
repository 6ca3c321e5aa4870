"""What the gateway's walls cost: its requests by the second against the bare router's.

A table, and JSON in bench/results/. Both run the same runtime and planner in one process each, in
front of services that answer at once, for 16 callers who never ask for the same customer twice.
The gateway checks the token and the document, signs a principal for each call to a service, keeps
deadlines and masks errors; the bare router does nothing of it. They are measured in turns.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import jwt
import psutil
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
PROJECT = HERE.parent / "gateway"
RESULTS = HERE / "results"
CALLERS, TURNS, WARM_UP_SECONDS = 16, 3, 3
ISSUER = "https://issuer.invalid"
QUERY = "query One($number:String!){customerByNumber(number:$number){id name contribution offers}}"
SDL = {
    "customer": 'type Customer@key(fields:"id"){id:ID! number:String! name:String!}'
    "type Query{customerByNumber(number:String!):Customer}",
    "scoring": 'type Customer@key(fields:"id"){id:ID! contribution:String}'
    "type Query{tiers:[String!]}",
    "campaign": 'type Customer@key(fields:"id"){id:ID! offers:[String!]}'
    "type Query{campaigns:[String!]}",
}
LINK = 'extend schema@link(url:"https://specs.apollo.dev/federation/v2.9",import:["@key"])'
ENTITIES = (
    "scalar _Any union _Entity=Customer extend type Query{_entities(representations:[_Any!]!):"
    "[_Entity]!}"
)
KEY = "directive@key(fields:String!)repeatable on OBJECT "


@dataclass(frozen=True)
class Turn:
    """One round of one router."""

    requests_per_second: float
    processor_ms_per_request: float
    failed: int


class FarSide:
    """The process that is both the services and the callers."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.url = str(self._said()["url"])

    def _said(self) -> dict[str, object]:
        assert self._process.stdout  # noqa: S101  (it was opened as a pipe)
        found: dict[str, object] = json.loads(self._process.stdout.readline())
        return found

    def load(self, url: str, token: str, seconds: float) -> dict[str, float]:
        """Let the callers ask for `seconds`; give how many were answered and how many failed."""
        assert self._process.stdin  # noqa: S101
        order = {"url": url, "query": QUERY, "token": token, "callers": CALLERS, "seconds": seconds}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return {name: float(str(value)) for name, value in self._said().items()}


@contextmanager
def process(command: list[str], **settings: object) -> Iterator["subprocess.Popen[str]"]:
    """Run a program until the block ends."""
    environment = {"PATH": os.environ["PATH"], "NODE_ENV": "production"}
    environment |= {name: str(value) for name, value in settings.items()}
    pipe = subprocess.PIPE
    started = subprocess.Popen(  # noqa: S603  (programs of ours)
        command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def listening(started: "subprocess.Popen[str]") -> str:
    """Wait until a router says where it listens."""
    assert started.stderr  # noqa: S101
    said = []
    for line in started.stderr:
        said.append(line)
        if '"Listening"' in line:
            return str(json.loads(line)["address"])
    sys.exit("The router did not start.\n" + "".join(said))


def keys(folder: Path) -> str:
    """Write what the gateway needs to know callers and to sign for them; give a caller's token."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    (folder / "jwks.json").write_text(json.dumps({"keys": [public | {"kid": "k", "alg": "ES256"}]}))
    kinds = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *kinds))
    entry = {"operation": "One", "type": "query", "channels": ["counter"], "text": QUERY}
    manifest = {hashlib.sha256(QUERY.encode()).hexdigest(): entry}
    (folder / "documents.json").write_text(json.dumps(manifest))
    limits = json.loads((PROJECT / "limits.json").read_text())
    limits["classes"] = {name: {"burst": 10**9, "perMinute": 10**9} for name in limits["classes"]}
    (folder / "limits.json").write_text(json.dumps(limits))
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": "sheaf", "sub": "bench", "role": "teller", "channel": "counter",
        "institution": "BENCH", "iat": now, "exp": now + 3600,
    }  # fmt: skip
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": "k"})


def compose(node: str, folder: Path) -> Path:
    """Compose the supergraph of the three services."""
    out = folder / "supergraph.graphql"
    named = []
    for name, sdl in SDL.items():
        (folder / f"{name}.graphql").write_text(LINK + sdl)
        named.append(f"{name}={folder / name}.graphql")
    command = [node, str(PROJECT / "compose.mjs"), "--out", str(out), *named]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    return out


def measured(far: FarSide, url: str, pid: int, token: str, seconds: float) -> Turn:
    """Load one router for `seconds`."""
    router = psutil.Process(pid)
    before = sum(router.cpu_times()[:2])
    told = far.load(url, token, seconds)
    used = sum(router.cpu_times()[:2]) - before
    return Turn(
        requests_per_second=round(told["answered"] / told["seconds"], 1),
        processor_ms_per_request=round(used / max(told["answered"], 1) * 1000, 2),
        failed=int(told["failed"]),
    )


def run(seconds: float) -> dict[str, list[Turn]]:
    """Measure both, in turns."""
    node = subprocess.run(
        [sys.executable, "-m", "sheaf.node"], check=True, capture_output=True, text=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as made, ExitStack() as stack:
        folder = Path(made)
        token, supergraph = keys(folder), compose(node, folder)
        sdl = json.dumps({name: f"{KEY}{text} {ENTITIES}" for name, text in SDL.items()})
        far = FarSide(
            stack.enter_context(
                process(
                    [node, str(HERE / "gateway_far_side.mjs")],
                    FAR_SIDE_PROJECT=PROJECT, FAR_SIDE_SDL=sdl,
                )
            )
        )  # fmt: skip
        bare = stack.enter_context(
            process(
                [node, str(HERE / "gateway_bare.mjs")],
                BARE_PROJECT=PROJECT, BARE_SUPERGRAPH=supergraph, BARE_URL=far.url,
            )
        )  # fmt: skip
        urls = {f"GATEWAY_{name.upper()}_URL": f"{far.url}/{name}" for name in SDL}
        walled = stack.enter_context(
            process(
                [node, str(PROJECT / "serve.mjs")],
                GATEWAY_PORT=0, GATEWAY_SUPERGRAPH=supergraph, GATEWAY_DEVELOPMENT=1,
                GATEWAY_DOCUMENTS=folder / "documents.json", GATEWAY_ISSUER=ISSUER,
                GATEWAY_LIMITS=folder / "limits.json",
                GATEWAY_JWKS_FILE=folder / "jwks.json",
                GATEWAY_PRINCIPAL_KEY_FILE=folder / "key.pem", **urls,
            )
        )  # fmt: skip
        routers = {"bare": bare, "gateway": walled}
        addresses = {name: listening(router) for name, router in routers.items()}
        turns: dict[str, list[Turn]] = {name: [] for name in routers}
        for turn in range(-1, TURNS):
            for name, router in routers.items():
                length = WARM_UP_SECONDS if turn < 0 else seconds
                found = measured(far, addresses[name], router.pid, token, length)
                if found.failed:
                    sys.exit(f"{found.failed} requests to the {name} router failed.")
                if turn >= 0:
                    turns[name].append(found)
        return turns


def main() -> None:
    """Measure, tell, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each of three turns")
    turns = run(parser.parse_args().seconds)
    rate = {name: median(one.requests_per_second for one in all_) for name, all_ in turns.items()}
    cost = {
        name: median(one.processor_ms_per_request for one in all_) for name, all_ in turns.items()
    }
    table = Table(title=f"{CALLERS} callers of three services, no id twice")
    for heading in ("router", "requests/s", "processor ms/request", "of bare"):
        table.add_column(heading, justify="left" if heading == "router" else "right")
    for name in turns:
        ratio = f"{rate[name] / rate['bare']:.2f}"
        table.add_row(name, f"{rate[name]:,.0f}", f"{cost[name]:.2f}", ratio)
    Console().print(table)
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251  (a program's own clock)
        "machine": {"processors": os.cpu_count(), "system": platform.platform()},
        "callers": CALLERS,
        "requests_per_second": rate,
        "processor_ms_per_request": cost,
        "ratio": round(rate["gateway"] / rate["bare"], 3),
        "ratio_of_processor_time": round(cost["bare"] / cost["gateway"], 3),
        "turns": {name: [asdict(one) for one in all_] for name, all_ in turns.items()},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "gateway.json").write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
