"""Postings as columns: the same state and the same answers as line by line, straight into files."""

import io
import random
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from scoring.archive.layout import SCHEMA

from tests.scoring.archive_banks import everything, move
from tests.scoring.test_archive import ATOMS, counts, ready, stage, twin  # noqa: F401  (fixtures)

pytestmark = pytest.mark.anyio
NAMES = (
    "id", "account_number", "amount_minor", "currency", "value_date", "booked_at", "channel",
    "kind", "purpose", "counterparty",
)  # fmt: skip
NOTHING = {"accepted": 0, "unchanged": 0, "parked": 0, "rejected": []}


def as_text(records) -> pa.Table:
    columns = {name: [one[name] for one in records] for name in NAMES}
    return pa.table(
        {"line": range(1, len(records) + 1)} | columns,
        schema=pa.schema([("line", pa.int64()), *((name, pa.string()) for name in NAMES)]),
    )


async def send(bank, table, *, role="loader"):
    body = io.BytesIO()
    with pa.ipc.new_stream(body, table.schema) as stream:
        stream.write_table(table)
    return await bank.http.post(
        "/ingest/postings/columns", content=body.getvalue(), headers=bank.program(role)
    )


async def by_column(bank, *records) -> dict:
    answer = await send(bank, as_text(records))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def state(bank):
    """All that a posting may leave, wherever it lies now."""
    await move(bank)
    found = {"atoms": await bank.sql(ATOMS)}
    for name, statement in {
        "acts": "select account_id, month, channel, kind, purpose, count, amount_minor "
        "from account_activity order by 1, 2, 3, 4, 5",
        "rows": "select id, account_id, amount_minor, value_date, booked_at from posting order by id",
        "parked": "select key, payload, reason from parked_record order by key",
        "bank": "select business_date from institution",
    }.items():
        found[name] = await bank.sql(statement)
    files = list(bank.archive.root.rglob("*.parquet"))
    used = {
        row.name for row in await bank.sql("select name from archive_file where retired_at is null")
    }
    tables = [pa.parquet.read_table(f) for f in files if f.name in used] or [SCHEMA.empty_table()]
    kept = pa.concat_tables(tables).drop_columns(["recorded_at"])
    found["archived"] = kept.sort_by("id").to_pylist()
    return found


async def test_plainly_good_postings_of_closed_months_go_straight_into_files(ready):  # noqa: F811
    records = [
        ready.posting("d", 1_000, "2023-11-05", kind="fee", purpose="card", counterparty="李 四"),
        ready.posting("d", -300, "2023-11-30", booked_at="2023-12-01T00:30:00.123456+08:00"),
        ready.posting("e", 7, "2023-12-31"),
        ready.posting("d", 9, "2024-02-10"),
    ]
    assert await by_column(ready, *records) == NOTHING | {"accepted": 4}
    assert await counts(ready) == (1, 3)
    assert await by_column(ready, *records) == NOTHING | {"unchanged": 4}
    assert await ready.post(*records) == NOTHING | {"unchanged": 4}
    assert (await everything(ready, "d"))["balance"] == {"amount": "7.09"}
    waiting = await ready.sql("select recalculate_from from institution")
    assert waiting[0].recalculate_from == date(1900, 1, 1)
    assert await ready.sql("select from_month from recalculation") != []


BAD = [
    {"amount_minor": "0"},
    {"amount_minor": "-0"},
    {"amount_minor": str(10**15)},
    {"amount_minor": "1.5"},
    {"amount_minor": ""},
    {"amount_minor": "+12"},
    {"amount_minor": "1_000"},
    {"amount_minor": " 12 "},
    {"amount_minor": "9" * 40},
    {"currency": "USD"},
    {"currency": "cny"},
    {"booked_at": "2024-03-21T12:00:01Z"},
    {"booked_at": "2023-11-10T10:00:00"},
    {"booked_at": "2023-11-10T24:00:00Z"},
    {"booked_at": "2023-02-30T10:00:00Z"},
    {"booked_at": "2023-11-10 10:00+08:00"},
    {"booked_at": "2023-11-10T10:00:60Z"},
    {"value_date": "1899-12-31"},
    {"value_date": "2024-11-11"},
    {"value_date": "2023-02-29"},
    {"value_date": "20231110"},
    {"kind": "gift"},
    {"channel": "fax"},
    {"id": ""},
    {"id": " spaced "},
    {"id": "a\x00b"},
    {"purpose": "\x00"},
    {"purpose": " trimmed "},
    {"purpose": "x" * 201},
    {"counterparty": "y" * 200},
    {"counterparty": "two\nlines"},
    {"counterparty": "ABC/6222021234567890128"},
    {"counterparty": "ABC/6222021234567890127"},
    {"purpose": "PIN: 1234"},
    {"account_number": "unknown"},
    {"account_number": "x" * 101},
]


@pytest.mark.parametrize("seed", range(3))
async def test_the_same_records_both_ways_leave_the_same_state_and_answers(ready, twin, seed):  # noqa: F811
    rng = random.Random(seed)
    sent: list[dict] = []
    for _ in range(5):
        fresh = []
        for _ in range(rng.randrange(20, 60)):
            day = date(2023, 9, 1) + timedelta(rng.randrange(200))
            booked = datetime(2023, 9, 1, tzinfo=UTC) + timedelta(hours=rng.randrange(4800))
            one = ready.posting(
                rng.choice("de"), rng.choice([-1, 1]) * rng.randrange(1, 10**9), day
            )
            one |= {
                "booked_at": booked.isoformat(),
                "kind": rng.choice(["fee", "card_payment"]),
                "channel": rng.choice(["pos", "counter"]),
                "purpose": rng.choice(["", "card", "农资"]),
            }
            fresh.append(one | (rng.choice(BAD) if rng.random() < 0.3 else {}))
        repeated = [
            one | rng.choice([{}, {}, {"amount_minor": "5"}])
            for one in rng.sample(sent, min(9, len(sent)))
        ]
        batch = fresh + repeated + rng.sample(fresh, 3)
        rng.shuffle(batch)
        sent += fresh
        if rng.random() < 0.5:
            await move(ready)
        assert await by_column(ready, *batch) == await twin.post(*batch), seed
    assert (await counts(ready))[1] > 50
    for number in "de":
        assert await everything(ready, number) == await everything(twin, number)
    assert await state(ready) == await state(twin)


async def test_what_is_not_plainly_good_is_answered_as_a_line_is(ready):  # noqa: F811
    for change in BAD:
        good, bad = (ready.posting("d", 1_000, "2023-11-10") for _ in range(2))
        changed = bad | change
        columns = await by_column(ready, good, changed)
        line = await ready.post(changed | {"id": changed["id"].replace("p", "q")})
        for answer in (columns, line):
            for one in answer["rejected"]:
                one.pop("line")
        assert columns == line | {"accepted": line["accepted"] + 1}, change


async def test_typed_columns_are_taken_as_they_are(ready):  # noqa: F811
    record = ready.posting("d", 1_000, "2023-11-10", booked_at="2023-11-10T02:00:00Z")
    text = as_text([record, record | {"id": "late", "value_date": "2024-11-11"}])
    typed = text.set_column(3, "amount_minor", text["amount_minor"].cast(pa.int64()))
    typed = typed.set_column(5, "value_date", text["value_date"].cast(pa.date32()))
    instant = pa.array([datetime(2023, 11, 10, 2, tzinfo=UTC)] * 2, pa.timestamp("us", "UTC"))
    typed = typed.set_column(6, "booked_at", instant).drop_columns(["purpose", "counterparty"])
    answer = (await send(ready, typed)).json()
    assert answer["accepted"] == 1
    assert [(one["line"], one["code"]) for one in answer["rejected"]] == [
        (2, "VALUE_DATE_OUT_OF_RANGE")
    ]
    assert (await ready.post(record))["unchanged"] == 1


async def test_who_may_not_load_and_what_is_no_table_change_nothing(ready):  # noqa: F811
    table = as_text([ready.posting("d", 1_000, "2023-11-10")])
    assert (await send(ready, table, role="service")).status_code == 403
    for other in (
        table.drop_columns(["id"]),
        table.append_column("colour", pa.array(["red"])),
        table.set_column(3, "amount_minor", pa.array([1.5])),
    ):
        answer = await send(ready, other)
        assert (answer.status_code, answer.json()["code"]) == (415, "NOT_COLUMNS")
    answer = await ready.http.post(
        "/ingest/postings/columns", content=b"no table", headers=ready.program()
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "NOT_COLUMNS")
    assert await counts(ready) == (0, 0)
    left = [path for path in ready.archive.root.rglob("*") if path.name != ".gitkeep"]
    assert left == []
