"""Counts of a block that add up over blocks: what the report draws and the tests hold against."""

from dataclasses import dataclass, field

import numpy as np

from simulator.catalogue import LINES
from simulator.history import Past
from simulator.holdings import Holdings
from simulator.manners import MANNERS
from simulator.organisation import Organisation
from simulator.people import People
from simulator.span import Integers, Span
from simulator.traits import Traits

CHANNELS = ("counter", "self_service", "pos", "phone", "online", "mobile", "interbank", "system")
BALANCE_STEPS = np.geomspace(100, 1e12, 61)
"""Fen; from a yuan to ten thousand million."""


@dataclass(slots=True)
class Figures:
    """`contribution` is one entry a customer who holds anything; all others are counts and sums.

    `weekday_hours` holds movements of customers' own by weekday and hour, `channels` by month;
    `deposits` are those on current accounts day by day, of the usual places and the dressed ones.
    """

    months: tuple[str, ...]
    postings: int = 0
    contribution: list[Integers] = field(default_factory=list)
    balances: Integers = field(default_factory=lambda: np.zeros(60, dtype=np.int64))
    lines: Integers = field(default_factory=lambda: np.zeros(len(LINES) + 1, dtype=np.int64))
    channels: Integers = field(default_factory=lambda: np.zeros((1, 1), dtype=np.int64))
    weekday_hours: Integers = field(default_factory=lambda: np.zeros((7, 24), dtype=np.int64))
    days: Integers = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    shopping: Integers = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    harvest: Integers = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    deposits: Integers = field(default_factory=lambda: np.zeros((2, 1), dtype=np.int64))
    left: Integers = field(default_factory=lambda: np.zeros(1, dtype=np.int64))

    def add(self, other: "Figures") -> None:
        """Take in another block's."""
        self.contribution.extend(other.contribution)
        self.postings += other.postings
        for name in _SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_SUMMED = (
    "balances", "lines", "channels", "weekday_hours", "days", "shopping", "harvest", "deposits",
    "left",
)  # fmt: skip


def figures(  # noqa: PLR0913, PLR0917 - all that is counted
    people: People, held: Holdings, traits: Traits, past: Past, worth: Integers,
    bank: Organisation, when: Span,
) -> Figures:  # fmt: skip
    """Count a block."""
    ledger = past.ledger
    months = len(when.months)
    offsets = np.array([month.offset for month in when.months])
    month = np.searchsorted(offsets, np.arange(when.days), side="right") - 1
    channel_of = np.array([CHANNELS.index(one.channel) for one in MANNERS])
    bought = np.array([one.kind == "card_payment" for one in MANNERS])[ledger.manner]
    reaped = np.array([one.purpose == "harvest" for one in MANNERS])[ledger.manner]
    acted = np.array([one.channel not in ("system", "interbank") for one in MANNERS])[ledger.manner]
    by_month = month[ledger.day]
    current = np.zeros(len(held), dtype=np.bool_)
    current[held.account_of[held.account_of >= 0]] = True
    size = np.where(current[ledger.account], ledger.amount, 0).astype(np.float64)
    balance = np.bincount(ledger.account, size, len(held)).astype(np.int64)[current]
    weekday = (ledger.day + when.months[0].weekdays[0]) % 7
    slot = (weekday * 24 + ledger.second // 3_600)[acted]
    channels = np.bincount(channel_of[ledger.manner] * months + by_month, minlength=8 * months)
    year = worth[:, :, -12:].sum(axis=2)
    dressed = bank.dressed[people.place[held.owner]][ledger.account]
    flow = np.bincount(ledger.day + dressed * when.days, size, 2 * when.days).astype(np.int64)
    gone = traits.churn[traits.churn < when.days]
    return Figures(
        tuple(one.name for one in when.months),
        len(ledger),
        [year.sum(axis=1)[~people.contact]],
        np.histogram(balance, BALANCE_STEPS)[0].astype(np.int64),
        year.sum(axis=0),
        channels.reshape(len(CHANNELS), months),
        np.bincount(slot, minlength=168).reshape(7, 24),
        np.bincount(ledger.day, minlength=when.days),
        np.bincount(by_month[bought], -ledger.amount[bought], months).astype(np.int64),
        np.bincount(by_month[reaped], ledger.amount[reaped], months).astype(np.int64),
        np.cumsum(flow.reshape(2, when.days), axis=1),
        np.bincount(month[gone], minlength=months),
    )


def nothing(when: Span) -> Figures:
    """Return the counts of no block, to add to."""
    months = len(when.months)
    return Figures(
        tuple(one.name for one in when.months),
        channels=np.zeros((len(CHANNELS), months), dtype=np.int64),
        days=np.zeros(when.days, dtype=np.int64),
        shopping=np.zeros(months, dtype=np.int64),
        harvest=np.zeros(months, dtype=np.int64),
        deposits=np.zeros((2, when.days), dtype=np.int64),
        left=np.zeros(months, dtype=np.int64),
    )
