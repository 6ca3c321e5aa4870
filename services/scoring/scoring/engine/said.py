"""What the policy says of one kind of account in one month, found by the domain's own functions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import lcm
from typing import Any

from scoring.domain.account import Account
from scoring.domain.balance import NONE, AccountMonth
from scoring.domain.exchange import OWN, Conversion, spans
from scoring.domain.line import Line
from scoring.domain.money import MILLION
from scoring.domain.policy import Policy
from scoring.domain.problems import (
    CurrencyNotPriced,
    FxRatesMissing,
    LoanTermsMissing,
    NotComputable,
    RatesMissing,
    SchemeMissing,
)
from scoring.domain.rules import MARGIN_LINES
from scoring.domain.scheme import Scheme
from scoring.domain.tax import Base, OnLoss
from scoring.domain.transfer_price import Lacks
from scoring.domain.weighing import Segment, Weighing, weigh

SCHEME, CURRENCY, CUSTOMER, TRANSFER, TERMS, EXCHANGE = (1 << n for n in range(6))
"""What a month may lack. The first counts always, the second if the month moved or has
balance-days, the next three if it has balance-days; the last one where a balance or an act falls
on a day without exchange rate, and then it alone."""
OF_RUNS = (CUSTOMER, TRANSFER, TERMS, EXCHANGE)
"""What a run of days may lack."""
UNPRICED = CUSTOMER | TRANSFER | EXCHANGE
"""What leaves a balance without price."""

OF_BALANCE = ("margin", "expected_loss", "balance_cost", "interest_tax", "capital_charge")
"""Rules that give a share of the balance-days."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a month's foreign money is worth: on each day `parts` of `whole`, None where unknown."""

    turn: Conversion = OWN
    number: int = -1
    whole: int = 1
    parts: Sequence[int | None] = ()

    @classmethod
    def of(cls, turn: Conversion, number: int) -> "Exchange":
        """Find the smallest whole numbers."""
        days = range(1, len(turn.rates_e8) + 1)
        worth = [
            None if day in turn.lacking else Fraction(turn.factor(day), turn.divisor)
            for day in days
        ]
        whole = lcm(*(one.denominator for one in worth if one))
        return cls(
            turn, number, whole, [None if one is None else int(one * whole) for one in worth]
        )

    def part(self, day: int) -> int:
        """Return what a minor unit of the day is worth; 0 where that is not known."""
        return (self.parts[day - 1] or 0) if self.turn.foreign else 1


Lack = tuple[int, type[NotComputable], str]
"""One of the bits above, the refusal, and what it names."""


@dataclass(frozen=True, slots=True)
class Said:
    """Columns of one kind and month, and what it lacks when.

    Where no one price holds for the whole month, or money is foreign, `row` prices no balance:
    `dated` has the shares of the sums over `runs` of days.
    """

    row: dict[str, Any]
    lacks: Sequence[Lack] = ()
    dated: dict[str, Any] | None = None
    runs: Sequence[dict[str, Any]] = field(default=())


def said(
    account: Account,
    month: date,
    policy: Policy,
    money: Exchange,
    through: int,
) -> Said:
    """Say what one kind's month is priced with, whose days through `through` have come."""
    scheme, turn = policy.scheme(month), money.turn
    row = _nothing()
    if scheme is None:
        return Said(row, [(SCHEME, SchemeMissing, "a scheme")])
    if scheme.currency != account.currency and not policy.fx.knows(account.currency):
        what = f"a price in {scheme.currency} of {account.currency}"
        return Said(row, [(CURRENCY, CurrencyNotPriced, what)])
    row |= {
        "priced": True,
        "account_month_minor": scheme.cost_to_serve.account_month_minor,
        "credit_share_ppm": scheme.e_banking.credit_share_ppm,
        "income_ppm": scheme.tax.income_ppm,
        "loss_gives_back": scheme.tax.on_loss is OnLoss.CREDIT,
    }
    for line in Line:
        if found := scheme.tax.entry(Base.FEES, line, account.product):
            row |= {f"fee_entry_{line}": found[0], f"fee_ppm_{line}": found[1].ppm}
    weighing = Weighing((), turn)
    if account.line is Line.LOAN or account.line in MARGIN_LINES:
        # every run of days has balance-days in a month that opens with 1
        steady = AccountMonth(month, through, 1, NONE, (), ())
        weighing = weigh(account, steady, policy, turn)
        entry = scheme.tax.entry(Base.INTEREST, account.line, account.product)
        row["interest_entry"] = f"tax.turnover.{entry[0]}" if entry else ""
    lacks = list(_lacks(account, weighing))
    if turn.foreign or len(weighing.segments) > 1:
        dated, runs = _by_day(account, month, scheme, weighing, money)
        return Said(row | {"by_day": True}, lacks, dated, runs)
    for whole in weighing.segments:
        if not _bits(account, weighing, whole) & UNPRICED:
            interest = whole.customer_ppm or 0
            shares = [("margin", _spread(whole) / _basis(account, month, scheme))]
            shares += _of_value(account, month, scheme, interest)
            row |= _columns(shares)
    return Said(row, lacks)


def _nothing() -> dict[str, Any]:
    row = {
        "priced": False,
        "by_day": False,
        "account_month_minor": 0,
        "credit_share_ppm": 0,
        "interest_entry": "",
        "income_ppm": 0,
        "loss_gives_back": False,
        **_columns([]),
    }
    for line in Line:
        row |= {f"fee_entry_{line}": -1, f"fee_ppm_{line}": 0}
    return row


def _columns(shares: Sequence[tuple[str, Fraction]]) -> dict[str, Any]:
    """Write shares as columns: part, whole, and whether there is any."""
    row: dict[str, Any] = {}
    for rule in OF_BALANCE:
        row |= {f"{rule}_part": 0, f"{rule}_whole": 1, f"has_{rule}": False}
    for rule, part in shares:
        row |= {f"{rule}_part": part.numerator, f"{rule}_whole": part.denominator}
        row[f"has_{rule}"] = True
    return row


def _basis(account: Account, month: date, scheme: Scheme) -> Fraction:
    """Return by what balance-days x ppm a year are divided."""
    return Fraction(scheme.basis(month, account.currency) * MILLION)


def _spread(segment: Segment) -> Fraction:
    return Fraction(segment.transfer_ppm or 0) - (segment.customer_ppm or 0)


def _of_value(
    account: Account, month: date, scheme: Scheme, customer_ppm: int
) -> Iterator[tuple[str, Fraction]]:
    """Tell what share each rule but the margin takes: of balance-days, interest of theirs at 1."""
    basis = _basis(account, month, scheme)
    if account.loan:
        loss = scheme.expected_loss[account.loan.grade]
        yield "expected_loss", loss.pd_ppm * loss.lgd_ppm / (basis * MILLION)
    opex = scheme.cost_to_serve.balance_ppm.get(account.product)
    if opex is not None:
        yield "balance_cost", -opex / basis
    entry = scheme.tax.entry(Base.INTEREST, account.line, account.product)
    if entry and account.line is Line.LOAN:
        yield "interest_tax", customer_ppm * entry[1].ppm / (basis * MILLION)
    weight, capital = scheme.capital.weights.of(account), scheme.capital
    if weight is not None:
        charged = weight * capital.ratio_ppm * capital.hurdle_ppm
        yield "capital_charge", charged / (basis * MILLION**2)


def _bits(account: Account, weighing: Weighing, one: Segment) -> int:
    """Return what a run of days lacks if it has balance-days."""
    bits = CUSTOMER if one.customer_ppm is None else 0
    bits |= TRANSFER if one.transfer_ppm is None else 0
    bits |= TERMS if account.line is Line.LOAN and account.loan is None else 0
    turn = weighing.conversion
    return bits | (EXCHANGE if turn.foreign and turn.rate_e8(one.first) is None else 0)


def _lacks(account: Account, weighing: Weighing) -> Iterator[Lack]:
    """Name what any run of days lacks, and any day the exchange."""
    bits, turn = 0, weighing.conversion
    for one in weighing.segments:
        bits |= _bits(account, weighing, one)
    if bits & CUSTOMER:
        yield CUSTOMER, RatesMissing, f"customer rate of {account.product}"
    if bits & TRANSFER:
        found = weighing.lacks or Lacks(RatesMissing, f"transfer rate of {account.product}")
        yield TRANSFER, found.problem, found.what
    if bits & TERMS:
        yield TERMS, LoanTermsMissing, "the terms of a loan"
    if turn.lacking:
        what = f"fx rate of {account.currency} on {spans(turn.lacking)}"
        yield EXCHANGE, FxRatesMissing, what


def _by_day(
    account: Account, month: date, scheme: Scheme, weighing: Weighing, money: Exchange
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Price runs of days: each weighs its balance-days by whole numbers, their sum is shared."""
    basis, segments = _basis(account, month, scheme), weighing.segments
    worth = [money.part(one.first) for one in segments]
    margins = [
        _spread(one) * part / (basis * money.whole)
        for one, part in zip(segments, worth, strict=True)
    ]
    whole = lcm(*(one.denominator for one in margins))
    runs = [
        {
            "from_day": one.first,
            "to_day": one.last,
            "run_lacks": _bits(account, weighing, one),
            "fx_part": part,
            "margin_part": int(margin * whole),
            "interest_part": (one.customer_ppm or 0) * part,
        }
        for one, part, margin in zip(segments, worth, margins, strict=True)
    ]
    shares = [("margin", Fraction(1, whole)), *_of_value(account, month, scheme, 1)]
    dated = _columns(shares if runs else [])
    dated |= {"exchange": money.number, "fx_whole": money.whole}
    return dated, runs
