"""Charges the economic capital that an exposure binds (EC = EAD x weight x ratio)."""

from collections.abc import Iterator
from datetime import date

from scoring.domain.account import Account
from scoring.domain.capital import Capital
from scoring.domain.leaf import CapitalUse, Input, Leaf
from scoring.domain.line import Line
from scoring.domain.money import MILLION, half_away
from scoring.domain.weighing import Weighing


def capital_charge(
    account: Account, month: date, weighing: Weighing, basis: int, capital: Capital
) -> Iterator[Leaf]:
    """Charge what is owed; an account without a weight or without debt binds nothing."""
    weight, owed = capital.weights.of(account), max(-weighing.weighed(lambda _: 1), 0)
    if weight is None or not owed:
        return
    bound = owed * weight * capital.ratio_ppm
    divisor = weighing.divisor * MILLION**2
    yield Leaf(
        account,
        month,
        Line.CAPITAL,
        "capital_charge",
        half_away(-bound * capital.hurdle_ppm, basis * MILLION * divisor),
        f"-max({weighing.formula('owed_days', '')}, 0) x weight x ratio x hurdle / (basis x 10^18)",
        (
            *weighing.inputs("owed_days", -1, rates=()),
            Input("weight", weight, "ppm"),
            Input("ratio", capital.ratio_ppm, "ppm"),
            Input("hurdle", capital.hurdle_ppm, "ppm a year"),
            Input("basis", basis, "days"),
        ),
        CapitalUse(
            half_away(bound * MILLION, divisor), half_away(bound * MILLION, divisor * basis)
        ),
    )
