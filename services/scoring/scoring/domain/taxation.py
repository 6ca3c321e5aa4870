"""Takes the scheme's taxes of an account's month; each entry gives a leaf, rounded once."""

from collections.abc import Iterator, Sequence
from datetime import date

from scoring.domain.account import Account
from scoring.domain.leaf import Input, Leaf
from scoring.domain.line import Line
from scoring.domain.money import MILLION, half_away
from scoring.domain.tax import Base, OnLoss, Tax
from scoring.domain.weighing import Weighing

FEE_RULES = frozenset(["fee", "unit_income", "international"])
"""Rules whose amounts are turnover: what customers pay for services."""


def on_interest(
    account: Account, month: date, weighing: Weighing, basis: int, tax: Tax
) -> Iterator[Leaf]:
    """Tax the interest that a loan earns; a balance in the customer's favour takes tax back."""
    found = tax.entry(Base.INTEREST, account.line, account.product)
    if found is None or account.line is not Line.LOAN:
        return
    number, entry = found
    interest = weighing.weighed(lambda one: one.customer_ppm or 0)
    formula = weighing.formula("owed_days", " x customer_rate")
    yield Leaf(
        account,
        month,
        Line.TAX,
        "turnover_tax",
        half_away(interest * entry.ppm, basis * MILLION * MILLION * weighing.divisor),
        f"-({formula}) x tax / (basis x 10^12)",
        (
            Input("entry", f"tax.turnover.{number}", "scheme"),
            *weighing.inputs("owed_days", -1, rates=("customer",)),
            Input("tax", entry.ppm, "ppm"),
            Input("basis", basis, "days"),
        ),
    )


def on_fees(account: Account, month: date, leaves: Sequence[Leaf], tax: Tax) -> Iterator[Leaf]:
    """Tax what the account's leaves of the month earn by fees; a fee given back gives it back."""
    taxed: dict[int, int] = {}
    for leaf in leaves:
        if leaf.rule in FEE_RULES:
            found = tax.entry(Base.FEES, leaf.line, account.product)
            if found is not None:
                taxed[found[0]] = taxed.get(found[0], 0) + leaf.amount_minor
    for number in sorted(taxed):
        ppm = tax.turnover[number].ppm
        yield Leaf(
            account,
            month,
            Line.TAX,
            "turnover_tax",
            half_away(-taxed[number] * ppm, MILLION),
            "-fees x tax / 10^6",
            (
                Input("entry", f"tax.turnover.{number}", "scheme"),
                Input("fees", taxed[number], "minor"),
                Input("tax", ppm, "ppm"),
            ),
        )


def on_income(account: Account, month: date, leaves: Sequence[Leaf], tax: Tax) -> Iterator[Leaf]:
    """Tax what all the account's leaves of the month come to, turnover tax among them."""
    before = sum(leaf.amount_minor for leaf in leaves if leaf.line is not Line.CAPITAL)
    if not tax.income_ppm or not before or (before < 0 and tax.on_loss is OnLoss.NONE):
        return
    yield Leaf(
        account,
        month,
        Line.TAX,
        "income_tax",
        half_away(-before * tax.income_ppm, MILLION),
        "-before_tax x tax / 10^6",
        (Input("before_tax", before, "minor"), Input("tax", tax.income_ppm, "ppm")),
    )
