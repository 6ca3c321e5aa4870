"""Postings taken a whole request at a time end just as those taken line by line."""

import json
import random

import pytest

from tests.scoring.conftest import Bank, customer_id

pytestmark = pytest.mark.anyio
SEEDS = range(12)
STATE = {
    "posting": "institution, id, account_id, amount_minor, value_date, booked_at, channel, kind, purpose, counterparty",
    "account_month": "account_id, month, s0, s1, postings",
    "account_activity": "account_id, month, channel, kind, purpose, count, amount_minor",
    "parked_record": "kind, key, account_number, payload, reason",
    "recalculation": "customer_id, from_month",
    "institution": "code, business_date, recalculate_from",
}


async def furnish(bank):
    holders = [
        {"customer_id": str(customer_id("c")), "role": "owner"},
        {"customer_id": str(customer_id("j")), "role": "joint"},
    ]
    shared = bank.account_news("s", "c")
    await bank.learn(
        bank.institution_news(as_of="2024-01-05"),
        bank.customer_news("c"), bank.customer_news("j"), bank.customer_news("o"),
        bank.account_news("d", "o"), bank.account_news("u", "o", currency="USD"),
        bank.news("account", shared.subject, dict(shared.data) | {"holders": holders}),
    )  # fmt: skip
    await bank.sql_done("delete from recalculation")
    await bank.sql_done("update institution set recalculate_from = null")
    return bank


@pytest.fixture
async def banks(database, callers, tmp_path):
    """Two services that know the same bank."""
    folders = [tmp_path / name for name in ("whole", "lines")]
    for folder in folders:
        folder.mkdir()
    opened = [Bank(database("scoring"), callers, folder) for folder in folders]
    yield [await furnish(bank) for bank in opened]
    for bank in opened:
        await bank.close()


def record(rng, number) -> dict:
    day = f"2024-0{rng.randrange(1, 4)}-{rng.randrange(1, 29):02}"
    return {
        "id": f"p{number}", "account_number": rng.choice("ddds"),
        "amount_minor": rng.choice([-1, 1]) * rng.randrange(1, 10**9), "currency": "CNY",
        "value_date": day, "booked_at": f"{day}T1{rng.randrange(10)}:00:00+08:00",
        "channel": rng.choice(["counter", "mobile"]), "kind": rng.choice(["fee", "transfer_in"]),
        "purpose": rng.choice(["", "card", "工资"]), "counterparty": rng.choice(["", 'A "b", c', "x y"]),
    }  # fmt: skip


ODD = (
    {"channel": "fax"}, {"amount_minor": 0}, {"amount_minor": 10**15}, {"amount_minor": "007"},
    {"amount_minor": "x"}, {"currency": "USD"}, {"account_number": "nobody"}, {"account_number": "u"},
    {"account_number": "u", "currency": "USD"}, {"value_date": "2024-02-30"}, {"value_date": "1890-01-01"},
    {"value_date": "2026-01-01"}, {"booked_at": "2030-01-01T00:00:00Z"}, {"booked_at": "2024-01-01"},
    {"id": ""}, {"id": " p "}, {"id": "p\u0000"}, {"purpose": None}, {"purpose": "x" * 201}, {"extra": 1},
    {"purpose": " padded "}, {"kind": "cash"}, {"counterparty": "ABC/6222021234567890128"},
    {"counterparty": "ABC/6222021234567890127"}, {"purpose": "PIN: 1234"}, {"purpose": "pinewood"},
)  # fmt: skip


def written(rng, one) -> str:
    line = dict(one)
    if rng.random() < 0.3:
        line["amount_minor"] = str(line["amount_minor"])
    return json.dumps(line, ensure_ascii=rng.random() < 0.5)


async def send(bank, body) -> dict:
    answer = await bank.http.post("/ingest/postings", content=body.encode(), headers=bank.program())
    assert answer.status_code == 200, answer.text
    return answer.json()


async def state(bank) -> dict:
    return {
        table: sorted(map(repr, map(tuple, await bank.sql(f"select {columns} from {table}"))))
        for table, columns in STATE.items()
    }


@pytest.mark.parametrize("seed", SEEDS)
async def test_whole_requests_and_lines_give_the_same_answers_and_the_same_state(banks, seed):
    rng = random.Random(seed)
    whole, lines = banks
    for step in range(4):
        sent = [record(rng, rng.randrange(60 if step % 2 else 10**9)) for _ in range(30)]
        if step:
            sent = [one | (rng.choice(ODD) if rng.random() < 0.1 else {}) for one in sent]
        if step == 3:
            sent += rng.sample(sent, 3)
        body = "\n".join(written(rng, one) for one in sent)
        first, second = await send(whole, body), await send(lines, "\n" + body)
        for one in second["rejected"]:
            one["line"] -= 1  # the blank line in front, which sends it line by line
        assert first == second
    assert await state(whole) == await state(lines)


async def test_a_request_without_anything_odd_costs_the_same_however_long_it_is(banks, statements):
    rng = random.Random(1)
    body = "\n".join(
        json.dumps(record(rng, number) | {"value_date": "2024-02-01", "booked_at": "2024-02-01T10:00:00Z"})
        for number in range(500)
    )  # fmt: skip
    with statements() as seen:
        assert (await send(banks[0], body))["accepted"] == 500
    assert sum("insert into posting" in one for one in seen) == 1
    assert not any("on conflict do nothing" in one and "into posting" in one for one in seen)
    assert len(seen) <= 7
