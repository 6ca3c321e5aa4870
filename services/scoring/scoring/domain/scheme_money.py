"""An account's month in the money of its scheme: weighed balance-days and acts, or what lacks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from scoring.domain.account import Account, Activity
from scoring.domain.balance import AccountMonth
from scoring.domain.exchange import Conversion, conversion, spans
from scoring.domain.policy import Policy
from scoring.domain.posting import NO_SERVICE
from scoring.domain.problems import (
    CurrencyNotPriced,
    FxRatesMissing,
    NotComputable,
    SchemeMissing,
)
from scoring.domain.scheme import Scheme
from scoring.domain.weighing import Weighing, weigh


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing without which a month cannot be priced."""

    month: date
    problem: type[NotComputable]
    what: str


@dataclass(frozen=True, slots=True)
class SchemeMoney:
    """What a month's rules work on."""

    scheme: Scheme
    weighing: Weighing
    activity: Sequence[Activity]
    conversion: Conversion


def in_scheme_money(
    account: Account, atom: AccountMonth, policy: Policy, *, weighed: bool
) -> SchemeMoney | Missing | None:
    """Return the month in the scheme's money; None where it holds nothing.

    Without `weighed` the balance is of no interest and need not be convertible.
    """
    if not (atom.balance_days or atom.activity or account.open_in(atom.month)):
        return None
    scheme = policy.scheme(atom.month)
    if scheme is None:
        return Missing(atom.month, SchemeMissing, "a scheme")
    if account.currency != scheme.currency and not policy.fx.knows(account.currency):
        if atom.balance_days or atom.activity:
            what = f"a price in {scheme.currency} of {account.currency}"
            return Missing(atom.month, CurrencyNotPriced, what)
        return None
    turn = conversion(policy.fx, account.currency, scheme.currency, atom.month, atom.through)
    activity = atom.by_day if turn.foreign else atom.activity
    weighing = weigh(account, atom, policy, turn) if weighed else Weighing(())
    if _unconverted(turn, weighing, activity):
        what = f"fx rate of {account.currency} on {spans(turn.lacking)}"
        return Missing(atom.month, FxRatesMissing, what)
    return SchemeMoney(scheme, weighing, activity, turn)


def _unconverted(turn: Conversion, weighing: Weighing, activity: Iterable[Activity]) -> bool:
    """Tell whether money is to be priced on a day without an exchange rate."""
    lacking = set(turn.lacking)
    return bool(lacking) and (
        any(segment.first in lacking for segment in weighing.segments)
        or any(act.day in lacking for act in activity if act.kind not in NO_SERVICE)
    )
