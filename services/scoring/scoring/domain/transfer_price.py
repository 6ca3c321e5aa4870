"""The transfer price of an account by its product's method, exactly, or what is missing for it.

Prices are fractions of a ppm a year and are not rounded before the leaf; the mean of a moving
average alone is rounded, to the ppm.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from scoring.domain.account import Account
from scoring.domain.leaf import Input
from scoring.domain.line import Line
from scoring.domain.money import MILLION, half_away
from scoring.domain.months import between, clamped, month_of, plus
from scoring.domain.policy import Policy
from scoring.domain.problems import LoanTermsMissing, NotComputable, RatesMissing
from scoring.domain.scheme import Scheme
from scoring.domain.transfer import (
    CoreVolatile,
    Curve,
    Lock,
    MatchedMaturity,
    MovingAverage,
    ProductPrice,
)

_PPM_YEAR = "ppm a year"


@dataclass(frozen=True, slots=True)
class Price:
    """A yearly rate in ppm, and the steps that led to it."""

    ppm: Fraction | int
    how: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class Lacks:
    """What the price needs and nobody gave."""

    problem: type[NotComputable]
    what: str


def base_price(account: Account, month: date, policy: Policy) -> Price | Lacks | None:
    """Return the price of a month by the scheme's method; None where the rates say it by day."""
    scheme = policy.scheme(month)
    method = scheme.transfer.of(account.product).method if scheme else None
    if scheme is None or method is None:
        return None
    if isinstance(method, MatchedMaturity):
        return _matched_maturity(account, month, policy, scheme, method)
    if isinstance(method, CoreVolatile):
        return _core_volatile(account, month, policy, scheme, method)
    return _moving_average(account, month, policy, scheme, method)


def adjusted(ppm: Fraction | int, product: ProductPrice, line: Line) -> Fraction | int:
    """Add what the product adds: of a deposit first the cost of the reserve, then the rest.

    FTP_eff = FTP x (1 - requirement) + requirement x reserve_rate, plus liquidity and policy.
    """
    reserve = product.reserve
    if reserve and line is not Line.LOAN:
        free = MILLION - reserve.requirement_ppm
        ppm = Fraction(ppm * free + reserve.requirement_ppm * reserve.rate_ppm) / MILLION
    return ppm + product.liquidity_ppm + product.policy_ppm


def adders(product: ProductPrice, line: Line) -> tuple[Input, ...]:
    """Tell what `adjusted` adds."""
    found = []
    reserve = product.reserve
    if reserve and line is not Line.LOAN:
        found.append(Input("reserve_requirement", reserve.requirement_ppm, "ppm"))
        found.append(Input("reserve_rate", reserve.rate_ppm, _PPM_YEAR))
    for name, added in (("liquidity", product.liquidity_ppm), ("policy", product.policy_ppm)):
        if added:
            found.append(Input(name, added, _PPM_YEAR))
    return tuple(found)


def _matched_maturity(
    account: Account, month: date, policy: Policy, scheme: Scheme, method: MatchedMaturity
) -> Price | Lacks:
    term = _term(account)
    if isinstance(term, Lacks):
        return term
    begun, days = term
    priced_in = month_of(begun) if method.lock is Lock.ORIGINATION else month
    curve = _curve(account, priced_in, policy, scheme)
    if isinstance(curve, Lacks):
        return curve
    ppm = curve.at(days)
    return Price(
        ppm,
        (
            Input("method", "matched_maturity", "scheme"),
            Input("term", days, "days"),
            Input("curve_of", f"{priced_in:%Y-%m}", "month"),
            Input("curve_rate", ppm, _PPM_YEAR),
        ),
    )


def _term(account: Account) -> tuple[date, int] | Lacks:
    """Return the day on which the account's term began, and its days."""
    if account.line is Line.LOAN:
        terms = account.loan
        if terms is None:
            return Lacks(LoanTermsMissing, "the terms of a loan")
        begun = terms.granted_on
        ends = clamped(plus(month_of(begun), terms.term_months), begun.day)
        return begun, (ends - begun).days
    if account.matures_on is None:
        return Lacks(RatesMissing, f"maturity of an account of {account.product}")
    return account.opened_on, (account.matures_on - account.opened_on).days


def _core_volatile(
    account: Account, month: date, policy: Policy, scheme: Scheme, method: CoreVolatile
) -> Price | Lacks:
    curve = _curve(account, month, policy, scheme)
    if isinstance(curve, Lacks):
        return curve
    core, volatile = curve.at(method.core_days), curve.at(method.volatile_days)
    return Price(
        Fraction(core * method.core_ppm + volatile * (MILLION - method.core_ppm), MILLION),
        (
            Input("method", "core_volatile", "scheme"),
            Input("core_share", method.core_ppm, "ppm"),
            Input("core_rate", core, _PPM_YEAR),
            Input("volatile_rate", volatile, _PPM_YEAR),
        ),
    )


def _moving_average(
    account: Account, month: date, policy: Policy, scheme: Scheme, method: MovingAverage
) -> Price | Lacks:
    total = 0
    for one in between(plus(month, 1 - method.months), month):
        curve = _curve(account, one, policy, scheme)
        if isinstance(curve, Lacks):
            return curve
        total += curve.at(method.days)
    ppm = half_away(total, method.months)
    return Price(
        ppm,
        (
            Input("method", "moving_average", "scheme"),
            Input("point", method.days, "days"),
            Input("months", method.months, "months"),
            Input("mean_rate", ppm, _PPM_YEAR),
        ),
    )


def _curve(account: Account, month: date, policy: Policy, scheme: Scheme) -> Curve | Lacks:
    """Return the curve of a month: of the scheme in force then, or of this one's past."""
    for curve in _candidates(account.currency, month, policy, scheme):
        return curve
    what = f"{account.currency} transfer curve of {month:%Y-%m} for {account.product}"
    return Lacks(RatesMissing, what)


def _candidates(currency: str, month: date, policy: Policy, scheme: Scheme) -> Iterator[Curve]:
    then = policy.scheme(month)
    if then is not None and currency in then.transfer.curves:
        yield then.transfer.curves[currency]
    elif then is None:
        known = [past for past in scheme.transfer.past if past.effective_from <= month]
        if known and currency in known[-1].curves:
            yield known[-1].curves[currency]


def exact(ppm: Fraction | int) -> int | str:
    """Write a rate in ppm in full; its denominators divide a power of ten."""
    if ppm.denominator == 1:
        return int(ppm)
    scaled = ppm * MILLION * MILLION
    size = str(abs(int(scaled))).rjust(13, "0")
    sign = "-" if ppm < 0 else ""
    return f"{sign}{size[:-12]}.{size[-12:].rstrip('0')}"
