"""Callers that send the same records at once have one effect."""

import asyncio

import pytest
from customer.domain.ids import account_id, customer_id

from tests.customer.records import a_customer, an_account

pytestmark = pytest.mark.anyio
SECOND, ACCOUNT = str(customer_id("A", "2")), str(account_id("A", "100"))


def counted(answer):
    return answer["accepted"], answer["unchanged"], len(answer["rejected"])


async def test_callers_that_race_make_one_customer_and_one_event(organised):
    records = [a_customer(number=str(n)) for n in range(200)]
    answers = await asyncio.gather(
        organised.ingest("customers", *records),
        organised.ingest("customers", *reversed(records)),
        organised.ingest("customers", *records),
    )
    assert sorted(counted(one) for one in answers) == [(0, 200, 0), (0, 200, 0), (200, 0, 0)]
    assert len(await organised.events("customer.customer.recorded")) == 200


async def test_holders_and_accounts_that_race_lose_nothing(bank):
    await asyncio.gather(
        bank.ingest("accounts", an_account(closed_on="2026-01-31")),
        bank.ingest(
            "account_holders",
            {"account_number": "100", "customer_number": "2", "role": "authorised"},
        ),
    )
    last = [
        one for one in await bank.events("customer.account.recorded") if one["subject"] == ACCOUNT
    ]
    assert [one["version"] for one in last] == [2, 3, 4]
    assert last[-1]["data"]["closed_on"] == "2026-01-31"
    assert {"customer_id": SECOND, "role": "authorised"} in last[-1]["data"]["holders"]
