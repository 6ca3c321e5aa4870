"""Schemes that name a rule pack, from the document to what a client sees."""

from datetime import UTC, datetime

import pytest

pytestmark = pytest.mark.anyio
JULY = datetime(2024, 7, 20, 12, tzinfo=UTC)
TIER = (
    "tier { code status watchSince phases { status since value { amount } threshold { amount } } }"
)


@pytest.fixture
async def watching(bank, example_scheme):
    """A bank with the watch rule since January; its business date is in July."""
    bank.now = JULY
    answer = await bank.ingest("scheme", example_scheme | {"tiers": {"pack": "ccb_watch"}})
    assert answer["accepted"] == 1
    await bank.rates("deposit_product", 0, 36_000)
    await bank.learn(bank.institution_news("2024-07-15"), bank.customer_news("c"))
    await bank.learn(bank.account_news("d", "c"))
    return bank


async def test_a_pack_is_spelled_out_when_the_scheme_is_taken_in(watching):
    [row] = await watching.sql("select document -> 'tiers' as tiers from scheme")
    assert (row.tiers["pack"], row.tiers["schedule"]) == ("ccb_watch", "monthly")
    assert row.tiers["moves"]["watch"] == 3


async def test_a_pack_that_is_not_there_is_refused_with_its_place(bank, example_scheme):
    answer = await bank.ingest("scheme", example_scheme | {"tiers": {"pack": "gold_rush"}})
    [rejected] = answer["rejected"]
    assert (rejected["code"], rejected["reason"][:30]) == (
        "INVALID", "tiers.pack: must be one of ccb",
    )  # fmt: skip


async def test_the_watch_of_a_pack_comes_and_goes_with_late_postings(watching):
    """300,000 in January, nothing from February on: watched since May; a late deposit lifts it."""
    opened = [watching.posting("d", 30_000_000, "2024-01-01")]
    await watching.post(*opened, watching.posting("d", -30_000_000, "2024-02-01"))
    await watching.settle()
    tier = (await watching.of_customer("c", TIER))["tier"]
    assert (tier["code"], tier["status"], tier["watchSince"]) == ("PLATINUM", "WATCH", "2024-05-01")
    assert tier["phases"] == [
        {"status": "HELD", "since": "2024-01-01", "value": {"amount": "310000.00"},
         "threshold": {"amount": "200000.00"}},
        {"status": "WATCH", "since": "2024-05-01", "value": {"amount": "0.00"},
         "threshold": {"amount": "200000.00"}},
    ]  # fmt: skip
    await watching.post(watching.posting("d", 20_000_000, "2024-04-01"))
    await watching.settle()
    tier = (await watching.of_customer("c", TIER))["tier"]
    assert (tier["code"], tier["status"], tier["watchSince"]) == ("PLATINUM", "HELD", None)


POINTS = {"points": {"per_10000": {"deposit_product": 135}}, "tiers": {"pack": "icbc_points"}}


async def test_points_give_stars(bank, example_scheme):
    bank.now = JULY
    await bank.ingest("scheme", example_scheme | POINTS)
    await bank.rates("deposit_product", 0, 36_000)
    await bank.learn(bank.institution_news("2024-07-02"), bank.customer_news("c"))
    await bank.learn(bank.account_news("d", "c"))
    # 150,000 yuan from April on: 2,025 points a month; (0 + 0 + 0 + 3 x 2,025) / 6 = 1,012.5
    await bank.post(bank.posting("d", 15_000_000, "2024-04-01"))
    await bank.settle()
    fields = """tierHistory { code since reason { points pointsNeeded value { amount } measuredIn } }
      tier { phases { value { amount } threshold { amount } } }"""
    found = await bank.of_customer("c", fields)
    assert found["tierHistory"] == [
        {"code": "TWO_STAR", "since": "2024-01-01",
         "reason": {"points": 0, "pointsNeeded": 0, "value": None, "measuredIn": "2024-01"}},
        {"code": "FOUR_STAR", "since": "2024-07-01",
         "reason": {"points": 1013, "pointsNeeded": 500, "value": None, "measuredIn": "2024-06"}},
    ]  # fmt: skip
    assert found["tier"]["phases"] == [{"value": None, "threshold": None}]
    ladder = await bank.data("{ tiers { code atLeast { amount } pointsNeeded customers } }")
    assert ladder["tiers"][2] == {
        "code": "FOUR_STAR", "atLeast": None, "pointsNeeded": 500, "customers": 1,
    }  # fmt: skip
    [row] = await bank.sql(
        "select data from outbox where type = 'scoring.tier.changed' order by seq desc limit 1"
    )
    assert row.data["reason"] == {
        "rule": "points of 6 months", "move": "up", "scheme_version": 1, "value_minor": None,
        "threshold_minor": None, "points": 1013, "points_needed": 500,
    }  # fmt: skip


async def test_a_joint_holder_is_ranked_where_the_scheme_shares_accounts(bank, example_scheme):
    tiers = {
        "by": "rank", "window_months": 1, "schedule": "monthly",
        "ladder": [
            {"code": "REST", "name": "Rest", "share_ppm": 600_000},
            {"code": "BEST", "name": "Best", "share_ppm": 400_000},
        ],
    }  # fmt: skip
    await bank.ingest("scheme", example_scheme | {"tiers": tiers, "joint_holders": "equal"})
    await bank.rates("deposit_product", 0, 36_000)
    await bank.learn(bank.institution_news(), bank.customer_news("a"), bank.customer_news("b"))
    news = bank.account_news("d", "a")
    [b] = [row.id for row in await bank.sql("select id from customer where number = 'b'")]
    news.data["holders"].append({"customer_id": str(b), "role": "joint"})
    await bank.learn(news)
    await bank.post(bank.posting("d", 1_000_000, "2024-01-01"))
    await bank.settle()
    found = await bank.sql(
        "select number, month, customers from tier_place p join customer c on c.id = p.customer_id "
        "where month = date '2024-02-01' order by number"
    )
    assert [(one.number, one.customers) for one in found] == [("a", 2), ("b", 2)]
