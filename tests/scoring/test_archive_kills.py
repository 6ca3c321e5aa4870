"""Whoever moves months is killed again and again: no posting is lost, none is there twice."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scoring.operations.archiving import clean_up, complaints

from tests.scoring.archive_banks import everything, keeping, move
from tests.scoring.test_archive import ATOMS, ready, stage, twin  # noqa: F401  (fixtures)

pytestmark = pytest.mark.anyio
KILLS = 32
MOVER = """
import asyncio, os, sys
from datetime import UTC, datetime
from pathlib import Path
from kit.db import Database, connect
from scoring.archive.reader import Archive
from scoring.operations.archiving import Keeping, archive_closed

async def move():
    archive = Archive(Path(sys.argv[2]))
    db = Database(connect(sys.argv[1], name="mover"), {"archive": archive})
    while True:
        await archive_closed(Keeping(db, archive, 3, 20), at=datetime.now(UTC), everything=True)

for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        asyncio.run(move())
    print(child, flush=True)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


class Mover:
    """A process whose children move everything there is, for ever, each until it is killed."""

    def __init__(self, url, folder) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-c", MOVER, url, folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    async def start(self) -> None:
        self._parent.stdin.write("go\n")
        self._parent.stdin.flush()
        self._child = int(await asyncio.to_thread(self._parent.stdout.readline))

    async def kill(self) -> None:
        os.kill(self._child, signal.SIGKILL)
        assert await asyncio.to_thread(self._parent.stdout.readline) == "ended\n"

    def close(self) -> None:
        self._parent.stdin.close()
        self._parent.wait()
        self._parent.stdout.close()


async def test_kills_at_any_moment_lose_and_double_nothing(ready, twin):  # noqa: F811
    seed = random.randrange(10**9)
    print("seed", seed)
    rng = random.Random(seed)
    mover = Mover(
        ready.db.engine.url.render_as_string(hide_password=False), str(ready.archive.root)
    )
    sent: list[dict] = []

    async def post_some() -> None:
        fresh = [
            ready.posting(
                rng.choice("de"),
                rng.randrange(1, 10**6),
                date(2023, 9, 1) + timedelta(rng.randrange(150)),
            )
            for _ in range(30)
        ]
        sent.extend(fresh)
        batch = fresh + rng.sample(sent, 10)
        assert await ready.post(*batch) == await twin.post(*batch)

    async def steps() -> int:
        return (await ready.sql("select count(*) as files from archive_file"))[0].files

    try:
        for _ in range(KILLS):
            await mover.start()
            before = await steps()
            async with asyncio.timeout(60):
                while await steps() == before:
                    await post_some()
                    await asyncio.sleep(0.2)
            await asyncio.sleep(rng.random() * 0.3)
            await mover.kill()
        for number in "de":
            assert await everything(ready, number) == await everything(twin, number)
    finally:
        mover.close()
    known = {row.name for row in await ready.sql("select name from archive_file")}
    there = {p.name for p in ready.archive.root.rglob("*") if p.is_file()}
    assert known <= there
    left_over = there - known - {"manifest.json"}
    print("left over by kills:", len(left_over), "files")
    assert left_over
    await move(ready)
    later = datetime.now(UTC) + timedelta(minutes=1)
    await clean_up(keeping(ready), at=later, grace=timedelta(0))
    assert await complaints(ready.db, ready.archive, whole=True) == []
    assert await ready.sql(ATOMS) == await twin.sql(ATOMS)
    files = sorted(
        p.name for p in ready.archive.root.rglob("*") if p.suffix in {".ids", ".parquet"}
    )
    assert files == [
        row.name for row in await ready.sql("select name from archive_file order by name")
    ]
    rows = [row.id for row in await ready.sql("select id from posting")]
    filed = pa.concat_tables(pq.read_table(p) for p in ready.archive.root.rglob("*.parquet"))
    assert sorted(rows + filed["id"].to_pylist()) == sorted(one["id"] for one in sent)
    for start in range(0, len(sent), 10_000):
        some = sent[start : start + 10_000]
        again = await ready.post(*some)
        assert again == {"accepted": 0, "unchanged": len(some), "parked": 0, "rejected": []}
