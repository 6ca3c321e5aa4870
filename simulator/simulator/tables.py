"""What belongs to the bank as a whole: its products, places, staff, rates and parameters."""

from datetime import date

import numpy as np
import pyarrow as pa

from simulator import catalogue, responses, traits
from simulator.block import Plan
from simulator.contract import SCHEMAS
from simulator.organisation import CURRENCY, INSTITUTION, NAME, TIME_ZONE, UNION
from simulator.people import SEGMENTS


def whole(plan: Plan) -> dict[str, pa.Table]:
    """Return the tables that no block makes."""
    bank, union = plan.bank, None if plan.code == INSTITUTION else UNION
    made: dict[str, list[tuple[object, ...]]] = {
        "institutions": [(plan.code, NAME, CURRENCY, TIME_ZONE, plan.as_of, union)],
        "products": [(*product, True) for product in catalogue.PRODUCTS],
        "branches": [(one.code, one.name, one.parent or None, one.kind) for one in bank.branches],
        "staff": [(one.number, one.name, one.branch, one.role) for one in bank.staff],
        "rates": [
            (rate.product, rate.kind, date.fromisoformat(rate.effective_from), rate.ppm)
            for rate in catalogue.rates(plan.when)
        ],
    }
    found = {kind: _table(rows, SCHEMAS[kind]) for kind, rows in made.items()}
    found["truth/parameters"] = _parameters(plan)
    return found


def write_scheme(plan: Plan) -> None:
    """Write the contribution scheme."""
    text = catalogue.scheme_text(plan.when.months[0])
    (plan.out / "scheme.yaml").write_text(text, encoding="utf-8")


def _table(rows: list[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [[] for _ in schema]
    arrays = [pa.array(list(column), one.type) for column, one in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema)


def _parameters(plan: Plan) -> pa.Table:
    """Tell by which numbers the bank was made: margins, segments, effects, dressed places."""
    rows: list[tuple[object, ...]] = []
    for product in catalogue.CUSTOMER_PPM:
        margin = int(catalogue.margins(plan.when, product)[-1])
        rows.append(("margin_ppm_a_year", product, float(margin)))
    for number, segment in enumerate(SEGMENTS):
        rows.append(("income_minor_a_month", segment, traits.INCOME_YUAN[number] * 100.0))
        rows.append(("acts_a_month", segment, float(traits.ACTS_A_MONTH[number])))
        rows.append(("churn_hazard_ppm_a_month", segment, float(traits.HAZARD_PPM[number])))
    rows += [
        ("response_type_share", name, share)
        for name, share in zip(responses.TYPES, responses.TYPE_SHARES, strict=True)
    ]
    rows += [
        ("response_base_logit", name, logit)
        for name, logit in zip(responses.PRODUCTS, responses.BASE, strict=True)
    ]
    rows.append(("response_effect_logit", "persuadable", responses.PERSUADED))
    rows.append(("response_effect_logit", "sleeping_dog", responses.SPOILT))
    bank = plan.bank
    for place in np.flatnonzero(bank.dressed):
        rows.append(("dresses_month_ends", bank.serving[place].code, 1.0))
    schema = pa.schema([("parameter", pa.string()), ("of", pa.string()), ("value", pa.float64())])
    return _table(rows, schema)
