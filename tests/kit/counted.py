"""An event and a handler that make loss and doubling visible; run as a process, a consumer."""

import asyncio
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from kit.db import Database, connect
from kit.inbox import Consumer
from sqlalchemy import text

ADD = text(
    "insert into tally (subject, total) values (:s, :n) "
    "on conflict (subject) do update set total = tally.total + excluded.total"
)


@dataclass(frozen=True)
class Counted:
    """`amount` more for `subject`."""

    type: ClassVar[str] = "counted"
    subject: str
    amount: int
    version: int = 1
    institution: str = "A"

    def data(self) -> dict[str, Any]:
        return {"amount": self.amount}


async def add(session, events) -> None:
    connection = await session.connection()
    for event in sorted(events, key=lambda e: e.subject):
        if event.data["amount"] < 0:
            raise ValueError(event.subject)
        await connection.execute(ADD, {"s": event.subject, "n": event.data["amount"]})


def consumer(db: Database, url: str, token_file: Path, handler=add) -> Consumer:
    return Consumer(
        producer="p",
        url=url,
        token_file=token_file,
        db=db,
        handlers={"counted": handler},
        clock=lambda: datetime.now(UTC),
    )


async def main(database: str, url: str, token_file: str) -> None:
    await consumer(Database(connect(database, name="consumer")), url, Path(token_file)).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
