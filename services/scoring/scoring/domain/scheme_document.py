"""Makes a scheme of its document, or says by path what is wrong with the document."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from scoring.domain.capital_document import capital_of
from scoring.domain.condition import Condition
from scoring.domain.condition_document import condition_of, reachable
from scoring.domain.index import Index
from scoring.domain.index_document import index_of
from scoring.domain.ladder_document import ladder_of
from scoring.domain.line import NO_INCOME, Line
from scoring.domain.loan import Grade
from scoring.domain.money import MILLION
from scoring.domain.points_document import points_of
from scoring.domain.posting import NO_SERVICE, Channel, Kind
from scoring.domain.reading import Fields, Findings
from scoring.domain.scheme import (
    ActCost,
    CostToServe,
    EBanking,
    FeeShare,
    JointHolders,
    LossRates,
    Scheme,
    UnitIncome,
)
from scoring.domain.tax_document import tax_of
from scoring.domain.tolerance_document import tolerance_of
from scoring.domain.transfer_document import transfer_of

MONEY: Final = 10**15
E_CHANNELS = (Channel.ONLINE, Channel.MOBILE, Channel.PHONE, Channel.SELF_SERVICE)
BASES: Final[Mapping[str, int | None]] = {"360": 360, "365": 365, "actual": None}
_CURRENCY = re.compile("[A-Z]{3}")


def scheme_of(document: object) -> Scheme:
    """Read a scheme; `Unreadable` names the path of everything that is wrong."""
    findings = Findings()
    top = Fields.at(document, "", findings)
    basis = _basis(top)
    version = top.whole("version", 1, 1_000_000)
    scheme = Scheme(
        name=top.text("name"),
        version=version,
        effective_from=_month(top),
        currency=_currency(top),
        basis_days=basis[0],
        expected_loss=_expected_loss(top.fields("expected_loss")),
        fees=reachable(top, "fees", top.each("fees", _fee)),
        unit_income=reachable(top, "unit_income", top.each("unit_income", _unit_income)),
        e_banking=_e_banking(top.fields("e_banking")),
        international_ppm=_international(top.fields("international")),
        cost_to_serve=_cost_to_serve(top.fields("cost_to_serve")),
        ladder=ladder_of(top.fields("tiers"), version),
        basis_of_currency=basis[1],
        customer_ppm=_customer_ppm(top),
        transfer=transfer_of(top),
        tax=tax_of(top),
        capital=capital_of(top),
        points=points_of(top),
        index=index_of(top),
        joint_holders=_joint_holders(top),
        tolerance=tolerance_of(top),
    )
    if scheme.measures_points and not scheme.points.per_10000 and not scheme.points.acts:
        top.wrong("tiers.metric", "the scheme gives no points")
    if scheme.measures_index:
        _standing_by_itself(top, scheme.index)
    top.close()
    findings.settle()
    return scheme


def _standing_by_itself(top: Fields, index: Index | None) -> None:
    """Note an index that no tier can rest on: a tier must not move when others' business does."""
    if index is None and not top.has("index"):
        top.wrong("tiers.by", "the scheme has no index")
    for measure in index.among_all() if index else ():
        top.wrong(
            f"index.measures.{measure.name}.normalise",
            "compares with all customers, and tiers rest on the index: use cap_floor or log",
        )


def _month(top: Fields) -> date:
    month = top.day("effective_from")
    if month.day != 1:
        top.wrong("effective_from", "must be the first day of a month")
    return month


def _currency(top: Fields) -> str:
    currency = top.text("currency", 3)
    if currency and not _CURRENCY.fullmatch(currency):
        top.wrong("currency", "must be three capital letters (ISO 4217)")
    return currency


def _basis(top: Fields) -> tuple[int | None, dict[str, int | None]]:
    """Read the basis of all currencies, and of those that have another one."""
    if not isinstance(top.value("day_count_basis"), Mapping):
        return _days(top, "day_count_basis"), {}
    by_currency = top.fields("day_count_basis")
    found = {name: _days(by_currency, name) for name in by_currency.of}
    return found.pop("default", _days(by_currency, "default")), found


def _days(entry: Fields, name: str) -> int | None:
    value = entry.value(name)
    if value is not None and str(value) not in BASES:
        entry.wrong(name, "must be 360, 365 or actual")
    return BASES.get(str(value))


def _customer_ppm(top: Fields) -> dict[str, int]:
    """Read the customer rates of products for which neither account nor rates have one."""
    if not top.has("products"):
        return {}
    products = top.fields("products")
    return products.each_code(lambda one: one.whole("customer_ppm", -MILLION, MILLION))


def _joint_holders(top: Fields) -> JointHolders:
    if not top.has("joint_holders"):
        return JointHolders.OWNER
    return top.one_of("joint_holders", JointHolders)


def _expected_loss(losses: Fields) -> dict[Grade, LossRates]:
    found = {}
    for grade in Grade:
        rates = losses.fields(grade)
        found[grade] = LossRates(
            rates.whole("pd_ppm", 0, MILLION), rates.whole("lgd_ppm", 0, MILLION)
        )
        rates.close()
    losses.close()
    return found


def _line(entry: Fields) -> Line:
    line = entry.one_of("line", Line)
    if line in NO_INCOME:
        entry.wrong("line", f"income cannot go to {line}")
    return line


def _fee(entry: Fields) -> FeeShare:
    entry.value("kind")
    return FeeShare(
        condition_of(entry, channel=False), _line(entry), entry.whole("share_ppm", 0, MILLION)
    )


def _unit_income(entry: Fields) -> UnitIncome:
    when = condition_of(entry, channel=True)
    if when == Condition():
        raise entry.refuse("needs at least one of kind, purpose, channel")
    items, amount = entry.has("per_item_minor"), entry.has("ppm_of_amount")
    if not items and not amount:
        raise entry.refuse("needs per_item_minor, ppm_of_amount or both")
    return UnitIncome(
        when,
        _line(entry),
        entry.whole("per_item_minor", 0, MONEY) if items else 0,
        entry.whole("ppm_of_amount", 0, MILLION) if amount else 0,
    )


def _e_banking(entry: Fields) -> EBanking:
    costs = entry.fields("channels")
    found = EBanking(
        entry.whole("counter_cost_minor", 0, MONEY),
        entry.whole("credit_share_ppm", 0, MILLION),
        costs.by_word(Channel, 0, MONEY),
    )
    for channel in found.channel_cost_minor:
        if channel not in E_CHANNELS:
            costs.wrong(channel, f"must be one of {', '.join(E_CHANNELS)}")
    entry.close()
    return found


def _international(entry: Fields) -> dict[Kind, int]:
    found = entry.by_word(Kind, 0, MILLION)
    for kind in NO_SERVICE & found.keys():
        entry.wrong(kind, f"{kind} is never priced")
    return found


def _cost_to_serve(entry: Fields) -> CostToServe:
    found = CostToServe(
        entry.fields("channels").by_word(Channel, 0, MONEY),
        entry.whole("account_month_minor", 0, MONEY),
        reachable(entry, "acts", entry.each("acts", _act_cost)) if entry.has("acts") else (),
        entry.fields("balance_ppm").by_code(0, MILLION) if entry.has("balance_ppm") else {},
    )
    entry.close()
    return found


def _act_cost(entry: Fields) -> ActCost:
    when = condition_of(entry, channel=True)
    if when == Condition():
        raise entry.refuse("needs at least one of kind, purpose, channel")
    return ActCost(when, entry.whole("minor", 0, MONEY))
