"""Every fact says since when it is known, and what it replaced is kept with its time."""

import pytest
from scoring.tables import METADATA
from sqlalchemy import text

from tests.scoring.conftest import customer_id

pytestmark = pytest.mark.anyio
NEVER_CHANGED = {"posting", "superseded", "scheme_step"}
NO_FACTS = {"shadow_run"}  # the progress of the service's own work, which nobody told it
KEEPING_TIME = {t.name for t in METADATA.tables.values() if "recorded_at" in t.c}
CHANGING = KEEPING_TIME - NEVER_CHANGED - NO_FACTS


async def kept(bank, kind) -> list:
    return await bank.sql(
        "select record, recorded_at, superseded_at from superseded "
        "where institution = 'A' and kind = :kind order by superseded_at",
        kind=kind,
    )


async def one(bank, table):
    [row] = await bank.sql(f"select *, now() as asked_at from {table}")
    return row


async def test_a_fact_carries_the_time_of_its_transaction(bank, example_scheme):
    await bank.ingest("scheme", example_scheme)
    await bank.rates("deposit_product", 5_000, 20_000)
    product = {"code": "deposit_product", "line": "deposit"}
    await bank.learn(
        bank.institution_news(),
        bank.news("product", "deposit_product", product),
        bank.branch_news("01"),
        bank.customer_news("c"),
        bank.group_news("F", [("c", "2024-01-01", None)]),
        bank.account_news("l", "c", line="loan"),
    )
    terms = {
        "account_number": "l", "principal_minor": "12000000", "granted_on": "2024-01-15",
        "term_months": "12", "instalment_minor": "1000000", "grade": "normal",
        "balance_basis": "schedule",
    }  # fmt: skip
    await bank.ingest("loans", terms)
    given = {
        "customerId": str(customer_id("c")), "code": "GOLD", "reason": "r", "until": "2024-05-01",
    }  # fmt: skip
    await bank.data(
        "mutation($t: TierOverrideInput!) "
        '{ overrideTier(tier: $t, idempotencyKey: "k") { __typename } }',
        scopes=("tier:override", "contribution:read"),
        t=given,
    )
    own = {"account_number": "l", "effective_from": "2024-01-20", "rate_ppm": "50000"}
    await bank.ingest("account_rates", own)
    await bank.ingest("fx_rates", {"currency": "USD", "day": "2024-01-20", "rate": "7.1"})
    total = {
        "gl_account": "1301", "name": "Loans", "month": "2024-01-01", "measure": "loan_balance",
        "currency": "CNY", "amount_minor": "1", "line": "loan",
    }  # fmt: skip
    assert (await bank.ingest("general_ledger", total))["accepted"] == 1
    before = (await bank.sql("select clock_timestamp() as at"))[0].at
    await bank.post(bank.posting("l", 100, "2024-02-10"), bank.posting("l", 100, "2024-02-11"))
    times = {row.recorded_at for row in await bank.sql("select recorded_at from posting")}
    assert len(times) == 1
    assert before < times.pop()
    for table in CHANGING:
        rows = await bank.sql(f"select recorded_at from {table}")
        assert rows, table
        assert all(row.recorded_at < before for row in rows), table
    assert {row.kind for row in await bank.sql("select kind from superseded")} == {"institution"}


async def test_every_fact_that_may_change_keeps_its_former_versions(bank):
    found = await bank.sql(
        "select tgrelid::regclass::text as name from pg_trigger where tgname = 'keep_superseded'"
    )
    assert {row.name for row in found} == CHANGING


async def test_what_is_replaced_is_kept_until_the_time_of_what_replaced_it(ready):
    before = await one(ready, "account")
    await ready.learn(ready.account_news("d", "c", closed_on="2024-03-01", version=2))
    after = await one(ready, "account")
    [former] = await kept(ready, "account")
    assert former.record["closed_on"] is None
    assert former.record["owner_id"] == str(before.owner_id)
    assert (former.recorded_at, former.superseded_at) == (before.recorded_at, after.recorded_at)
    assert before.recorded_at < after.recorded_at


async def test_the_same_content_again_is_no_new_knowledge(ready):
    before = await one(ready, "account")
    kept_before = await ready.sql("select 1 from superseded")
    await ready.learn(
        ready.account_news("d", "c", version=2),
        ready.customer_news("c", version=2),
        ready.institution_news(version=2),
    )
    await ready.rates("deposit_product", 5_000, 20_000)
    after = await one(ready, "account")
    assert (after.version, after.recorded_at) == (2, before.recorded_at)
    assert await ready.sql("select 1 from superseded") == kept_before


async def test_a_moved_business_date_is_new_knowledge_and_a_queue_is_none(ready):
    await ready.settle()
    await ready.learn(ready.institution_news(as_of="2024-03-25", version=2))
    await ready.settle()
    unknown, former = await kept(ready, "institution")
    assert unknown.record["business_date"] is None
    assert former.record["business_date"] == "2024-03-20"


async def test_a_deleted_fact_is_kept(ready):
    async with ready.db.transaction("A") as session:
        connection = await session.connection()
        await connection.execute(text("delete from rate where kind = 'transfer'"))
    assert sorted(row.record["product"] for row in await kept(ready, "rate")) == [
        "deposit_product", "loan_product",
    ]  # fmt: skip


async def test_a_version_that_one_transaction_makes_and_replaces_was_never_known(ready):
    async with ready.db.transaction("A") as session:
        connection = await session.connection()
        for rate in (1, 2, 3):
            await connection.execute(
                text("update rate set rate_ppm = :rate where product = 'loan_product'"),
                {"rate": rate},
            )
    ppm = [row.record["rate_ppm"] for row in await kept(ready, "rate")]
    assert sorted(ppm) == [30_000, 60_000]


async def test_of_two_transactions_the_one_that_writes_last_is_the_later_known(ready):
    """The one that began first waits for the other's row, and its own version comes after it."""
    change = text("update rate set rate_ppm = :rate where product = 'loan_product'")
    async with ready.db.transaction("A") as first:
        early = await first.connection()
        await early.execute(text("select now()"))
        async with ready.db.transaction("A") as second:
            await (await second.connection()).execute(change, {"rate": 1})
        await early.execute(change, {"rate": 2})
    found = await kept(ready, "rate")
    now = await ready.sql("select recorded_at from rate where product = 'loan_product'")
    versions = [row for row in found if row.record["kind"] == "transfer"]
    assert [row.record["rate_ppm"] for row in versions] == [30_000, 1]
    assert versions[0].superseded_at == versions[1].recorded_at < versions[1].superseded_at
    assert {row.recorded_at for row in now} == {row.superseded_at for row in found[-2:]}


async def test_rows_of_the_release_before_have_a_time_too(ready):
    async with ready.db.transaction("A") as session:
        await (await session.connection()).execute(
            text(
                "insert into posting (institution, id, account_id, amount_minor, value_date, "
                "booked_at, channel, kind, purpose, counterparty) select 'A', 'old', id, 1, "
                "'2024-02-01', now(), 'system', 'fee', '', '' from account"
            )
        )
    assert (await one(ready, "posting")).recorded_at is not None
