"""Contribution: the leaves of a customer's accounts, summed; or what is missing to make them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from scoring.domain.account import Account, CustomerId, History
from scoring.domain.balance import AccountMonth, account_months
from scoring.domain.balance_cost import balance_cost
from scoring.domain.capital_charge import capital_charge
from scoring.domain.holders import part_of, shared
from scoring.domain.leaf import Leaf
from scoring.domain.line import Line, View
from scoring.domain.months import Period
from scoring.domain.policy import Policy, RateKind
from scoring.domain.problems import (
    CurrencyNotPriced,
    FxRatesMissing,
    LoanTermsMissing,
    NotComputable,
    RatesMissing,
    SchemeMissing,
)
from scoring.domain.rules import (
    MARGIN_LINES,
    acts,
    deposit_margin,
    expected_loss,
    loan_margin,
)
from scoring.domain.scheme import Scheme
from scoring.domain.scheme_money import Missing, in_scheme_money
from scoring.domain.taxation import on_fees, on_income, on_interest
from scoring.domain.weighing import Weighing


@dataclass(slots=True)
class Priced:
    """Leaves of all months that could be priced, and what the others lack."""

    leaves: list[Leaf] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def whole(self) -> list[Leaf]:
        """Return the leaves, or refuse where anything is missing."""
        if self.missing:
            raise problem_of(self.missing)
        return self.leaves


def problem_of(missing: Sequence[Missing]) -> NotComputable:
    """Return one refusal that names months and things; the most basic lack comes first."""
    order = (SchemeMissing, RatesMissing, LoanTermsMissing, CurrencyNotPriced, FxRatesMissing)
    kind = min((one.problem for one in missing), key=order.index)
    by_what: dict[str, list[date]] = {}
    for one in missing:
        if one.problem is kind:
            by_what.setdefault(one.what, []).append(one.month)
    named = "; ".join(f"{what} for {_months(by_what[what])}" for what in sorted(by_what))
    return kind(f"Cannot be computed: missing {named}.")


def _months(months: Iterable[date]) -> str:
    return ", ".join(f"{month:%Y-%m}" for month in sorted(set(months)))


def price(
    accounts: Iterable[tuple[Account, History]],
    policy: Policy,
    period: Period,
    whose: CustomerId | None = None,
) -> Priced:
    """Price every account's months of the period, with which the histories must begin.

    Accounts count whole; for a customer, with the part that the month's scheme gives them.
    """
    priced = Priced()
    for account, history in accounts:
        for atom in account_months(account, history, period, policy.business_date):
            part = part_of(account, whose, policy.scheme(atom.month))
            if part is not None:
                found = Priced(missing=priced.missing)
                _price_month(account, atom, policy, found)
                priced.leaves += (shared(leaf, part) for leaf in found.leaves)
    return priced


def _price_month(account: Account, atom: AccountMonth, policy: Policy, priced: Priced) -> None:
    money = in_scheme_money(account, atom, policy, weighed=_has_margin(account))
    if isinstance(money, Missing):
        priced.missing.append(money)
    elif money is not None:
        month, scheme, lacked = atom.month, money.scheme, len(priced.missing)
        leaves = list(_margins(account, month, money.weighing, scheme, priced.missing))
        leaves += acts(account, month, money.activity, scheme, money.conversion)
        leaves += on_fees(account, month, leaves, scheme.tax)
        if len(priced.missing) == lacked:
            leaves += on_income(account, month, leaves, scheme.tax)
        priced.leaves.extend(leaves)


def _has_margin(account: Account) -> bool:
    return account.line is Line.LOAN or account.line in MARGIN_LINES


def _margins(
    account: Account, month: date, weighing: Weighing, scheme: Scheme, missing: list[Missing]
) -> Iterator[Leaf]:
    """Price what the account's balance earns, costs, risks and binds."""
    borrowed, basis = account.line is Line.LOAN, scheme.basis(month, account.currency)
    if not weighing.segments:
        return
    lacking = [
        kind
        for kind, rates in (
            (RateKind.CUSTOMER, [one.customer_ppm for one in weighing.segments]),
            (RateKind.TRANSFER, [one.transfer_ppm for one in weighing.segments]),
        )
        if None in rates and not (kind is RateKind.TRANSFER and weighing.lacks)
    ]
    missing.extend(
        Missing(month, RatesMissing, f"{kind} rate of {account.product}") for kind in lacking
    )
    if weighing.lacks:
        missing.append(Missing(month, weighing.lacks.problem, weighing.lacks.what))
    if borrowed and account.loan is None:
        missing.append(Missing(month, LoanTermsMissing, "the terms of a loan"))
    if lacking or weighing.lacks:
        return
    margin = loan_margin if borrowed else deposit_margin
    yield margin(account, month, weighing, basis)
    if borrowed and account.loan is not None:
        yield expected_loss(account, month, weighing, account.loan.grade, scheme)
    yield from balance_cost(account, month, weighing, scheme)
    yield from on_interest(account, month, weighing, basis, scheme.tax)
    yield from capital_charge(account, month, weighing, basis, scheme.capital)


def by_line(leaves: Iterable[Leaf]) -> dict[Line, int]:
    """Return the sum of each line; every line is there."""
    sums = dict.fromkeys(Line, 0)
    for leaf in leaves:
        sums[leaf.line] += leaf.amount_minor
    return sums


def by_month(leaves: Iterable[Leaf], months: Iterable[date]) -> dict[date, dict[Line, int]]:
    """Return the sum of each month and line; every one of `months` is there."""
    sums = {month: dict.fromkeys(Line, 0) for month in months}
    for leaf in leaves:
        sums[leaf.month][leaf.line] += leaf.amount_minor
    return sums


def total(sums: Mapping[Line, int], view: View = View.GROSS) -> int:
    """Return what the view's lines come to."""
    return sum(amount for line, amount in sums.items() if line in view.lines)
