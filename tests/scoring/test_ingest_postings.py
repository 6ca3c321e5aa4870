"""Postings go in once each, in any order, at once or after their account; bad lines stay out."""

import asyncio
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

pytestmark = pytest.mark.anyio

ATOMS = (
    "select month, s0, s1, postings from account_month m join account a on a.id = m.account_id "
    "where a.number = :number order by month"
)
ACTS = (
    "select month, channel, kind, purpose, count, amount_minor from account_activity m "
    "join account a on a.id = m.account_id where a.number = :number order by 1, 2, 3, 4"
)


async def atoms(bank, number="d"):
    found = await bank.sql(ATOMS, number=number)
    return [(row.month, int(row.s0), int(row.s1), row.postings) for row in found]


async def acts(bank, number="d"):
    return [tuple(row) for row in await bank.sql(ACTS, number=number)]


async def untouched(bank):
    """Nothing is stored, parked or waiting that a posting would have left."""
    [row] = await bank.sql(
        "select (select count(*) from posting), (select count(*) from account_month), "
        "(select count(*) from account_activity), (select count(*) from parked_record)"
    )
    return tuple(row) == (0, 0, 0, 0)


async def test_a_posting_becomes_moments_and_activity(ready):
    answer = await ready.post(
        ready.posting("d", 1_000, "2024-01-10", kind="transfer_in", purpose="salary"),
        ready.posting("d", -300, "2024-01-31", kind="transfer_in", purpose="salary"),
        ready.posting("d", 7, "2024-02-01", channel="counter", kind="cash_deposit"),
    )
    assert answer == {"accepted": 3, "unchanged": 0, "parked": 0, "rejected": []}
    assert await atoms(ready) == [
        (date(2024, 1, 1), 700, 1_000 * 10 - 300 * 31, 2),
        (date(2024, 2, 1), 7, 7, 1),
    ]
    assert await acts(ready) == [
        (date(2024, 1, 1), "system", "transfer_in", "salary", 2, 700),
        (date(2024, 2, 1), "counter", "cash_deposit", "", 1, 7),
    ]


async def test_the_same_posting_again_changes_nothing(ready):
    record = ready.posting("d", 1_000, "2024-01-10")
    await ready.post(record)
    before = await atoms(ready)
    again = await ready.post(record, record)
    assert again == {"accepted": 0, "unchanged": 2, "parked": 0, "rejected": []}
    twice = ready.posting("d", 5, "2024-01-10")
    assert (await ready.post(twice, twice))["unchanged"] == 1
    await ready.post(twice)
    assert await atoms(ready) == [(before[0][0], 1_005, 10_050, 2)]


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": "1001"},
        {"value_date": "2024-01-11"},
        {"channel": "online"},
        {"kind": "fee"},
        {"purpose": "other"},
        {"counterparty": "x"},
        {"account_number": "e"},
        {"account_number": "unknown"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_the_same_id_with_other_content_is_refused(ready, change):
    await ready.learn(ready.account_news("e", "c"))
    record = ready.posting("d", 1_000, "2024-01-10")
    await ready.post(record)
    answer = await ready.post(record | change)
    assert answer["accepted"] == answer["parked"] == answer["unchanged"] == 0
    assert [one["code"] for one in answer["rejected"]] == ["CONFLICT"]
    within = ready.posting("d", 1_000, "2024-01-10")
    answer = await ready.post(within, within | change)
    assert answer["accepted"] == 1
    assert [(one["line"], one["code"]) for one in answer["rejected"]] == [(2, "CONFLICT")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount_minor": "0"}, "AMOUNT_OUT_OF_RANGE"),
        ({"amount_minor": str(10**15)}, "AMOUNT_OUT_OF_RANGE"),
        ({"amount_minor": str(-(10**15))}, "AMOUNT_OUT_OF_RANGE"),
        ({"currency": "USD"}, "CURRENCY_MISMATCH"),
        ({"booked_at": "2024-03-21T12:00:01Z"}, "BOOKED_IN_FUTURE"),
        ({"value_date": "1899-12-31"}, "VALUE_DATE_OUT_OF_RANGE"),
        ({"value_date": "2025-01-11"}, "VALUE_DATE_OUT_OF_RANGE"),
        ({"value_date": "20240110"}, "INVALID"),
        ({"value_date": "730000"}, "INVALID"),
        ({"booked_at": "2024-01-10T10:00:00"}, "INVALID"),
        ({"booked_at": "1704852000"}, "INVALID"),
        ({"amount_minor": "1.5"}, "INVALID"),
        ({"amount_minor": ""}, "INVALID"),
        ({"kind": "gift"}, "INVALID"),
        ({"channel": "fax"}, "INVALID"),
        ({"id": ""}, "INVALID"),
        ({"id": "a\u0000b"}, "INVALID"),
        ({"purpose": "\u0000"}, "INVALID"),
        ({"currency": "cny"}, "INVALID"),
        ({"colour": "red"}, "INVALID"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_posting_that_cannot_be_true_is_refused_by_line(ready, change, code):
    bad = ready.posting("d", 1_000, "2024-01-10") | change
    answer = await ready.post(bad)
    assert [(one["line"], one["code"]) for one in answer["rejected"]] == [(1, code)]
    assert await untouched(ready)
    good = ready.posting("d", 1, "2024-01-10")
    answer = await ready.post(good, bad)
    assert answer["accepted"] == 1
    assert [(one["line"], one["code"]) for one in answer["rejected"]] == [(2, code)]


async def test_the_limits_themselves_are_taken(ready):
    answer = await ready.post(
        ready.posting("d", 10**15 - 1, "2024-01-10"),
        ready.posting("d", 1, "2024-01-10", booked_at="2024-03-21T12:00:00Z"),
        ready.posting("d", 1, "1900-01-01", booked_at="2024-01-10T00:00:00Z"),
        ready.posting("d", 1, "2025-01-10", booked_at="2024-01-10T00:00:00Z"),
    )
    assert answer["accepted"] == 4


async def test_who_may_not_load_changes_nothing(ready):
    body = '{"id": "p"}'
    person = ready.headers("contribution:read", "ingest:write")
    for headers, status in (({}, 401), (person, 401), (ready.program("service"), 403)):
        answer = await ready.http.post("/ingest/postings", content=body, headers=headers)
        assert answer.status_code == status
    assert await untouched(ready)


async def test_a_posting_before_its_account_waits_and_goes_in_with_it(ready):
    early = [ready.posting("late", 500, "2024-02-10"), ready.posting("late", 20, "2024-02-11")]
    assert (await ready.post(*early))["parked"] == 2
    assert await ready.post(*early) == {
        "accepted": 0, "unchanged": 2, "parked": 0, "rejected": [],
    }  # fmt: skip
    changed = await ready.post(early[0] | {"amount_minor": "501"})
    assert [one["code"] for one in changed["rejected"]] == ["CONFLICT"]
    assert await atoms(ready, "late") == []
    await ready.learn(ready.account_news("late", "c"))
    assert await atoms(ready, "late") == [(date(2024, 2, 1), 520, 500 * 10 + 20 * 11, 2)]
    assert await ready.sql("select 1 from parked_record") == []
    assert (await ready.post(*early))["unchanged"] == 2


async def test_what_cannot_go_in_with_its_account_stays_parked_with_the_reason(ready):
    await ready.post(ready.posting("late", 500, "2024-02-10", id="usd", currency="USD"))
    await ready.learn(ready.account_news("late", "c"))
    [row] = await ready.sql("select key, reason from parked_record")
    assert tuple(row) == ("usd", "CURRENCY_MISMATCH")
    assert await atoms(ready, "late") == []


async def test_postings_and_their_account_arriving_together_are_never_lost(ready):
    """Whichever of the two comes first, the posting ends in the atoms."""
    for n in range(12):
        number = f"race{n}"
        records = [ready.posting(number, 1, "2024-02-10") for _ in range(20)]
        await asyncio.gather(
            ready.post(*records[:10]),
            ready.learn(ready.account_news(number, "c")),
            ready.post(*records[10:]),
        )
        assert await atoms(ready, number) == [(date(2024, 2, 1), 20, 200, 20)], number
    assert await ready.sql("select 1 from parked_record") == []


async def test_callers_with_overlapping_ids_count_every_posting_once(ready):
    for number in ("e", "f"):
        await ready.learn(ready.account_news(number, "c"))
    records = [ready.posting(random.choice("def"), n + 1, "2024-02-10") for n in range(400)]

    def some():
        return random.sample(records, 300)  # in an order of its own

    answers = await asyncio.gather(*(ready.post(*some()) for _ in range(6)), ready.post(*records))
    assert sum(answer["accepted"] for answer in answers) == 400
    assert all(answer["rejected"] == [] for answer in answers)
    expected = Counter()
    for record in records:
        expected[record["account_number"]] += int(record["amount_minor"])
    for number, amount in expected.items():
        [(_, s0, s1, _)] = await atoms(ready, number)
        assert (s0, s1) == (amount, amount * 10)


async def test_state_does_not_depend_on_the_order_of_postings(ready):
    """Random histories, each sent twice: as made, and shuffled, split and partly repeated."""
    seed = random.randrange(10**9)
    rng = random.Random(seed)
    accounts = []
    for case in range(30):
        pair = f"o{case}", f"s{case}"
        accounts.append(pair)
        await ready.learn(*(ready.account_news(number, "c") for number in pair))
        drawn = [
            {
                "amount_minor": rng.choice([-1, 1]) * rng.randrange(1, 10**12),
                "value_date": (date(2024, 1, 1) + timedelta(rng.randrange(85))).isoformat(),
                "booked_at": (
                    datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=rng.randrange(1900))
                ).isoformat(),
                "kind": rng.choice(["fee", "transfer_out", "card_payment"]),
                "channel": rng.choice(["counter", "online", "pos"]),
            }
            for _ in range(rng.randrange(1, 40))
        ]
        straight, shuffled = (
            [ready.posting(number, 1, "2024-01-01") | one for one in drawn] for number in pair
        )
        await ready.post(*straight)
        rng.shuffle(shuffled)
        shuffled += rng.sample(shuffled, len(shuffled) // 3)
        while shuffled:
            size = rng.randrange(1, 15)
            await ready.post(*shuffled[:size])
            shuffled = shuffled[size:]
    fields = 'contribution(from: "2024-01", to: "2024-03") { lines { amount { amount } } } balance { amount }'
    for one, other in accounts:
        assert await atoms(ready, one) == await atoms(ready, other), seed
        assert await acts(ready, one) == await acts(ready, other), seed
        left, right = [await ready.of_account(number, fields) for number in (one, other)]
        assert left == right, seed


async def test_the_business_date_is_the_banks_own_day_of_the_latest_booking(ready):
    await ready.post(ready.posting("d", 1, "2024-03-20", booked_at="2024-03-20T15:59:59Z"))
    [row] = await ready.sql("select business_date, recalculate_from from institution")
    assert tuple(row) == (date(2024, 3, 20), date(1900, 1, 1))
    await ready.settle()
    await ready.post(ready.posting("d", 1, "2024-03-20", booked_at="2024-03-20T16:00:00Z"))
    await ready.post(ready.posting("d", 1, "2024-01-05", booked_at="2024-01-05T16:00:00Z"))
    [row] = await ready.sql("select business_date, recalculate_from from institution")
    assert tuple(row) == (date(2024, 3, 21), date(2024, 3, 1))
    await ready.settle()
    await ready.learn(ready.institution_news(as_of="2024-03-01", version=2))
    [row] = await ready.sql("select business_date, recalculate_from from institution")
    assert tuple(row) == (date(2024, 3, 21), None)
    await ready.learn(ready.institution_news(as_of="2024-04-02", version=3))
    [row] = await ready.sql("select business_date, recalculate_from from institution")
    assert tuple(row) == (date(2024, 4, 2), date(2024, 3, 1))


async def test_parked_postings_wait_within_their_own_institution(ready, database, callers):
    await ready.post(ready.posting("shared", 1, "2024-02-10", id="same"))
    ready.institution = "B"
    assert (await ready.post(ready.posting("shared", 2, "2024-02-10", id="same")))["parked"] == 1
    await ready.learn(ready.institution_news(), ready.account_news("shared", "c"))
    assert await atoms(ready, "shared") == [(date(2024, 2, 1), 2, 20, 1)]
    ready.institution = "A"
    assert len(await ready.sql("select 1 from parked_record where institution = 'A'")) == 1


@pytest.mark.parametrize("purpose", ["", " by line: padded"])
async def test_a_card_s_number_is_kept_by_its_first_six_and_last_four(ready, purpose):
    record = ready.posting(
        "d", 1_000, "2024-01-10", counterparty="ABC/6222021234567890128", purpose=purpose
    )
    assert (await ready.post(record))["accepted"] == 1
    assert [tuple(row) for row in await ready.sql("select counterparty, purpose from posting")] == [
        ("ABC/622202*********0128", purpose.strip())
    ]
    assert (await ready.post(record))["unchanged"] == 1
    waits = ready.posting("nobody", 5, "2024-01-10", purpose="to 4111 1111 1111 1111")
    assert (await ready.post(waits))["parked"] == 1
    [row] = await ready.sql("select payload from parked_record")
    assert "4111 11** **** 1111" in str(row.payload)
    assert "4111 1111" not in str(row.payload)


@pytest.mark.parametrize("field", ["counterparty", "purpose"])
async def test_what_proves_who_one_is_keeps_a_posting_out(ready, field):
    good = ready.posting("d", 1_000, "2024-01-10", counterparty="x")
    bad = ready.posting("d", 1_000, "2024-01-10", **{field: "6222021234567890128 PIN: 1234"})
    answer = await ready.post(good, bad)
    assert answer["accepted"] == 1
    [refused] = answer["rejected"]
    assert (refused["line"], refused["code"]) == (2, "SECRET_REFUSED")
    assert "1234" not in refused["reason"]
