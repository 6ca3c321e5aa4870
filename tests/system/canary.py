"""A customer whose values are found nowhere else, so that wherever they turn up they have leaked."""

import asyncio
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
from sheaf import state
from sheaf.running import settled, token

from tests.system.spans import Collector
from tests.system.system import System

BANK = "CANARY"
VALUES = {
    "name": "Zephyrine Qanarybird", "id_number": "430822197703174626", "phone": "13987654321",
    "email": "qanary.bird@example.org", "address": "77 Qanary Lane",
}  # fmt: skip
TRACES = (
    *VALUES.values(), "Zephyrine", "Qanary", "qanary", "139 8765 4321", "1977-03-17", "77%20Qanary",
)  # fmt: skip
"""What shows that one of them is there, in whole or by a part that is hers alone."""
FILES = {
    "institutions": ("code,name,currency,time_zone,as_of", "CANARY,Aviary,CNY,Asia/Shanghai,2026-06-30"),
    "products": ("code,name,line,on_offer", "D,Deposit,deposit,true"),
    "branches": ("code,name,kind", "N1,North,branch"),
    "customers": (
        "number,kind,name,id_type,id_number,born_on,phone,email,address,branch_code,since",
        "C1,individual,{name},resident_id,{id_number},1977-03-17,{phone},{email},{address},N1,2020-01-01",
        "C2,individual,{name},resident_id,{id_number}9,1977-03-17,{phone},{email},{address},N1,2020-01-01",
        "C3,individual,{name} PIN: 1234,resident_id,{id_number},1977-03-17,{phone},{email},{address},N1,2020-01-01",
    ),
    "accounts": ("number,product_code,currency,branch_code,opened_on", "A1,D,CNY,N1,2020-01-01"),
    "account_holders": ("account_number,customer_number,role", "A1,C1,owner"),
    "consents": ("customer_number,purpose,channel,given_on", "C1,marketing,phone,2024-01-01"),
}  # fmt: skip


def write(folder: Path) -> Path:
    """Write her bank's extract: one good record of her, and two that are refused."""
    folder.mkdir()
    for kind, lines in FILES.items():
        text = "".join(f"{line.format_map(VALUES)}\n" for line in lines)
        (folder / f"{kind}.csv").write_text(text)
    files = {kind: [f"{kind}.csv"] for kind in FILES}
    head = {"contract": "sheaf-bank-extract/1", "institution": BANK, "as_of": "2026-06-30"}
    (folder / "extract.json").write_text(json.dumps(head | {"files": files}))
    return folder


class Asking:
    """Asks a system about her, every request traced, and keeps what is said of failures."""

    def __init__(self, whole: System) -> None:
        self.whole = whole
        self.urls = whole.running().urls
        self.said: list[str] = []
        self.shown: list[str] = []
        self.codes: set[str] = set()

    def bearer(self, channel: str, role: str = "developer") -> dict[str, str]:
        trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
        signed = token(self.whole.data_dir, role, channel, BANK)
        return {"authorization": f"Bearer {signed}", "traceparent": trace}

    def ask(
        self,
        channel: str,
        query: Any,
        variables: dict[str, Any] | None = None,
        *,
        role: str = "developer",
    ) -> Any:
        """Send a document; keep the errors and all that is not data of the answer."""
        answered = self.whole.client.post(
            f"{self.urls['gateway']}/graphql",
            json={"query": query, "variables": variables or {}},
            headers=self.bearer(channel, role),
        )
        self.said.append(str(answered.headers))
        answer = answered.json()
        self.shown.append(json.dumps(answer.pop("data", None), ensure_ascii=False))
        self.said.append(json.dumps(answer, ensure_ascii=False))
        self.codes |= {one["extensions"]["code"] for one in answer.get("errors", ())}
        return json.loads(self.shown[-1])

    def send(
        self, method: str, service: str, path: str, *, role: str = "loader", **more: Any
    ) -> int:
        """Send anything anywhere; keep the whole answer."""
        answered = self.whole.client.request(
            method, self.urls[service] + path, headers=self.bearer("system", role), **more
        )
        self.said.append(f"{answered.headers} {answered.text}")
        return answered.status_code


def leaks(where: str, text: str) -> list[str]:
    """Name what of her is in a text, and where it is."""
    places = ((one, text.find(one)) for one in TRACES)
    return [
        f"{one!r} in {where}: {text[max(0, at - 120) : at + 60]}" for one, at in places if at >= 0
    ]


def written(whole: System) -> Iterator[tuple[str, str]]:
    """Give every file of the system's own but the bank's rejected lines, keys and the database."""
    for file in whole.data_dir.rglob("*"):
        beside = {"imports", "secrets", "postgres"} & {*file.relative_to(whole.data_dir).parts}
        if file.is_file() and not beside:
            yield str(file.relative_to(whole.data_dir)), file.read_bytes().decode(errors="replace")


def running(whole: System) -> Iterator[tuple[str, str]]:
    """Give the arguments of every process of the system."""
    found = [psutil.Process(state.load(whole.data_dir).supervisor.number)]
    for process in [*found, *found[0].children(recursive=True)]:
        yield f"arguments of {process.name()}", " ".join(process.cmdline())


def exported(collector: Collector) -> Iterator[tuple[str, str]]:
    """Give what was sent to the collector, byte for byte."""
    for body in list(collector.bodies):
        yield "spans", body.decode(errors="replace")


def told(whole: System) -> Iterator[tuple[str, str]]:
    """Give what the services tell each other and what scoring and campaign keep."""
    urls = whole.running().urls
    reader = {"authorization": f"Bearer {token(whole.data_dir, 'service', 'system', BANK)}"}
    for name in ("customer", "scoring", "campaign"):
        yield f"health of {name}", whole.client.get(f"{urls[name]}/health/ready").text
        after = ""
        while True:
            page = whole.client.get(
                f"{urls[name]}/feed", params={"after": after, "wait": 0}, headers=reader
            )
            assert page.status_code == 200, page.text
            yield f"feed of {name}", page.text.replace('"born_on":"1977-03-17"', "")
            if not page.json():
                break
            after = page.headers["Feed-Next"]
    for name in ("scoring", "campaign"):
        yield f"database of {name}", asyncio.run(_dumped(whole, name))


async def _dumped(whole: System, name: str) -> str:
    word = json.loads((whole.data_dir / "secrets" / "postgres.json").read_text())[name]
    port = state.load(whole.data_dir).ports["postgres"]
    connection = await asyncpg.connect(f"postgresql://{name}:{word}@127.0.0.1:{port}/{name}")
    rows: list[str] = []
    try:
        await connection.execute(f"set sheaf.institution = '{BANK}'")
        tables = await connection.fetch(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        for table in tables:
            born = " - 'born_on'" if name == "campaign" else ""  # for audiences by age
            found = await connection.fetch(f'select (to_jsonb(t){born})::text from "{table[0]}" t')
            rows += [row[0] for row in found]
    finally:
        await connection.close()
    assert len(rows) > 5
    return "\n".join(rows)


def back(whole: System) -> None:
    """Wait until the customer service serves again."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            if whole.client.get(f"{whole.running().urls['customer']}/health/ready").is_success:
                return
        time.sleep(0.2)
    raise AssertionError("the customer service did not come back")


def wait(whole: System) -> None:
    """Let every event be taken in."""
    settled(whole.running(), 60)
