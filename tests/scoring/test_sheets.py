"""Work on many customers reads the archive once, and finds what reading it file by file finds."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from scoring.archive.layout import path_of
from scoring.archive.sheets import room
from scoring.operations.archiving import clean_up
from scoring.operations.recalculation import recalculate, spread
from scoring.operations.sheets import Sheets
from scoring.store.archive import files_in_use
from scoring.store.institution import BEGINNING, recalculate_all

from tests.scoring.archive_banks import keeping, move
from tests.scoring.conftest import customer_id

pytestmark = pytest.mark.anyio
OWNERS = "abcdefgh"
RESULTS = (
    "contribution", "customer_month", "customer_balance", "customer_points", "account_balance",
    "customer_score", "not_computed", "tier_period",
)  # fmt: skip


@pytest.fixture
async def many(bank, example_scheme):
    """A bank of eight, two accounts each and one of them shared, with closed months in files."""
    scheme = example_scheme | {"effective_from": "2023-01-01", "joint_holders": "equal"}
    await bank.ingest("scheme", scheme)
    await bank.rates("deposit_product", 5_000, 20_000, since="2023-01-01")
    await bank.learn(bank.institution_news(), *(bank.customer_news(one) for one in OWNERS))
    for n, owner in enumerate(OWNERS):
        alone = bank.account_news(f"{owner}1", owner, opened_on="2023-01-01")
        shared = bank.account_news(f"{owner}2", owner, opened_on="2023-01-01")
        holders = [
            {"customer_id": str(customer_id(owner)), "role": "owner"},
            {"customer_id": str(customer_id(OWNERS[n - 3])), "role": "joint"},
        ]
        both = bank.news("account", shared.subject, dict(shared.data) | {"holders": holders})
        await bank.learn(alone, both)
    await bank.settle()
    rng = random.Random(7)
    for _ in range(3):
        await bank.post(
            *(
                bank.posting(
                    f"{rng.choice(OWNERS)}{rng.choice('12')}",
                    rng.choice([-1, 1]) * rng.randrange(1, 10**6),
                    f"2023-{rng.randrange(9, 13)}-{rng.randrange(10, 29)}",
                    kind=rng.choice(["fee", "transfer_in", "card_payment"]),
                    channel=rng.choice(["pos", "counter"]),
                    purpose=rng.choice(["", "card"]),
                )
                for _ in range(80)
            ),
            bank.posting("a1", 100, "2024-02-01", kind="fee"),
        )
        await move(bank, all_of_them=False)
    await bank.settle()
    return bank


async def everybody(bank) -> None:
    async with bank.db.transaction("A") as session:
        await recalculate_all(session, "A", BEGINNING)
    await spread(bank.db)


async def results(bank) -> dict:
    found = {}
    for table in RESULTS:
        read = await bank.sql(f"select to_jsonb(t) - 'version' as row from {table} t")
        found[table] = sorted(str(one.row) for one in read)
    return found


async def worked_out(bank, sheets, only=None) -> dict:
    await everybody(bank)
    if only:
        await bank.sql_done("delete from recalculation where customer_id <> :only", only=only)
    for table in ("contribution", "customer_month", "account_balance"):
        await bank.sql_done(f"delete from {table}")
    while await recalculate(bank.db, bank.policies, at=bank.now, sheets=sheets):
        pass
    return await results(bank)


def folders(bank) -> list:
    return list(bank.archive.root.glob(".sheet-*"))


async def test_the_results_are_those_of_reading_file_by_file(many):
    one_by_one = await worked_out(many, Sheets(many.db, None))
    assert len(one_by_one["contribution"]) > 40
    sheets = Sheets(many.db, many.archive, many=len(OWNERS))
    assert await worked_out(many, sheets) == one_by_one
    assert len(folders(many)) == 1
    await sheets.close()
    assert folders(many) == []


async def test_a_sheet_lasts_as_long_as_its_files_count(many):
    sheets = Sheets(many.db, many.archive, many=4)
    assert await sheets.of("A") is None
    await everybody(many)
    sheet = await sheets.of("A")
    assert sheet is not None
    await many.sql_done("delete from recalculation where customer_id <> :a", a=customer_id("a"))
    assert await sheets.of("A") is sheet
    await many.post(many.posting("b1", 100, "2023-10-30", kind="fee"))
    await move(many)
    assert await sheets.of("A") is None
    await everybody(many)
    renewed = await sheets.of("A")
    assert renewed is not None
    assert renewed is not sheet
    assert len(folders(many)) == 1
    await sheets.close()


async def test_files_that_came_meanwhile_are_read_one_by_one(many):
    sheets = Sheets(many.db, many.archive, many=len(OWNERS))
    await everybody(many)
    sheet = await sheets.of("A")
    await many.post(many.posting("b1", 10_000, "2023-10-30", kind="fee"))
    await move(many)
    expected = await worked_out(many, Sheets(many.db, None))

    class Stale:
        async def of(self, _):
            return sheet

    assert await worked_out(many, Stale()) == expected
    await sheets.close()


async def test_who_came_to_hold_an_account_meanwhile_is_told_all_of_it(many):
    sheets = Sheets(many.db, many.archive, many=len(OWNERS))
    await everybody(many)
    assert await sheets.of("A") is not None
    alone = many.account_news("a1", "a", opened_on="2023-01-01")
    holders = [
        {"customer_id": str(customer_id(one)), "role": role}
        for one, role in (("a", "owner"), ("h", "joint"))
    ]
    shared = many.news("account", alone.subject, dict(alone.data) | {"holders": holders}, version=2)
    await many.learn(shared)
    [row] = await many.sql("select joint from account where number = 'a1'")
    assert row.joint == [customer_id("h")]
    her = customer_id("h")
    one_by_one = await worked_out(many, Sheets(many.db, None), only=her)
    assert len(one_by_one["contribution"]) > 10
    assert await worked_out(many, sheets, only=her) == one_by_one
    await sheets.close()


async def test_rooms_that_a_kill_left_are_swept_away_after_a_while(many):
    left = room(many.archive.root)
    (left / "acts.duckdb").write_bytes(b"left")
    await clean_up(keeping(many), at=datetime.now(UTC))
    assert folders(many) == [left]
    await clean_up(keeping(many), at=datetime.now(UTC) + timedelta(days=2))
    assert folders(many) == []


async def test_a_damaged_file_is_no_sheet_and_leaves_nothing(many):
    async with many.db.read("A") as session:
        files = await files_in_use(session, "A", holds="postings")
    path = path_of(many.archive.root, files[0])
    path.write_bytes(path.read_bytes()[:-9] + b"123456789")
    await everybody(many)
    assert await Sheets(many.db, many.archive, many=1).of("A") is None
    assert folders(many) == []
