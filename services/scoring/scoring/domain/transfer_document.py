"""Reads the section `transfer` of a scheme: curves by currency, and each product's method."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final

from scoring.domain.money import MILLION
from scoring.domain.reading import Fields
from scoring.domain.transfer import (
    NO_TRANSFER,
    CoreVolatile,
    Curve,
    Lock,
    MatchedMaturity,
    Method,
    MovingAverage,
    PastCurves,
    Point,
    ProductPrice,
    Reserve,
    Transfer,
)

LONGEST_DAYS: Final = 36_600
LONGEST_AVERAGE: Final = 120


class MethodName(StrEnum):
    """The ways to find a transfer price."""

    RATES = "rates"
    MATCHED_MATURITY = "matched_maturity"
    CORE_VOLATILE = "core_volatile"
    MOVING_AVERAGE = "moving_average"


def transfer_of(top: Fields) -> Transfer:
    """Read the section, which may be absent."""
    if not top.has("transfer"):
        return NO_TRANSFER
    section = top.fields("transfer")
    found = Transfer(
        _curves(section) if section.has("curves") else {},
        section.each("past", _past) if section.has("past") else (),
        section.fields("products").each_code(_product) if section.has("products") else {},
    )
    if section.sound("past"):
        for number, (before, after) in enumerate(pairwise(found.past), start=1):
            if after.effective_from <= before.effective_from:
                section.wrong(
                    f"past.{number}.effective_from", f"must be after {before.effective_from}"
                )
    section.close()
    return found


def _past(entry: Fields) -> PastCurves:
    month = entry.day("effective_from")
    if month.day != 1:
        entry.wrong("effective_from", "must be the first day of a month")
    return PastCurves(month, _curves(entry))


def _curves(entry: Fields) -> dict[str, Curve]:
    by_currency = entry.fields("curves")
    found = {}
    for currency in by_currency.of:
        points = by_currency.each(currency, _point)
        if by_currency.sound(currency):
            _ascending(by_currency, currency, points)
        found[currency] = Curve(points)
    return found


def _point(entry: Fields) -> Point:
    days = entry.whole("up_to_days", 1, LONGEST_DAYS) if entry.has("up_to_days") else None
    return Point(days, entry.whole("ppm", -MILLION, MILLION))


def _ascending(by_currency: Fields, currency: str, points: Sequence[Point]) -> None:
    """Note points out of order; only the last one is open."""
    if not points:
        by_currency.wrong(currency, "needs at least one point")
        return
    reached = 0
    for number, point in enumerate(points):
        place = f"{currency}.{number}.up_to_days"
        last = number == len(points) - 1
        if point.up_to_days is None:
            if not last:
                by_currency.wrong(place, "is missing; only the last point is open")
        elif last:
            by_currency.wrong(place, "must be left out: the last point takes all longer terms")
        elif point.up_to_days <= reached:
            by_currency.wrong(place, f"must be more than {reached}, the point before")
        reached = point.up_to_days or reached


def _product(entry: Fields) -> ProductPrice:
    return ProductPrice(
        _method(entry),
        entry.whole("liquidity_ppm", -MILLION, MILLION) if entry.has("liquidity_ppm") else 0,
        entry.whole("policy_ppm", -MILLION, MILLION) if entry.has("policy_ppm") else 0,
        _reserve(entry.fields("reserve")) if entry.has("reserve") else None,
    )


def _method(entry: Fields) -> Method | None:
    name = entry.one_of("method", MethodName) if entry.has("method") else MethodName.RATES
    if name is MethodName.MATCHED_MATURITY:
        return MatchedMaturity(entry.one_of("lock", Lock))
    if name is MethodName.CORE_VOLATILE:
        return CoreVolatile(
            entry.whole("core_ppm", 0, MILLION),
            entry.whole("core_days", 1, LONGEST_DAYS),
            entry.whole("volatile_days", 1, LONGEST_DAYS),
        )
    if name is MethodName.MOVING_AVERAGE:
        return MovingAverage(
            entry.whole("days", 1, LONGEST_DAYS), entry.whole("months", 1, LONGEST_AVERAGE)
        )
    return None


def _reserve(entry: Fields) -> Reserve:
    found = Reserve(
        entry.whole("requirement_ppm", 0, MILLION), entry.whole("rate_ppm", -MILLION, MILLION)
    )
    entry.close()
    return found
