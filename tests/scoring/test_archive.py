"""Closed months move into files and nothing that anybody asks changes by it."""

import asyncio
import random
from datetime import UTC, date, datetime, timedelta

import pytest
from scoring.archive.layout import path_of
from scoring.operations.archiving import clean_up, move_step
from scoring.store.archive import files_in_use

from tests.scoring.archive_banks import everything, keeping, move, segments
from tests.scoring.conftest import Bank, account_id

pytestmark = pytest.mark.anyio

ATOMS = "select month, s0, s1, postings from account_month order by account_id, month"


async def counts(bank) -> tuple[int, int]:
    [row] = await bank.sql(
        "select (select count(*) from posting) as rows, "
        "(select coalesce(sum(rows), 0) from archive_file "
        "where holds = 'postings' and retired_at is null) as filed"
    )
    return row.rows, int(row.filed)


async def set_up(bank, scheme):
    """A bank at 2024-03-20 that prices since 2023; open are January to March."""
    await bank.ingest("scheme", scheme | {"effective_from": "2023-01-01"})
    await bank.rates("deposit_product", 5_000, 20_000, since="2023-01-01")
    await bank.learn(
        bank.institution_news(),
        bank.customer_news("c"),
        *(bank.account_news(number, "c", opened_on="2023-01-01") for number in "de"),
    )
    return bank


@pytest.fixture
def stage() -> None:
    """These banks begin otherwise."""


@pytest.fixture
async def ready(bank, example_scheme):
    return await set_up(bank, example_scheme)


async def test_only_closed_months_move_and_what_is_asked_stays(ready):
    for n, day in enumerate(["2023-11-05", "2023-11-30", "2023-12-31", "2024-01-01", "2024-03-05"]):
        await ready.post(ready.posting("d", 1_000 * n + 7, day, kind="card_payment", channel="pos"))
    before, atoms = await everything(ready, "d"), await ready.sql(ATOMS)
    assert await move(ready) == 3
    assert await counts(ready) == (2, 3)
    assert await everything(ready, "d") == before
    assert await ready.sql(ATOMS) == atoms
    acts = await ready.sql("select month from account_activity order by month")
    assert [row.month for row in acts] == [date(2024, 1, 1), date(2024, 3, 1)]
    assert await move(ready) == 0


async def test_a_posting_in_the_archive_is_known_by_its_id(ready):
    record = ready.posting("d", 1_000, "2023-11-10", purpose="p|q", counterparty="r")
    await ready.post(record)
    await move(ready)
    again = await ready.post(record)
    assert again == {"accepted": 0, "unchanged": 1, "parked": 0, "rejected": []}
    for change in (
        {"amount_minor": "1001"},
        {"value_date": "2024-03-11"},
        {"booked_at": "2023-11-10T10:00:01+08:00"},
        {"channel": "online"},
        {"kind": "fee"},
        {"purpose": "p", "counterparty": "q|r"},
        {"account_number": "e"},
        {"account_number": "unknown"},
    ):
        other = await ready.post(record | change, ready.posting("d", 1, "2024-03-01"))
        assert [(one["line"], one["code"]) for one in other["rejected"]] == [(1, "CONFLICT")], (
            change
        )
        assert other["accepted"] == 1
    same_instant = record | {"booked_at": "2023-11-10T02:00:00Z"}
    assert (await ready.post(same_instant))["unchanged"] == 1
    assert await counts(ready) == (8, 1)
    assert await ready.sql("select 1 from parked_record") == []


async def test_late_postings_stay_rows_until_there_are_many_or_somebody_asks(ready):
    await ready.post(ready.posting("d", 1_000, "2023-11-10", kind="fee"))
    await move(ready)
    await ready.post(ready.posting("d", 5, "2023-11-12", kind="fee"))
    before = await everything(ready, "d")
    assert await move(ready, all_of_them=False) == 0
    assert await counts(ready) == (1, 1)
    assert await move(ready) == 1
    assert await counts(ready) == (0, 2)
    assert await segments(ready) == [(date(2023, 11, 1), 2, 2)]
    assert await everything(ready, "d") == before
    assert await ready.sql("select 1 from account_activity") == []


async def test_files_that_a_merge_replaced_stay_for_a_while_and_then_go(ready):
    for day in ("2023-11-10", "2023-11-11"):
        await ready.post(ready.posting("d", 1_000, day))
        async with ready.db.read("A") as session:
            former = await files_in_use(session, "A")
        await move(ready)
    assert await clean_up(keeping(ready), at=ready.now) == 0
    assert all(path_of(ready.archive.root, file).exists() for file in former)
    later = datetime.now(UTC) + timedelta(days=2)
    assert await clean_up(keeping(ready), at=later) == 4
    assert not any(path_of(ready.archive.root, file).exists() for file in former)
    left = [path for path in ready.archive.root.rglob("*") if path.is_file()]
    assert sorted(path.suffix for path in left) == [".ids", ".json", ".parquet"]
    assert (await everything(ready, "d"))["balance"] == {"amount": "20.00"}


async def test_two_processes_that_move_at_once_double_nothing(ready):
    await ready.post(*(ready.posting("d", n + 1, "2023-11-10") for n in range(50)))
    month = date(2023, 11, 1)
    done = await asyncio.gather(*(move_step(keeping(ready), "A", month) for _ in range(3)))
    assert sorted(done) == [0, 0, 50]
    assert await counts(ready) == (0, 50)
    files = [path for path in ready.archive.root.rglob("*") if path.suffix in {".ids", ".parquet"}]
    assert len(files) == 2


async def test_open_months_are_read_without_the_archive(ready):
    await ready.post(
        ready.posting("d", 1_000, "2023-11-10"), ready.posting("d", 10, "2024-02-10", kind="fee")
    )
    await move(ready)
    for path in ready.archive.root.rglob("*.parquet"):
        path.unlink()
    open_months = (
        'contribution(from: "2024-01", to: "2024-03") { lines { line } } balance { amount }'
    )
    assert (await ready.of_account("d", open_months))["balance"] == {"amount": "10.10"}
    whole = 'contribution(from: "2023-11", to: "2024-03") { lines { line } }'
    answer = await ready.ask(
        f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Account {{ {whole} }} }} }}",
        r=[{"__typename": "Account", "id": str(account_id("d"))}],
    )
    assert answer["errors"][0]["extensions"]["code"] == "ARCHIVE_UNAVAILABLE"


async def test_a_missing_file_makes_the_service_not_ready_and_says_what_to_do(ready):
    await ready.post(ready.posting("d", 1_000, "2023-11-10"))
    await move(ready)
    assert (await ready.http.get("/health/ready")).status_code == 200
    [path] = ready.archive.root.rglob("*.parquet")
    path.rename(path.with_suffix(".away"))
    answer = await ready.http.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["code"] == "ARCHIVE_UNAVAILABLE"
    assert path.name in answer.json()["message"]
    assert "backup" in answer.json()["message"]
    path.with_suffix(".away").rename(path)
    assert (await ready.http.get("/health/ready")).status_code == 200


@pytest.fixture
async def twin(database, callers, tmp_path, example_scheme):
    """Another bank, told the same, whose postings all stay rows."""
    (tmp_path / "twin").mkdir()
    bank = await set_up(Bank(database("scoring"), callers, tmp_path / "twin"), example_scheme)
    yield bank
    await bank.close()


@pytest.mark.parametrize("seed", range(6))
async def test_random_histories_answer_the_same_whenever_months_are_moved(ready, twin, seed):
    rng = random.Random(seed)
    sent: list[dict] = []
    for _ in range(12):
        fresh = [
            ready.posting(rng.choice("de"), 1, "2024-01-01")
            | {
                "amount_minor": str(rng.choice([-1, 1]) * rng.randrange(1, 10**9)),
                "value_date": (date(2023, 9, 1) + timedelta(rng.randrange(200))).isoformat(),
                "kind": rng.choice(["fee", "card_payment", "wealth_purchase"]),
                "channel": rng.choice(["pos", "counter", "mobile"]),
                "purpose": rng.choice(["", "card"]),
            }
            for _ in range(rng.randrange(1, 9))
        ]
        sent += fresh
        batch = fresh + rng.sample(sent, min(4, len(sent)))
        assert await ready.post(*batch) == await twin.post(*batch), seed
        if rng.random() < 0.6:
            await move(ready, all_of_them=rng.random() < 0.7)
        for number in "de":
            assert await everything(ready, number) == await everything(twin, number), seed
    assert (await counts(ready))[1] > 0
    assert await ready.sql(ATOMS) == await twin.sql(ATOMS)
    stored = "select month, account_id, line, amount_minor from contribution order by 1, 2, 3"
    for bank in (ready, twin):
        await bank.settle()
    assert await ready.sql(stored) == await twin.sql(stored)
    assert len(await ready.sql(stored)) > 0
