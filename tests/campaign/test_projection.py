"""What events of other services become here: any order, any repetition, the same prospects."""

import asyncio
from datetime import date, timedelta
from random import Random

import pytest
from campaign.inbox import HANDLERS

pytestmark = pytest.mark.anyio
ALL = "select * from prospect order by customer_id"


async def test_a_customer_and_all_that_is_known_becomes_one_row(bank, rows, of):
    await bank.tell(
        bank.customer("1"),
        bank.account("a", ("1", "owner")),
        bank.account("b", ("1", "joint"), product="card", line="e_banking"),
        bank.account("c", ("1", "authorised"), product="loan", line="loan"),
        bank.consent("1", "counter"),
        bank.consent("1", "phone", given=False),
        bank.tier("1", "gold", 5),
        bank.contribution("1", 123_456_789_012),
    )
    [row] = await rows(ALL)
    assert row == {
        "customer_id": row["customer_id"], "institution": "A", "number": "1",
        "customer_version": 1,
        "kind": "individual", "born_on": date(1980, 5, 17), "branch_code": "B1",
        "manager_number": "M1", "since": date(2001, 1, 1), "tier_version": 1, "tier_code": "gold",
        "tier_rank": 5, "contribution_version": 1, "contribution_minor": 123_456_789_012,
        "currency": "CZK", "window_months": 12, "through": "2026-02-28",
        "products": ["card", "saver"], "lines": ["deposit", "e_banking"],
        "consents": ["marketing/counter"],
    }  # fmt: skip
    assert str(row["customer_id"]) == of("1")


async def test_events_in_any_order_give_the_same_prospects(bank, rows, of, cluster):
    told = [
        *[bank.customer(n, version=v, branch_code=f"B{v}") for n in "123" for v in (1, 2)],
        bank.account("a", ("1", "owner"), version=1),
        bank.account("a", ("2", "owner"), ("3", "joint"), version=2),
        bank.account("a", ("2", "owner"), version=3),
        bank.account("b", ("1", "owner"), product="card", line="e_banking"),
        bank.account("b", ("1", "owner"), product="card", version=2, closed="2026-01-01"),
        bank.account("c", ("3", "owner"), product="fx", line="international"),
        bank.account("c", version=2, product="fx", line="international"),
        *[bank.consent(n, version=v, given=v != 2) for n in "12" for v in (1, 2)],
        bank.consent("2", version=3),
    ]
    scored = [
        *[bank.tier(n, f"t{v}", v, version=v) for n in "12" for v in (1, 2, 3)],
        *[bank.contribution(n, 100 * v, version=v) for n in "13" for v in (1, 2)],
    ]
    await bank.tell_all(told)
    await bank.tell_all(scored)
    expected = await rows(ALL)
    found = {
        str(row["customer_id"]): (
            row["products"], row["consents"], row["tier_code"], row["contribution_minor"],
        )
        for row in expected
    }  # fmt: skip
    assert found == {
        of("1"): ([], [], "t3", 200),
        of("2"): (["saver"], ["marketing/counter"], "t3", None),
        of("3"): ([], [], None, 200),
    }
    for seed in range(6):
        forget(bank, cluster)
        shuffled = [*told, *scored]
        Random(seed).shuffle(shuffled)
        await bank.tell(*shuffled)
        assert await rows(ALL) == expected


def forget(bank, cluster):
    told = "prospect, prospect_account, prospect_holder, prospect_consent, tier, inbox"
    cluster.sql(f"truncate {told}", bank.db.engine.url.database)


async def test_an_account_without_holders_yet_belongs_to_nobody_and_keeps_its_version(bank, rows):
    await bank.tell(bank.account("a", version=2), bank.account("a", ("1", "owner"), version=1))
    assert await rows(ALL) == []
    await bank.tell(bank.account("a", ("1", "owner"), version=3))
    [row] = await rows(ALL)
    assert (row["products"], row["customer_version"]) == (["saver"], 0)


async def test_a_closed_account_is_not_held_unless_another_of_the_product_is_open(bank, rows):
    await bank.tell(
        bank.account("a", ("1", "owner")),
        bank.account("b", ("1", "owner")),
        bank.account("a", ("1", "owner"), version=2, closed="2026-01-01"),
    )
    assert [row["products"] for row in await rows(ALL)] == [["saver"]]
    await bank.tell(bank.account("b", ("1", "owner"), version=2, closed="2026-01-01"))
    assert [(row["products"], row["lines"]) for row in await rows(ALL)] == [([], [])]


async def test_the_ladder_keeps_the_newest_rank_of_a_tier(bank, rows):
    later = bank.event("x", "x", 1).at + timedelta(days=1)
    await bank.tell(bank.tier("1", "gold", 5, at=later), bank.tier("2", "gold", 4))
    assert [(row["code"], row["rank"]) for row in await rows("select * from tier")] == [("gold", 5)]


async def test_a_batch_costs_the_same_statements_however_large(bank, statements):
    async def cost(numbers) -> int:
        statements.clear()
        await bank.tell_all([bank.consent(str(n)) for n in numbers])
        return len(statements)

    await bank.tell(bank.customer("0"))
    assert await cost(range(1)) == await cost(range(1, 201)) < 20


def test_every_event_that_the_service_needs_has_a_handler():
    assert {kind for handlers in HANDLERS.values() for kind in handlers} == {
        "customer.institution.recorded", "customer.product.recorded", "customer.branch.recorded",
        "customer.customer.recorded", "customer.account.recorded", "customer.consent.changed",
        "scoring.tier.changed", "scoring.contribution.changed",
    }  # fmt: skip


async def test_two_feeds_at_once_on_the_same_customers_never_block_each_other_for_good(bank, rows):
    numbers = [str(n) for n in range(60)]
    told = [bank.customer(n) for n in numbers]
    told += [bank.consent(n) for n in reversed(numbers)]
    scored = [bank.tier(n, "gold", 5) for n in reversed(numbers)]
    scored += [bank.contribution(n, 7) for n in numbers]
    await asyncio.gather(bank.tell_all(told), bank.tell_all(scored))
    found = await rows(
        "select count(*) as n from prospect where customer_version = 1 and tier_rank = 5 "
        "and contribution_minor = 7 and consents = '{marketing/counter}'"
    )
    assert found == [{"n": 60}]
