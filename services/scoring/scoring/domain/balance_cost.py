"""Charges what it costs to keep a balance (opex, ppm a year by product)."""

from collections.abc import Iterator
from datetime import date

from scoring.domain.account import Account
from scoring.domain.leaf import Input, Leaf
from scoring.domain.line import Line
from scoring.domain.money import MILLION, half_away
from scoring.domain.scheme import Scheme
from scoring.domain.weighing import Weighing


def balance_cost(
    account: Account, month: date, weighing: Weighing, scheme: Scheme
) -> Iterator[Leaf]:
    """Charge what it costs to keep a product's balance, whichever side it is on."""
    ppm = scheme.cost_to_serve.balance_ppm.get(account.product)
    if ppm is None or not weighing.segments:
        return
    basis = scheme.basis(month, account.currency)
    held = weighing.weighed(lambda _: 1)
    yield Leaf(
        account,
        month,
        Line.COST_TO_SERVE,
        "balance_cost",
        half_away(-max(held, -held) * ppm, basis * MILLION * weighing.divisor),
        f"-abs({weighing.formula('balance_days', '')}) x cost / (basis x 10^6)",
        (
            *weighing.inputs("balance_days", rates=()),
            Input("cost", ppm, "ppm a year"),
            Input("basis", basis, "days"),
        ),
    )
