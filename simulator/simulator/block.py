"""One block of customers from nothing to files: what a process does, knowing no other block."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from simulator import (
    books,
    defects,
    groups,
    history,
    holdings,
    identity,
    people,
    records,
    responses,
    traits,
    truth,
    valuation,
)
from simulator.defects import DAMAGED_KINDS, Damage
from simulator.figures import Figures, figures
from simulator.files import Form, Format, keep
from simulator.organisation import Organisation, organise
from simulator.span import Flags, Span, span
from simulator.streams import BLOCK, stream

POSTINGS = "postings/part-{:04}"
PARTS = ".parts"
BOOKS = "books"


@dataclass(frozen=True, slots=True)
class Plan:
    """What bank to make, and where; `institution` counts from 0."""

    out: Path
    customers: int
    months: int
    seed: int
    as_of: date
    format: Format = "csv"
    defects: float = 0.0
    institution: int = 0
    code: str = "SHEAF"

    @property
    def when(self) -> Span:
        return span(self.as_of, self.months)

    @property
    def bank(self) -> Organisation:
        return organise(self.customers, self.stream(-1, "organisation"))

    @property
    def blocks(self) -> int:
        return -(-self.customers // BLOCK)

    def stream(self, block: int, purpose: str) -> np.random.Generator:
        return stream(self.seed, self.institution, block, purpose)

    def part(self, kind: str, block: int) -> Path:
        return self.out / PARTS / f"{kind}-{block:04}.arrow"


@dataclass(frozen=True, slots=True)
class Made:
    """What one block came to: its counts, and which rows of which kind were damaged."""

    block: int
    figures: Figures
    rows: dict[str, int]
    damage: dict[str, Damage] = field(default_factory=dict)


def make(plan: Plan, block: int) -> Made:
    """Make a block: its postings as a file of the extract, all else as parts to be joined."""
    pa.set_cpu_count(1)
    when, bank = plan.when, plan.bank
    count = min(BLOCK, plan.customers - block * BLOCK)
    crowd = people.gather(count, block, bank, when, plan.stream(block, "people"))
    held = holdings.acquire(crowd, when, plan.stream(block, "holdings"))
    lives = traits.draw(crowd, held, when, plan.stream(block, "traits"))
    until = traits.until(lives, when)
    holdings.before_leaving(held, until)
    past = history.tell(crowd, held, lives, bank, when, plan.stream(block, "history"))
    worth = valuation.contributions(past, held, when, count)
    known = identity.identify(crowd, bank, plan.stream(block, "identity"))
    family, boss = records.relatives(crowd, plan.stream(block, "relatives"))
    belong = groups.belonging(crowd, boss)
    tables = {
        kind: table.sort_by(table.column_names[0])
        for kind, table in (
            ("customers", known.table),
            ("groups", belong.groups),
            ("group_members", belong.members),
            ("accounts", records.accounts(held, crowd, bank)),
            ("account_holders", records.holders(held, crowd, family, boss)),
            ("cards", records.cards(held, crowd, until, plan.stream(block, "cards"))),
            ("consents", records.consents(crowd, until, plan.stream(block, "consents"))),
            ("loans", records.loans(past, held)),
        )
    }
    tables["postings"] = records.postings(past.ledger, held, when)
    contacts = crowd.contact[np.argsort(known.table["number"].to_numpy())]
    done = _spoil(plan, block, contacts, tables)
    answers = responses.draw(crowd, held, plan.stream(block, "responses"))
    shares = truth.manager_shares(crowd, bank, plan.stream(block, "managers"))
    beside = {
        "truth-customers": truth.customers(crowd, lives, known.slips, when),
        "truth-groups": truth.groups(crowd, boss),
        "truth-managers": shares,
        "truth-responses": truth.responses(crowd, answers),
        "truth-contribution": truth.contribution(crowd, worth),
        BOOKS: books.kept_by(past, held, crowd, bank, when),
    }
    form = Form(plan.format)
    postings = tables.pop("postings")
    form.write([postings], postings.schema, plan.out / form.file(POSTINGS.format(block)))
    for kind, table in (*tables.items(), *beside.items()):
        keep(table, plan.part(kind, block))
    counted = figures(crowd, held, lives, past, worth, bank, when)
    rows = {kind: table.num_rows for kind, table in tables.items()}
    return Made(block, counted, rows, done)


def _spoil(
    plan: Plan, block: int, contacts: Flags, tables: dict[str, pa.Table]
) -> dict[str, Damage]:
    done: dict[str, Damage] = {}
    if not plan.defects:
        return done
    rng = plan.stream(block, "defects")
    for kind in DAMAGED_KINDS:
        table = tables[kind]
        allowed = defects.eligible(kind, table, contacts)
        tables[kind], done[kind] = defects.damage(
            kind, table, allowed, plan.defects, rng, as_csv=plan.format == "csv"
        )
    return done
