"""The pricing rules: each makes leaves of an account's month, by integers, rounding once a leaf."""

from collections.abc import Iterator, Sequence
from datetime import date

from scoring.domain.account import Account, Activity
from scoring.domain.leaf import Input, Leaf
from scoring.domain.line import Line
from scoring.domain.loan import Grade
from scoring.domain.money import MILLION, half_away
from scoring.domain.posting import NO_SERVICE
from scoring.domain.scheme import Condition, Scheme

MARGIN_LINES = frozenset([Line.DEPOSIT, Line.SETTLEMENT, Line.INTERNATIONAL])
_BALANCE_DAYS = "minor x days"
_PPM_YEAR = "ppm a year"


def deposit_margin(
    account: Account, month: date, balance_days: int, rates: tuple[int, int], basis: int
) -> Leaf:
    """Price the money the customer leaves: `rates` are customer and transfer, ppm a year."""
    customer, transfer = rates
    return Leaf(
        account,
        month,
        account.line,
        "deposit_margin",
        half_away(balance_days * (transfer - customer), basis * MILLION),
        "balance_days x (transfer_rate - customer_rate) / (basis x 10^6)",
        _margin_inputs("balance_days", balance_days, rates, basis),
    )


def loan_margin(
    account: Account, month: date, balance_days: int, rates: tuple[int, int], basis: int
) -> Leaf:
    """Price the money the customer owes: a loan's balance-days are negative."""
    customer, transfer = rates
    return Leaf(
        account,
        month,
        Line.LOAN,
        "loan_margin",
        half_away(-balance_days * (customer - transfer), basis * MILLION),
        "owed_days x (customer_rate - transfer_rate) / (basis x 10^6)",
        _margin_inputs("owed_days", -balance_days, rates, basis),
    )


def _margin_inputs(name: str, days: int, rates: tuple[int, int], basis: int) -> tuple[Input, ...]:
    return (
        Input(name, days, _BALANCE_DAYS),
        Input("customer_rate", rates[0], _PPM_YEAR),
        Input("transfer_rate", rates[1], _PPM_YEAR),
        Input("basis", basis, "days"),
    )


def expected_loss(
    account: Account, month: date, balance_days: int, grade: Grade, scheme: Scheme
) -> Leaf:
    """Charge the loss to expect on what is owed (EL = PD x LGD x EAD); nothing on a credit."""
    loss, basis, owed = scheme.expected_loss[grade], scheme.basis(month), max(-balance_days, 0)
    return Leaf(
        account,
        month,
        Line.LOAN,
        "expected_loss",
        half_away(-owed * loss.pd_ppm * loss.lgd_ppm, basis * MILLION * MILLION),
        "-owed_days x pd x lgd / (basis x 10^12)",
        (
            Input("owed_days", owed, _BALANCE_DAYS),
            Input("grade", grade.value, "grade"),
            Input("pd", loss.pd_ppm, _PPM_YEAR),
            Input("lgd", loss.lgd_ppm, "ppm"),
            Input("basis", basis, "days"),
        ),
    )


def acts(
    account: Account, month: date, activity: Sequence[Activity], scheme: Scheme
) -> Iterator[Leaf]:
    """Price what was done on the account in the month, and charge what it cost."""
    served = [one for one in activity if one.kind not in NO_SERVICE]
    if served:
        yield from _fees(account, month, served, scheme)
        yield from _unit_income(account, month, served, scheme)
        yield from _e_banking(account, month, served, scheme)
        yield from _international(account, month, served, scheme)
    if served or account.open_in(month):
        yield _cost_to_serve(account, month, served, scheme)


def _taken(served: Sequence[Activity], entries: Sequence[Condition]) -> list[tuple[int, int, int]]:
    """Give every act to the first entry that fits it: (entry number, count, amount)."""
    taken: dict[int, tuple[int, int]] = {}
    for one in served:
        for number, when in enumerate(entries):
            if when.fits(one.channel, one.kind, one.purpose):
                count, amount = taken.get(number, (0, 0))
                taken[number] = count + one.count, amount + one.amount_minor
                break
    return [(number, *taken[number]) for number in sorted(taken)]


def _fees(
    account: Account, month: date, served: Sequence[Activity], scheme: Scheme
) -> Iterator[Leaf]:
    """Count the customer's debit as the bank's income."""
    for number, _, amount in _taken(served, [fee.when for fee in scheme.fees]):
        fee = scheme.fees[number]
        yield Leaf(
            account,
            month,
            fee.line,
            "fee",
            half_away(-amount * fee.share_ppm, MILLION),
            "-amount x share / 10^6",
            (
                Input("entry", f"fees.{number}", "scheme"),
                Input("amount", amount, "minor"),
                Input("share", fee.share_ppm, "ppm"),
            ),
        )


def _unit_income(
    account: Account, month: date, served: Sequence[Activity], scheme: Scheme
) -> Iterator[Leaf]:
    for number, count, amount in _taken(served, [unit.when for unit in scheme.unit_income]):
        unit = scheme.unit_income[number]
        yield Leaf(
            account,
            month,
            unit.line,
            "unit_income",
            half_away(
                count * unit.per_item_minor * MILLION + abs(amount) * unit.ppm_of_amount, MILLION
            ),
            "items x per_item + abs(amount) x ppm_of_amount / 10^6",
            (
                Input("entry", f"unit_income.{number}", "scheme"),
                Input("items", count, "items"),
                Input("per_item", unit.per_item_minor, "minor"),
                Input("amount", amount, "minor"),
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
    account: Account, month: date, served: Sequence[Activity], scheme: Scheme
) -> Iterator[Leaf]:
    amounts: dict[str, int] = {}
    for one in served:
        if one.kind in scheme.international_ppm:
            amounts[one.kind] = amounts.get(one.kind, 0) + one.amount_minor
    for kind, spread in scheme.international_ppm.items():
        if kind in amounts:
            yield Leaf(
                account,
                month,
                Line.INTERNATIONAL,
                "international",
                half_away(abs(amounts[kind]) * spread, MILLION),
                "abs(amount) x spread / 10^6",
                (
                    Input("kind", kind.value, "kind"),
                    Input("amount", amounts[kind], "minor"),
                    Input("spread", spread, "ppm"),
                ),
            )


def _cost_to_serve(
    account: Account, month: date, served: Sequence[Activity], scheme: Scheme
) -> Leaf:
    """Charge every act by its channel, and the account for being open."""
    prices, counts = scheme.cost_to_serve, _counts(served)
    used = [(c, counts[c]) for c in prices.channel_cost_minor if c in counts]
    kept = prices.account_month_minor if account.open_in(month) else 0
    return Leaf(
        account,
        month,
        Line.COST_TO_SERVE,
        "cost_to_serve",
        -kept - sum(n * prices.channel_cost_minor[c] for c, n in used),
        "-account_month - sum of items x channel_cost",
        (
            Input("account_month", kept, "minor"),
            *(Input(f"{c}.items", n, "items") for c, n in used),
            *(Input(f"{c}.channel_cost", prices.channel_cost_minor[c], "minor") for c, _ in used),
        ),
    )


def _counts(served: Sequence[Activity]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in served:
        counts[one.channel] = counts.get(one.channel, 0) + one.count
    return counts
