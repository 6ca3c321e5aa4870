"""A scheme's document is read whole or refused by the path of what is wrong."""

from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest
import yaml
from scoring.domain.line import Line
from scoring.domain.loan import Grade
from scoring.domain.posting import Channel, Kind
from scoring.domain.reading import Unreadable
from scoring.domain.scheme import LossRates, in_force
from scoring.domain.scheme_document import scheme_of
from scoring.domain.tax import Base
from scoring.domain.transfer import Lock, MatchedMaturity

ROOT = Path(__file__).parents[2]
SCHEMES = [
    ROOT / "services/scoring/schemes/example.yaml",
    ROOT / "services/scoring/schemes/complete.yaml",
    ROOT / "deploy/local/sheaf/extract/berka/scheme.yaml",
]


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.name)
def test_the_schemes_we_ship_can_be_read(path):
    assert scheme_of(yaml.safe_load(path.read_text())).version == 1


def test_the_complete_example_says_what_its_comments_say():
    scheme = scheme_of(yaml.safe_load(SCHEMES[1].read_text()))
    assert [scheme.basis(date(2024, 2, 1), one) for one in ("CNY", "GBP")] == [360, 365]
    assert scheme.transfer.curves["CNY"].at(92) == 17_000
    assert scheme.transfer.of("time_1y").method == MatchedMaturity(Lock.ORIGINATION)
    assert scheme.cost_to_serve.balance_ppm["farm_loan"] == 8_000
    assert scheme.tax.entry(Base.INTEREST, Line.LOAN, "farm_loan")[1].ppm == 0
    assert scheme.tax.entry(Base.INTEREST, Line.LOAN, "mortgage")[1].ppm == 60_000
    assert scheme.capital.weights.grades[Grade.LOSS] == 1_500_000
    assert scheme.points.per_10000["time_1y"] == 135
    assert [one.weight_ppm for one in scheme.index.measures] == [285_714, 571_429, 142_857]


def test_the_example_says_what_its_comments_say(example_scheme):
    scheme = scheme_of(example_scheme)
    assert scheme.basis(date(2024, 2, 1)) == 360
    assert scheme.expected_loss[Grade.DOUBTFUL] == LossRates(600_000, 450_000)
    assert scheme.fees[0].line is Line.INTERMEDIARY
    assert scheme.e_banking.channel_cost_minor[Channel.MOBILE] == 40
    assert scheme.international_ppm[Kind.TRADE_FINANCE] == 1_500
    assert [step.rank for step in scheme.ladder.steps] == [1, 2, 3, 4, 5]


WRONG = [
    (["reconciliation"], {}, "reconciliation: needs tolerance_minor, tolerance_ppm or both"),
    (["reconciliation"], {"tolerance_ppm": -1}, "reconciliation.tolerance_ppm: must be from 0 to 1000000"),
    (["reconciliation"], {"tolerance_minor": 1, "limit": 2}, "reconciliation.limit: is not a field here"),
    (["currency"], "yuan", "currency: must be a text of 1 to 3 characters"),
    (["currency"], "cny", "currency: must be three capital letters (ISO 4217)"),
    (["effective_from"], "2024-01-02", "effective_from: must be the first day of a month"),
    (["effective_from"], "soon", "effective_from: must be a date like 2024-01-01"),
    (["effective_from"], None, "effective_from: is missing"),
    (["version"], "1", "version: must be a whole number"),
    (["version"], True, "version: must be a whole number"),
    (["day_count_basis"], 364, "day_count_basis: must be 360, 365 or actual"),
    (["colour"], "red", "colour: is not a field here"),
    (["name"], "a\x00b", "name: must have printable characters only"),
    (["fees"], {}, "fees: must be a list"),
    (["fees", 2, "share_ppm"], 1_000_001, "fees.2.share_ppm: must be from 0 to 1000000"),
    (["fees", 0, "kind"], None, "fees.0.kind: is missing"),
    (["fees", 0, "kind"], "adjustment", "fees.0.kind: adjustment is never priced"),
    (["fees", 1, "channel"], "pos", "fees.1.channel: is not a field here"),
    (["fees", 0, "purpose"], None, "fees.1: fees.0 takes all it could fit"),
    (["fees", 3, "line"], "cost_to_serve", "fees.3.line: income cannot go to cost_to_serve"),
    (["unit_income", 1, "ppm_of_amount"], None, "unit_income.1: needs per_item_minor, ppm_of_amount or both"),
    (["unit_income", 1, "kind"], None, "unit_income.1: needs at least one of kind, purpose, channel"),
    (["unit_income", 1, "kind"], "gift", "unit_income.1.kind: must be one of cash_deposit, "),
    (["expected_loss", "loss"], None, "expected_loss.loss: is missing"),
    (["expected_loss", "loss", "pd_ppm"], -1, "expected_loss.loss.pd_ppm: must be from 0 to 1000000"),
    (["expected_loss", "fine"], {}, "expected_loss.fine: is not a field here"),
    (["e_banking", "channels", "pos"], 1, "e_banking.channels.pos: must be one of online, "),
    (["e_banking", "channels", "fax"], 1, "e_banking.channels.fax: must be one of counter, "),
    (["international", "gift"], 1, "international.gift: must be one of cash_deposit, "),
    (["international", "adjustment"], 1, "international.adjustment: adjustment is never priced"),
    (["cost_to_serve", "account_month_minor"], 1.5, "cost_to_serve.account_month_minor: must be a whole number"),
    (["tiers", "window_months"], 0, "tiers.window_months: must be from 1 to 24"),
    (["tiers", "ladder"], [], "tiers.ladder: needs at least one step"),
    (["tiers", "ladder", 2, "at_least_minor"], 5_000, "tiers.ladder.2.at_least_minor: must be more than 5000"),
    (["tiers", "ladder", 4, "code"], "GOLD", "tiers.ladder: every step needs a code of its own"),
    (["tiers", "ladder", 1], "gold", "tiers.ladder.1: must be a mapping"),
]  # fmt: skip


STEPS = [
    {"code": "A", "name": "A", "share_ppm": 900_000},
    {"code": "B", "name": "B", "share_ppm": 100_000},
]
QUARTERLY = {
    "window_months": 3,
    "schedule": "quarterly",
    "ladder": [{"code": "A", "name": "A", "at_least_minor": 0}],
}
BY_RANK = QUARTERLY | {"by": "rank", "ladder": STEPS}
POINTS = QUARTERLY | {
    "metric": "points",
    "ladder": [{"code": "A", "name": "A", "at_least_points": 0}],
}
BALANCE = QUARTERLY | {"metric": "average_balance"}
BY_INDEX = QUARTERLY | {
    "by": "index",
    "ladder": [{"code": "A", "name": "A", "at_least_index_ppm": 0}],
}
WRONG += [
    (["tiers"], QUARTERLY | {"schedule": "weekly"}, "tiers.schedule: must be one of live, monthly, quarterly, half_yearly, or a list"),
    (["tiers"], QUARTERLY | {"schedule": []}, "tiers.schedule: needs at least one day"),
    (["tiers"], QUARTERLY | {"schedule": ["06-30", "12-30"]}, "tiers.schedule.1: must be the last day of a month"),
    (["tiers"], QUARTERLY | {"schedule": ["midsummer"]}, "tiers.schedule.0: must be a day like '06-30'"),
    (["tiers"], QUARTERLY | {"metric": "smiles"}, "tiers.metric: must be one of contribution, average_balance, points, index"),
    (["tiers"], QUARTERLY | {"view": "rosy"}, "tiers.view: must be one of gross, net, economic"),
    (["tiers"], BALANCE | {"view": "net"}, "tiers.view: is not a field here"),
    (["tiers"], QUARTERLY | {"lines": ["deposit"]}, "tiers.lines: is not a field here"),
    (["tiers"], BALANCE | {"lines": []}, "tiers.lines: must be a list of lines"),
    (["tiers"], BALANCE | {"lines": ["deposit", "loan"]}, "tiers.lines.1: must be one of deposit, settlement, "),
    (["tiers"], BALANCE | {"month_days": 27}, "tiers.month_days: must be from 28 to 31"),
    (["tiers", "moves"], {"below": 1}, "tiers.moves: a live ladder follows its measure; give it days"),
    (["tiers"], QUARTERLY | {"moves": {"below": 4, "of": 3}}, "tiers.moves.below: must be at most 3, the value of 'of'"),
    (["tiers"], QUARTERLY | {"moves": {"up": "soon"}}, "tiers.moves.up: must be one of at_once, scheduled"),
    (["tiers"], QUARTERLY | {"moves": {"watch": -1}}, "tiers.moves.watch: must be from 0 to 24"),
    (["tiers"], QUARTERLY | {"moves": {"luck": 1}}, "tiers.moves.luck: is not a field here"),
    (["tiers"], QUARTERLY | {"by": "name"}, "tiers.by: must be one of amount, rank, index"),
    (["tiers"], BY_RANK | {"schedule": None}, "tiers.schedule: a ladder by rank needs its days"),
    (["tiers"], BY_RANK | {"moves": {"up": "at_once"}}, "tiers.moves.up: a ladder by rank moves on its days only"),
    (["tiers"], BY_RANK | {"ladder": STEPS[:1]}, "tiers.ladder: shares come to 900000, not to 1000000"),
    (["tiers"], BY_RANK | {"ladder": []}, "tiers.ladder: needs at least one step"),
    (["tiers"], BY_RANK | {"ladder": QUARTERLY["ladder"]}, "tiers.ladder.0.share_ppm: is missing"),
    (["tiers", "ladder", 2, "down_below_minor"], 30_001, "tiers.ladder.2.down_below_minor: must be at most 30000, "),
    (["tiers"], QUARTERLY | {"metric": "points"}, "tiers.ladder.0.at_least_points: is missing"),
    (["tiers"], POINTS, "tiers.metric: the scheme gives no points"),
    (["tiers"], BY_INDEX, "tiers.by: the scheme has no index"),
    (["tiers"], BY_INDEX | {"metric": "points"}, "tiers.metric: must be index, or left out, where steps are by index"),
    (["tiers"], QUARTERLY | {"metric": "index"}, "tiers.metric: the index is no amount: give by: index, or by: rank"),
    (["tiers"], BY_INDEX | {"ladder": QUARTERLY["ladder"]}, "tiers.ladder.0.at_least_index_ppm: is missing"),
    (["tiers"], BY_INDEX | {"ladder": [{"code": "A", "name": "A", "at_least_index_ppm": 1_000_001}]}, "tiers.ladder.0.at_least_index_ppm: must be from 0 to 1000000"),
    (["tiers", "ladder", 2, "entitlements"], "lounge", "tiers.ladder.2.entitlements: must be a list of texts"),
    (["tiers", "ladder", 2, "entitlements"], ["lounge", 7], "tiers.ladder.2.entitlements.1: must be a text"),
]  # fmt: skip


def test_an_index_that_compares_with_all_gives_no_tiers(example_scheme):
    measures = {"profit": {"of": "gross", "normalise": "percentile"}}
    index = {"weights": {"profit": 1_000_000}, "measures": measures}
    with pytest.raises(Unreadable) as refused:
        scheme_of(example_scheme | {"tiers": BY_INDEX, "index": index})
    assert str(refused.value) == (
        "index.measures.profit.normalise: compares with all customers, and tiers rest on the index: "
        "use cap_floor or log"
    )


@pytest.mark.parametrize(("path", "value", "message"), WRONG, ids=lambda v: str(v)[:40])
def test_what_is_wrong_is_named_by_its_path(example_scheme, path, value, message):
    document = deepcopy(example_scheme)
    inside = document
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    with pytest.raises(Unreadable) as refused:
        scheme_of(document)
    assert str(refused.value).startswith(message)


def test_a_document_that_is_no_mapping_is_refused():
    with pytest.raises(Unreadable, match="must be a mapping"):
        scheme_of(["name"])


def test_the_latest_scheme_that_is_effective_by_then_prices_a_month(example_scheme):
    first = scheme_of(example_scheme)
    second = scheme_of(example_scheme | {"version": 2, "effective_from": date(2024, 3, 1)})
    found = [in_force([second, first], date(2024, month, 1)) for month in (1, 2, 3, 4)]
    assert found == [first, first, second, second]
    assert in_force([second, first], date(2023, 12, 1)) is None


def test_everything_that_is_wrong_is_named_at_once_and_nothing_twice(example_scheme):
    document = deepcopy(example_scheme)
    del document["name"]
    document["currency"] = "yuan"
    document["expected_loss"]["normal"] = {"pd_ppm": -1, "lgd_ppm": 2_000_000}
    document["fees"][1]["kind"] = "gift"
    document["fees"][2]["share_ppm"] = "all"
    document["unit_income"] = None
    document["international"] = {"gift": 1, "fx_sale": -1}
    document["tiers"]["ladder"][3] = {"code": "", "rank": 1}
    document["colour"] = "red"
    with pytest.raises(Unreadable) as refused:
        scheme_of(document)
    assert [(one.path, one.reason.split(" of ")[0][:28]) for one in refused.value.findings] == [
        ("name", "is missing"),
        ("currency", "must be a text"),
        ("expected_loss.normal.pd_ppm", "must be from 0 to 1000000"),
        ("expected_loss.normal.lgd_ppm", "must be from 0 to 1000000"),
        ("fees.1.kind", "must be one"),
        ("fees.2.share_ppm", "must be a whole number"),
        ("unit_income", "is missing"),
        ("international.gift", "must be one"),
        ("international.fx_sale", "must be from 0 to 1000000"),
        ("tiers.ladder.3.code", "must be a text"),
        ("tiers.ladder.3.name", "is missing"),
        ("tiers.ladder.3.at_least_minor", "is missing"),
        ("tiers.ladder.3.rank", "is not a field here"),
        ("colour", "is not a field here"),
    ]
    assert str(refused.value).startswith("name: is missing; currency: must be")


def test_a_section_that_is_missing_is_said_once_and_not_again_for_each_of_its_fields(
    example_scheme,
):
    with pytest.raises(Unreadable) as refused:
        scheme_of(example_scheme | {"e_banking": None, "tiers": 3})
    assert str(refused.value) == "e_banking: is missing; tiers: must be a mapping"


def test_each_step_out_of_order_and_each_entry_out_of_reach_is_named(example_scheme):
    document = deepcopy(example_scheme)
    for step in document["tiers"]["ladder"][2:4]:
        step["at_least_minor"] = 0
    document["fees"].insert(0, {"kind": "fee", "line": "settlement", "share_ppm": 1})
    with pytest.raises(Unreadable) as refused:
        scheme_of(document)
    assert [one.path for one in refused.value.findings] == [
        "fees.1", "fees.2", "fees.3", "fees.4",
        "tiers.ladder.2.at_least_minor", "tiers.ladder.3.at_least_minor",
    ]  # fmt: skip


def test_a_document_of_nothing_but_faults_is_answered_with_the_first_fifty(example_scheme):
    with pytest.raises(Unreadable) as refused:
        scheme_of(example_scheme | {f"f{number}": 1 for number in range(99)})
    assert len(refused.value.findings) == 50
