"""The pricing rules: each makes leaves of an account's month, by integers, rounding once a leaf."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from scoring.domain.account import Account, Activity
from scoring.domain.condition import Condition
from scoring.domain.exchange import OWN, Conversion
from scoring.domain.leaf import Input, Leaf
from scoring.domain.line import Line
from scoring.domain.loan import Grade
from scoring.domain.money import MILLION, half_away
from scoring.domain.posting import NO_SERVICE
from scoring.domain.scheme import Scheme
from scoring.domain.weighing import (
    Segment,
    Weighing,
    exchange_input,
    exchange_text,
    scale_inputs,
)

MARGIN_LINES = frozenset([Line.DEPOSIT, Line.SETTLEMENT, Line.INTERNATIONAL])
_PPM_YEAR = "ppm a year"


def _spread(segment: Segment) -> Fraction | int:
    """Return by how much a segment's transfer price lies above its customer rate."""
    return (segment.transfer_ppm or 0) - (segment.customer_ppm or 0)


def deposit_margin(account: Account, month: date, weighing: Weighing, basis: int) -> Leaf:
    """Price the money the customer leaves; every segment must have both rates."""
    formula = weighing.formula("balance_days", " x (transfer_rate - customer_rate)")
    return Leaf(
        account,
        month,
        account.line,
        "deposit_margin",
        half_away(weighing.weighed(_spread), basis * MILLION * weighing.divisor),
        f"{formula} / (basis x 10^6)",
        (*weighing.inputs("balance_days"), Input("basis", basis, "days"), *weighing.how),
    )


def loan_margin(account: Account, month: date, weighing: Weighing, basis: int) -> Leaf:
    """Price the money the customer owes: a loan's balance-days are negative."""
    formula = weighing.formula("owed_days", " x (customer_rate - transfer_rate)")
    return Leaf(
        account,
        month,
        Line.LOAN,
        "loan_margin",
        half_away(weighing.weighed(_spread), basis * MILLION * weighing.divisor),
        f"{formula} / (basis x 10^6)",
        (*weighing.inputs("owed_days", -1), Input("basis", basis, "days"), *weighing.how),
    )


def expected_loss(
    account: Account, month: date, weighing: Weighing, grade: Grade, scheme: Scheme
) -> Leaf:
    """Charge the loss to expect on what is owed (EL = PD x LGD x EAD); nothing on a credit."""
    loss, basis = scheme.expected_loss[grade], scheme.basis(month, account.currency)
    owed = max(-weighing.weighed(lambda _: 1), 0)
    return Leaf(
        account,
        month,
        Line.LOAN,
        "expected_loss",
        half_away(-owed * loss.pd_ppm * loss.lgd_ppm, basis * MILLION * MILLION * weighing.divisor),
        f"-max({weighing.formula('owed_days', '')}, 0) x pd x lgd / (basis x 10^12)",
        (
            *weighing.inputs("owed_days", -1, rates=()),
            Input("grade", grade.value, "grade"),
            Input("pd", loss.pd_ppm, _PPM_YEAR),
            Input("lgd", loss.lgd_ppm, "ppm"),
            Input("basis", basis, "days"),
        ),
    )


def acts(
    account: Account,
    month: date,
    activity: Sequence[Activity],
    scheme: Scheme,
    conversion: Conversion = OWN,
) -> Iterator[Leaf]:
    """Price what was done on the account in the month, and charge what it cost.

    Activity in foreign money is that of single days, each of which must have its rate.
    """
    served = [one for one in activity if one.kind not in NO_SERVICE]
    if served:
        yield from _fees(account, month, served, scheme, conversion)
        yield from _unit_income(account, month, served, scheme, conversion)
        yield from _e_banking(account, month, served, scheme)
        yield from _international(account, month, served, scheme, conversion)
    if served or account.open_in(month):
        yield _cost_to_serve(account, month, served, scheme)


@dataclass(frozen=True, slots=True)
class _Taken:
    """Acts that one entry took: how many, and for how much on each day."""

    count: int
    amounts: Mapping[int, int]
    conversion: Conversion

    @property
    def worth(self) -> int:
        """Return the sum in the scheme's currency, times the conversion's divisor."""
        factor = self.conversion.factor
        return sum(amount * factor(day) for day, amount in self.amounts.items())

    def inputs(self) -> tuple[Input, ...]:
        """Tell the amount, or in foreign money each day's with its rate."""
        if not self.conversion.foreign:
            return (Input("amount", sum(self.amounts.values()), "minor"),)
        unit = f"minor {self.conversion.currency}"
        found: list[Input] = []
        for day, amount in sorted(self.amounts.items()):
            found.append(Input(f"{day}.amount", amount, unit))
            found.append(exchange_input(self.conversion, day, f"{day}.fx"))
        return (*found, *scale_inputs(self.conversion))

    @property
    def text(self) -> str:
        """Write the sum as a formula does."""
        if not self.conversion.foreign:
            return "amount"
        return f"(sum of amount x {exchange_text(self.conversion)})"


def _taken(
    served: Sequence[Activity], entries: Sequence[Condition], conversion: Conversion
) -> list[tuple[int, _Taken]]:
    """Give every act to the first entry that fits it, by the entry's number."""
    counts: dict[int, int] = {}
    amounts: dict[int, dict[int, int]] = {}
    for one in served:
        for number, when in enumerate(entries):
            if when.fits(one.channel, one.kind, one.purpose):
                counts[number] = counts.get(number, 0) + one.count
                days = amounts.setdefault(number, {})
                days[one.day] = days.get(one.day, 0) + one.amount_minor
                break
    return [(n, _Taken(counts[n], amounts[n], conversion)) for n in sorted(counts)]


def _fees(
    account: Account,
    month: date,
    served: Sequence[Activity],
    scheme: Scheme,
    conversion: Conversion,
) -> Iterator[Leaf]:
    """Count the customer's debit as the bank's income."""
    for number, taken in _taken(served, [fee.when for fee in scheme.fees], conversion):
        fee = scheme.fees[number]
        yield Leaf(
            account,
            month,
            fee.line,
            "fee",
            half_away(-taken.worth * fee.share_ppm, MILLION * conversion.divisor),
            f"-{taken.text} x share / 10^6",
            (
                Input("entry", f"fees.{number}", "scheme"),
                *taken.inputs(),
                Input("share", fee.share_ppm, "ppm"),
            ),
        )


def _unit_income(
    account: Account,
    month: date,
    served: Sequence[Activity],
    scheme: Scheme,
    conversion: Conversion,
) -> Iterator[Leaf]:
    for number, taken in _taken(served, [unit.when for unit in scheme.unit_income], conversion):
        unit, divisor = scheme.unit_income[number], conversion.divisor
        items = taken.count * unit.per_item_minor * MILLION * divisor
        yield Leaf(
            account,
            month,
            unit.line,
            "unit_income",
            half_away(items + abs(taken.worth) * unit.ppm_of_amount, MILLION * divisor),
            f"items x per_item + abs({taken.text.strip('()')}) x ppm_of_amount / 10^6",
            (
                Input("entry", f"unit_income.{number}", "scheme"),
                Input("items", taken.count, "items"),
                Input("per_item", unit.per_item_minor, "minor"),
                *taken.inputs(),
                Input("ppm_of_amount", unit.ppm_of_amount, "ppm"),
            ),
        )


def _e_banking(
    account: Account, month: date, served: Sequence[Activity], scheme: Scheme
) -> Iterator[Leaf]:
    """Credit a share of what the counter was spared."""
    prices = scheme.e_banking
    counts = _counts(served)
    used = [(c, counts[c]) for c in prices.channel_cost_minor if c in counts]
    if not used:
        return
    saved = sum(n * (prices.counter_cost_minor - prices.channel_cost_minor[c]) for c, n in used)
    yield Leaf(
        account,
        month,
        Line.E_BANKING,
        "e_banking",
        half_away(saved * prices.credit_share_ppm, MILLION),
        "sum of items x (counter_cost - channel_cost) x credit_share / 10^6",
        (
            Input("counter_cost", prices.counter_cost_minor, "minor"),
            *(Input(f"{c}.items", n, "items") for c, n in used),
            *(Input(f"{c}.channel_cost", prices.channel_cost_minor[c], "minor") for c, _ in used),
            Input("credit_share", prices.credit_share_ppm, "ppm"),
        ),
    )


def _international(
    account: Account,
    month: date,
    served: Sequence[Activity],
    scheme: Scheme,
    conversion: Conversion,
) -> Iterator[Leaf]:
    spreads = list(scheme.international_ppm.items())
    for number, taken in _taken(served, [Condition(kind) for kind, _ in spreads], conversion):
        kind, spread = spreads[number]
        yield Leaf(
            account,
            month,
            Line.INTERNATIONAL,
            "international",
            half_away(abs(taken.worth) * spread, MILLION * conversion.divisor),
            f"abs({taken.text.strip('()')}) x spread / 10^6",
            (
                Input("kind", kind.value, "kind"),
                *taken.inputs(),
                Input("spread", spread, "ppm"),
            ),
        )


def _cost_to_serve(
    account: Account, month: date, served: Sequence[Activity], scheme: Scheme
) -> Leaf:
    """Charge every act by the entry that takes it, else by channel, and the open account."""
    prices = scheme.cost_to_serve
    entries = [one.when for one in prices.acts]
    taken = [(number, one.count) for number, one in _taken(served, entries, OWN)]
    counts = _counts(
        [a for a in served if not any(e.fits(a.channel, a.kind, a.purpose) for e in entries)]
    )
    used = [(c, counts[c]) for c in prices.channel_cost_minor if c in counts]
    kept = prices.account_month_minor if account.open_in(month) else 0
    by_entry = sum(n * prices.acts[number].minor for number, n in taken)
    return Leaf(
        account,
        month,
        Line.COST_TO_SERVE,
        "cost_to_serve",
        -kept - by_entry - sum(n * prices.channel_cost_minor[c] for c, n in used),
        f"-account_month - sum of items x {'cost' if taken else 'channel_cost'}",
        (
            Input("account_month", kept, "minor"),
            *(Input(f"acts.{number}.items", n, "items") for number, n in taken),
            *(
                Input(f"acts.{number}.cost", prices.acts[number].minor, "minor")
                for number, _ in taken
            ),
            *(Input(f"{c}.items", n, "items") for c, n in used),
            *(Input(f"{c}.channel_cost", prices.channel_cost_minor[c], "minor") for c, _ in used),
        ),
    )


def _counts(served: Sequence[Activity]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in served:
        counts[one.channel] = counts.get(one.channel, 0) + one.count
    return counts
