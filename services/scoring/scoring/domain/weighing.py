"""What each day's balance is weighed with: the runs of days on which no price changes.

A margin is the sum over the days of balance x spread, and of money in another currency x the
day's exchange rate. Where nothing changes inside the month that is J x spread, from the moments
alone; otherwise each run of days has its own J, worked out from the account's moves of the month.
The parts are added up before the one rounding of the leaf.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from scoring.domain.account import Account, AccountId
from scoring.domain.balance import AccountMonth
from scoring.domain.exchange import OWN, RATE_PLACES, Conversion
from scoring.domain.leaf import Input
from scoring.domain.money import decimal_text, minor_digits
from scoring.domain.months import Period, between, month_of
from scoring.domain.policy import Policy, RateKind
from scoring.domain.transfer import RATES
from scoring.domain.transfer_price import Lacks, Price, adders, adjusted, base_price, exact

_PPM_YEAR = "ppm a year"


@dataclass(frozen=True, slots=True)
class Segment:
    """Days of a month with one price: its rates a year, None where none is known or needed."""

    first: int
    last: int
    balance_days: int
    customer_ppm: int | None = None
    transfer_ppm: Fraction | int | None = None


@dataclass(frozen=True, slots=True)
class Weighing:
    """A month's balance-days by segments; those whose balance-days are 0 are left out.

    `how` tells what led to the transfer price besides the rates, `lacks` what it could not be
    found for.
    """

    segments: Sequence[Segment]
    conversion: Conversion = OWN
    how: tuple[Input, ...] = ()
    lacks: Lacks | None = None

    @property
    def divisor(self) -> int:
        """Return what `weighed` sums are to be divided by, besides what they were weighed with."""
        return self.conversion.divisor

    def weighed(self, weight: Callable[[Segment], Fraction | int]) -> Fraction | int:
        """Return the sum of balance-days x weight x exchange rate; `divisor` belongs to it."""
        factor = self.conversion.factor
        return sum(one.balance_days * factor(one.first) * weight(one) for one in self.segments)

    def inputs(
        self, name: str, sign: int = 1, *, rates: Sequence[str] = ("customer", "transfer")
    ) -> tuple[Input, ...]:
        """Tell the segments: balance-days under `name`, the rates asked for, the exchange."""
        found: list[Input] = []
        single = len(self.segments) == 1
        unit = f"minor {self.conversion.currency}" if self.conversion.foreign else "minor"
        for one in self.segments:
            days = "" if single else f"{_days(one)}."
            found.append(Input(f"{days}{name}", sign * one.balance_days, f"{unit} x days"))
            found += (
                Input(f"{days}{kind}_rate", exact(ppm), _PPM_YEAR)
                for kind, ppm in (("customer", one.customer_ppm), ("transfer", one.transfer_ppm))
                if ppm is not None and kind in rates
            )
            if self.conversion.foreign:
                found.append(exchange_input(self.conversion, one.first, f"{days}fx"))
        return (*found, *scale_inputs(self.conversion))

    def formula(self, name: str, rest: str) -> str:
        """Write how the segments make an amount: `rest` follows the balance-days."""
        times = f" x {exchange_text(self.conversion)}" if self.conversion.foreign else ""
        return f"{'' if len(self.segments) == 1 else 'sum of '}{name}{rest}{times}"


def _days(segment: Segment) -> str:
    return (
        str(segment.first) if segment.first == segment.last else f"{segment.first}-{segment.last}"
    )


def exchange_text(conversion: Conversion) -> str:
    """Write what foreign money is multiplied by."""
    return "fx x minor_units" if _shift(conversion) else "fx"


def exchange_input(conversion: Conversion, day: int, name: str) -> Input:
    """Tell the exchange rate of a day."""
    rate = decimal_text(conversion.rate_e8(day) or 0, RATE_PLACES)
    return Input(name, rate, f"{conversion.base} per {conversion.currency}")


def scale_inputs(conversion: Conversion) -> tuple[Input, ...]:
    """Tell by what the minor units of two currencies differ, where they do."""
    shift = _shift(conversion)
    if not shift:
        return ()
    size = decimal_text(10 ** max(shift, 0), max(-shift, 0))
    return (Input("minor_units", size, f"minor {conversion.base} per minor {conversion.currency}"),)


def _shift(conversion: Conversion) -> int:
    if not conversion.foreign:
        return 0
    return minor_digits(conversion.base) - minor_digits(conversion.currency)


def by_day(account: Account, policy: Policy, month: date) -> bool:
    """Tell whether the month's postings are needed day by day to price the account."""
    scheme = policy.scheme(month)
    if scheme is not None and account.currency != scheme.currency:
        return policy.fx.knows(account.currency)
    return not account.scheduled and bool(changes(account, policy, month))


def weighed_by_day(
    accounts: Iterable[Account], policy: Policy, period: Period
) -> list[tuple[AccountId, date]]:
    """Return the accounts and months of the period whose postings are needed day by day."""
    months = between(period.first, min(period.last, month_of(policy.business_date)))
    return [
        (account.id, month)
        for account in accounts
        for month in months
        if by_day(account, policy, month)
    ]


def changes(account: Account, policy: Policy, month: date) -> set[int]:
    """Return the days after the first on which a rate of the account or its product begins."""
    found = set(policy.rates.changes(account.product, month))
    found.update(
        one.effective_from.day
        for one in account.own_rates
        if one.effective_from.day > 1 and one.effective_from.replace(day=1) == month
    )
    return found


def customer_rate(account: Account, policy: Policy, day: date) -> int | None:
    """Return what the customer gets or pays on a day.

    The account's own rate goes before its product's, and that of the rates before the scheme's.
    """
    own = account.own_rate(day)
    if own is not None:
        return own
    found = policy.rates.find(account.product, RateKind.CUSTOMER, day)
    scheme = policy.scheme(month_of(day)) if found is None else None
    return scheme.customer_ppm.get(account.product) if scheme else found


def weigh(account: Account, atom: AccountMonth, policy: Policy, conversion: Conversion) -> Weighing:
    """Cut the month where a price changes, and join what then costs the same."""
    scheme, base = policy.scheme(atom.month), base_price(account, atom.month, policy)
    product = scheme.transfer.of(account.product) if scheme else RATES

    def transfer_rate(day: date) -> Fraction | int | None:
        """Return what the account's money is worth inside the bank on a day."""
        if isinstance(base, Lacks):
            return None
        ppm = base.ppm if base else policy.rates.find(account.product, RateKind.TRANSFER, day)
        return None if ppm is None else adjusted(ppm, product, account.line)

    rates_e8 = conversion.rates_e8
    starts = {1} | changes(account, policy, atom.month)
    starts |= {day + 1 for day, (one, other) in enumerate(pairwise(rates_e8), 1) if one != other}
    known: list[tuple[int, tuple[int | None, Fraction | int | None, int | None]]] = []
    for day in sorted(start for start in starts if start <= atom.through):
        on = atom.month.replace(day=day)
        price = (
            customer_rate(account, policy, on),
            transfer_rate(on),
            conversion.rate_e8(day),
        )
        if not known or known[-1][1] != price:
            known.append((day, price))
    ends = [*(day - 1 for day, _ in known[1:]), atom.through]
    segments = [
        Segment(first, last, atom.balance_days_of(first, last), customer, transfer)
        for (first, (customer, transfer, _)), last in zip(known, ends, strict=True)
    ]
    return Weighing(
        [one for one in segments if one.balance_days],
        conversion,
        (*(base.how if isinstance(base, Price) else ()), *adders(product, account.line)),
        base if isinstance(base, Lacks) else None,
    )
