"""The JSON Schema of a scheme's document, for editors and other programs.

It says what one value alone can say: names, types, bounds, words. What the reader checks between
values (order, sums, reach, judgements) it does not know, so it is wider than the reader, never
narrower. `python -m scoring scheme-schema` prints it; a test holds it against the reader.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from scoring.domain.ahp import MOST_MEASURES
from scoring.domain.capital_document import HEAVIEST
from scoring.domain.index import Normalise, Source
from scoring.domain.ladder import BALANCE_LINES, Metric, Up
from scoring.domain.ladder_document import SCHEDULES, By
from scoring.domain.line import NO_INCOME, Line, View
from scoring.domain.loan import Grade
from scoring.domain.money import MILLION
from scoring.domain.posting import NO_SERVICE, Channel, Kind
from scoring.domain.scheme import JointHolders
from scoring.domain.scheme_document import BASES, E_CHANNELS, MONEY
from scoring.domain.tax import Base, OnLoss
from scoring.domain.tolerance_document import MOST_TOLERATED
from scoring.domain.transfer import Lock
from scoring.domain.transfer_document import LONGEST_AVERAGE, LONGEST_DAYS, MethodName

Schema = dict[str, Any]
NAME: Final = "https://json-schema.org/draft/2020-12/schema"
_MOST_EVALUATIONS = 24


def whole(least: int, most: int) -> Schema:
    """Return the schema of an integer between bounds."""
    return {"type": "integer", "minimum": least, "maximum": most}


def text(most: int = 100) -> Schema:
    """Return the schema of a text that is not empty; spaces around it do not count."""
    return {"type": "string", "pattern": rf"^\s*\S(.{{0,{most - 2}}}\S)?\s*$"}


def words(known: Iterable[StrEnum | str]) -> Schema:
    """Return the schema of a word from a fixed list."""
    return {"enum": [str(one) for one in known]}


def mapping(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of a mapping with these fields alone; an optional one may be null."""
    others = {name: {"anyOf": [one, {"type": "null"}]} for name, one in (optional or {}).items()}
    return {
        "type": "object",
        "properties": {**required, **others},
        "required": list(required),
        "additionalProperties": False,
    }


def by_code(value: Schema) -> Schema:
    """Return the schema of a mapping by the bank's own codes."""
    return {"type": "object", "additionalProperties": value}


def by_word(known: Iterable[StrEnum], value: Schema) -> Schema:
    """Return the schema of a mapping by words from a fixed list."""
    return {"type": "object", "propertyNames": words(known), "additionalProperties": value}


def each(item: Schema, least: int = 0) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": item, "minItems": least}


def some_of(names: Iterable[str]) -> list[Schema]:
    """Return that at least one of the fields is there, and not null."""
    return [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in names]


PPM = whole(0, MILLION)
SIGNED_PPM = whole(-MILLION, MILLION)
AMOUNT = whole(0, MONEY)
MONTH: Schema = {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-01$"}
SERVED = [kind for kind in Kind if kind not in NO_SERVICE]
BUSINESS = [line for line in Line if line not in NO_INCOME]
CONDITION = {"kind": words(SERVED), "purpose": text(), "channel": words(Channel)}
_BASIS: Schema = {"enum": [*BASES, *(days for days in BASES.values() if days)]}


def conditional(required: Mapping[str, Schema], optional: Mapping[str, Schema]) -> Schema:
    """Return the schema of an entry that fits postings by at least one condition."""
    return {**mapping(required, {**CONDITION, **optional}), "anyOf": some_of(CONDITION)}


def _fees() -> Schema:
    fields = {"kind": words(SERVED), "line": words(BUSINESS), "share_ppm": PPM}
    return each(mapping(fields, {"purpose": text()}))


def _unit_income() -> Schema:
    prices = {"per_item_minor": AMOUNT, "ppm_of_amount": PPM}
    entry = conditional({"line": words(BUSINESS)}, prices)
    return each({**entry, "allOf": [{"anyOf": some_of(prices)}]})


def _costs() -> Schema:
    return mapping(
        {"channels": by_word(Channel, AMOUNT), "account_month_minor": AMOUNT},
        {"acts": each(conditional({"minor": AMOUNT}, {})), "balance_ppm": by_code(PPM)},
    )


def _transfer() -> Schema:
    days = whole(1, LONGEST_DAYS)
    curves = by_code(each(mapping({"ppm": SIGNED_PPM}, {"up_to_days": days}), 1))
    adders = {
        "liquidity_ppm": SIGNED_PPM,
        "policy_ppm": SIGNED_PPM,
        "reserve": mapping({"requirement_ppm": PPM, "rate_ppm": SIGNED_PPM}),
    }
    own = {
        MethodName.MATCHED_MATURITY: {"lock": words(Lock)},
        MethodName.CORE_VOLATILE: {"core_ppm": PPM, "core_days": days, "volatile_days": days},
        MethodName.MOVING_AVERAGE: {"days": days, "months": whole(1, LONGEST_AVERAGE)},
    }
    methods = [
        mapping({"method": words([method]), **fields}, adders) for method, fields in own.items()
    ]
    rates = mapping({}, {"method": words([MethodName.RATES]), **adders})
    return mapping(
        {},
        {
            "curves": curves,
            "past": each(mapping({"effective_from": MONTH, "curves": curves})),
            "products": by_code({"anyOf": [rates, *methods]}),
        },
    )


def _tax() -> Schema:
    entry = mapping({"base": words(Base), "ppm": PPM}, {"line": words(Line), "product": text()})
    fields = {"turnover": each(entry), "income_ppm": PPM, "on_loss": words(OnLoss)}
    return mapping({}, fields)


def _capital() -> Schema:
    weight = whole(0, HEAVIEST)
    fields = {
        "grades": by_word(Grade, weight),
        "products": by_code(weight),
        "lines": by_word(BUSINESS, weight),
    }
    return mapping({"ratio_ppm": PPM, "hurdle_ppm": PPM, "weights": mapping({}, fields)})


def _points() -> Schema:
    points = whole(-MILLION, MILLION)
    return mapping(
        {},
        {
            "per_10000": by_code(points),
            "acts": each(conditional({"points": points}, {})),
            "pay_per_point_minor": AMOUNT,
        },
    )


def _index() -> Schema:
    money = whole(-MONEY, MONEY)
    measure = mapping(
        {"of": words(Source), "normalise": words(Normalise)},
        {"floor_minor": money, "cap_minor": money},
    )
    judgement = {"anyOf": [whole(1, 9), {"type": "string", "pattern": "^1/[1-9]$"}]}
    ahp = mapping(
        {
            "measures": {**each({}), "maxItems": MOST_MEASURES},
            "matrix": each(each(judgement)),
        }
    )
    return mapping({"measures": by_code(measure)}, {"weights": by_code(PPM), "ahp": ahp})


def _tiers() -> Schema:
    """Say what a ladder holds; a rule pack that is named gives what is left out."""
    money = whole(-MONEY, MONEY)
    named = {"code": text(40), "name": text()}
    rights = {"entitlements": each(text())}
    step = {
        "anyOf": [
            mapping({**named, "at_least_minor": money}, {"down_below_minor": money, **rights}),
            mapping({**named, "at_least_points": money}, {"down_below_points": money, **rights}),
            mapping({**named, "at_least_index_ppm": PPM}, {"down_below_index_ppm": PPM, **rights}),
            mapping({**named, "share_ppm": whole(1, MILLION)}, rights),
        ]
    }
    day = {"type": "string", "pattern": "^[0-9]{2}-[0-9]{2}$"}
    counts = {
        "below": whole(1, _MOST_EVALUATIONS),
        "of": whole(1, _MOST_EVALUATIONS),
        "watch": whole(0, _MOST_EVALUATIONS),
        "best_of": whole(1, _MOST_EVALUATIONS),
        "grace_months": whole(0, _MOST_EVALUATIONS),
    }
    needed = {"window_months": whole(1, 24), "ladder": each(step, 1)}
    found = mapping(
        {},
        {
            **needed,
            "pack": text(40),
            "by": words(By),
            "schedule": {"anyOf": [words(SCHEDULES), each(day, 1)]},
            "metric": words(Metric),
            "view": words(View),
            "lines": each(words(BALANCE_LINES), 1),
            "month_days": whole(28, 31),
            "moves": mapping({}, {"up": words(Up), **counts}),
        },
    )
    spelled = {"required": list(needed), "properties": needed}
    return {**found, "anyOf": [*some_of(["pack"]), spelled]}


def _reconciliation() -> Schema:
    fields = {"tolerance_minor": whole(0, MOST_TOLERATED), "tolerance_ppm": PPM}
    return {**mapping({}, fields), "anyOf": some_of(fields)}


def scheme_schema() -> Schema:
    """Return the schema of a whole document."""
    required = {
        "name": text(),
        "version": whole(1, MILLION),
        "effective_from": MONTH,
        "currency": {"type": "string", "pattern": r"^\s*[A-Z]{3}\s*$"},
        "day_count_basis": {"anyOf": [_BASIS, {**by_code(_BASIS), "required": ["default"]}]},
        "expected_loss": mapping(
            {str(grade): mapping({"pd_ppm": PPM, "lgd_ppm": PPM}) for grade in Grade}
        ),
        "fees": _fees(),
        "unit_income": _unit_income(),
        "e_banking": mapping(
            {
                "counter_cost_minor": AMOUNT,
                "credit_share_ppm": PPM,
                "channels": by_word(E_CHANNELS, AMOUNT),
            }
        ),
        "international": by_word(SERVED, PPM),
        "cost_to_serve": _costs(),
        "tiers": _tiers(),
    }
    optional = {
        "products": by_code(mapping({"customer_ppm": SIGNED_PPM})),
        "transfer": _transfer(),
        "tax": _tax(),
        "capital": _capital(),
        "points": _points(),
        "index": _index(),
        "joint_holders": words(JointHolders),
        "reconciliation": _reconciliation(),
    }
    return {
        "$schema": NAME,
        "title": "Contribution scheme",
        "description": "docs/contribution-scheme.md says what each field means.",
        **mapping(required, optional),
    }
