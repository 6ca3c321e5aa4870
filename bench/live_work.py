"""The postings of one more day at a made-up bank, like those that its customers made before."""

import csv
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count

from live_system import INSTITUTION, System

SMALLEST_NEWS = 10_000_000
_ACCOUNTS = "select number, id, owner_id, line, closed_on from account where institution = $1"


@dataclass(frozen=True, slots=True)
class Posting:
    """A posting as it is sent, and whose it is."""

    customer: str
    values: dict[str, str]

    def line(self) -> bytes:
        """Write it as a line of NDJSON."""
        return json.dumps(self.values, ensure_ascii=False, separators=(",", ":")).encode()

    def row(self) -> tuple[object, ...]:
        """Return its values as PostgreSQL takes them."""
        told = dict(self.values)
        return (
            told["id"], told["account_number"], int(told["amount_minor"]), told["currency"],
            date.fromisoformat(told["value_date"]), datetime.fromisoformat(told["booked_at"]),
            told["channel"], told["kind"], told["purpose"], told["counterparty"],
        )  # fmt: skip


@dataclass(slots=True)
class Day:
    """The bank's business date; postings repeat what the customers did, under new ids."""

    date: str
    kinds: Sequence[dict[str, str]]
    owners: dict[str, str]
    deposits: dict[str, str]
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311  (postings, no secrets)
    numbers: "count[int]" = field(default_factory=count)

    @classmethod
    async def of(cls, whole: System) -> "Day":
        """Read who has which account, and what was posted so far."""
        connection = await whole.database()
        try:
            found = await connection.fetch(_ACCOUNTS, INSTITUTION)
            day = await connection.fetchval("select business_date from institution")
        finally:
            await connection.close()
        owners = {row["number"]: str(row["owner_id"]) for row in found}
        kinds = []
        for file in sorted((whole.extract / "postings").glob("*.csv")):
            with file.open(newline="") as stream:
                kinds += [row for row in csv.DictReader(stream) if row["kind"] != "opening_balance"]
        deposits = {
            str(row["owner_id"]): row["number"]
            for row in found
            if row["line"] == "deposit" and row["closed_on"] is None
        }
        return cls(day.isoformat(), kinds, owners, deposits)

    def postings(self, number: int) -> list[Posting]:
        """Return so many postings, each like one of before."""
        return [self._posting(like) for like in self.dice.choices(self.kinds, k=number)]

    def for_different_customers(self, number: int, at_once: int) -> list[list[Posting]]:
        """Return postings that move a contribution, in batches; no customer comes twice."""
        chosen = self.dice.sample(sorted(self.deposits), min(number, len(self.deposits)))
        like = next(one for one in self.kinds if one["kind"] == "transfer_in")
        made = [
            self._posting(
                like
                | {
                    "account_number": self.deposits[one],
                    "amount_minor": str(SMALLEST_NEWS + self.dice.randrange(SMALLEST_NEWS)),
                    "value_date": f"{self.date[:8]}01",
                }
            )
            for one in chosen
        ]
        return [made[at : at + at_once] for at in range(0, len(made), at_once)]

    def some_customers(self, number: int) -> list[str]:
        """Return customers, in no order, some of them more than once."""
        return self.dice.choices(sorted(self.deposits), k=number)

    def _posting(self, like: dict[str, str]) -> Posting:
        day = {"value_date": self.date, "booked_at": f"{self.date}T10:00:00+08:00"}
        values = day | {key: value for key, value in like.items() if key != "booked_at"}
        if "value_date" not in like or like["value_date"][:7] != self.date[:7]:
            values["value_date"] = self.date
        values["id"] = f"bench-{next(self.numbers)}"
        return Posting(self.owners[values["account_number"]], values)
