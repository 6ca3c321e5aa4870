"""The points that accounts earn: for their mean balances and for what is done on them.

One leaf for each account, month and entry, rounded once to whole points, half away from zero.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from scoring.domain.account import Account, History
from scoring.domain.balance import AccountMonth, account_months
from scoring.domain.contribution import problem_of
from scoring.domain.leaf import Input
from scoring.domain.line import Line
from scoring.domain.money import half_away, minor_digits
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.domain.posting import NO_SERVICE
from scoring.domain.scheme import Scheme
from scoring.domain.scheme_money import Missing, SchemeMoney, in_scheme_money

PER = 10_000


@dataclass(frozen=True, slots=True)
class PointLeaf:
    """What one entry of the scheme gives one account in one month."""

    account: Account
    month: date
    entry: str
    points: int
    inputs: tuple[Input, ...]
    pay_minor: int | None


@dataclass(slots=True)
class Earned:
    """Points of all months that could be worked out, and what the others lack."""

    leaves: list[PointLeaf] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def whole(self) -> list[PointLeaf]:
        """Return the leaves, or refuse where anything is missing."""
        if self.missing:
            raise problem_of(self.missing)
        return self.leaves


def earned_points(
    accounts: Iterable[tuple[Account, History]], policy: Policy, period: Period
) -> Earned:
    """Return the points of every account's months, with which the histories must begin."""
    earned = Earned()
    for account, history in accounts:
        for atom in account_months(account, history, period, policy.business_date):
            money = in_scheme_money(account, atom, policy, weighed=True)
            if isinstance(money, Missing):
                earned.missing.append(money)
            elif money is not None:
                earned.leaves += _leaves(account, atom, money)
    return earned


def _leaves(account: Account, atom: AccountMonth, money: SchemeMoney) -> Iterator[PointLeaf]:
    scheme = money.scheme
    for entry, points, inputs in (
        *_by_balance(account, atom, money, scheme),
        *_by_acts(money, scheme),
    ):
        each = scheme.points.pay_per_point_minor
        pay = None if each is None else each * points
        yield PointLeaf(account, atom.month, entry, points, inputs, pay)


Entry = tuple[str, int, tuple[Input, ...]]


def _by_balance(
    account: Account, atom: AccountMonth, money: SchemeMoney, scheme: Scheme
) -> Iterator[Entry]:
    """Count what the customer leaves, of a loan what is owed; nothing on the other side."""
    each = scheme.points.per_10000.get(account.product)
    if each is None or not money.weighing.segments:
        return
    sign = -1 if account.line is Line.LOAN else 1
    held = max(sign * money.weighing.weighed(lambda _: 1), 0)
    units = atom.through * money.weighing.divisor * PER * 10 ** minor_digits(scheme.currency)
    name = "owed_days" if sign < 0 else "balance_days"
    yield (
        f"points.per_10000.{account.product}",
        half_away(held * each, units),
        (
            *money.weighing.inputs(name, sign, rates=()),
            Input("days", atom.through, "days"),
            Input("points", each, f"points per {PER} {scheme.currency}"),
        ),
    )


def _by_acts(money: SchemeMoney, scheme: Scheme) -> Iterator[Entry]:
    """Give every act to the first entry that fits it."""
    counts: dict[int, int] = {}
    for act in money.activity:
        if act.kind not in NO_SERVICE:
            for number, one in enumerate(scheme.points.acts):
                if one.when.fits(act.channel, act.kind, act.purpose):
                    counts[number] = counts.get(number, 0) + act.count
                    break
    for number in sorted(counts):
        each = scheme.points.acts[number].points
        yield (
            f"points.acts.{number}",
            counts[number] * each,
            (Input("items", counts[number], "items"), Input("points", each, "points each")),
        )
