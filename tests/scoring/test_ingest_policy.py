"""Schemes, rates and loans' terms: what is stored, what is refused, who is worked out again."""

from datetime import date

import pytest

pytestmark = pytest.mark.anyio


def a_loan(**changes) -> dict:
    return {
        "account_number": "l", "settlement_account_number": "d", "principal_minor": "12000000",
        "granted_on": "2024-01-15", "term_months": "12", "instalment_minor": "1000000",
        "grade": "normal", "balance_basis": "schedule",
    } | changes  # fmt: skip


async def waiting(bank):
    [row] = await bank.sql("select recalculate_from from institution")
    return row.recalculate_from


async def test_a_scheme_is_stored_once_and_never_changes(bank, example_scheme):
    assert (await bank.ingest("scheme", example_scheme))["accepted"] == 1
    assert (await bank.ingest("scheme", example_scheme))["unchanged"] == 1
    for other in ({"name": "Another"}, {"version": 2}):
        answer = await bank.ingest("scheme", example_scheme | other)
        assert [one["code"] for one in answer["rejected"]] == ["SCHEME_CONFLICT"]
    assert len(await bank.sql("select 1 from scheme")) == 1


async def test_the_first_scheme_is_in_force_at_once_and_later_ones_wait_as_drafts(
    bank, example_scheme
):
    second = example_scheme | {"version": 2, "effective_from": "2024-02-01"}
    third = example_scheme | {"version": 3, "effective_from": "2024-03-01"}
    answer = await bank.ingest("scheme", example_scheme, second)
    assert answer == {"accepted": 1, "unchanged": 0, "parked": 1, "drafted": 1, "rejected": []}
    answer = await bank.ingest("scheme", third, second, example_scheme)
    assert answer == {"accepted": 0, "unchanged": 2, "parked": 1, "drafted": 1, "rejected": []}
    assert [row.version for row in await bank.sql("select version from scheme")] == [1]
    found = await bank.sql("select version, state from scheme_version order by version")
    assert [tuple(row) for row in found] == [(1, "approved"), (2, "draft"), (3, "draft")]


async def test_a_draft_that_is_sent_with_other_content_stays_as_it_is(bank, example_scheme):
    second = example_scheme | {"version": 2, "effective_from": "2024-02-01"}
    await bank.ingest("scheme", example_scheme, second)
    answer = await bank.ingest("scheme", second | {"name": "Another"})
    assert [one["code"] for one in answer["rejected"]] == ["SCHEME_CONFLICT"]
    [row] = await bank.sql("select name, revision from scheme_version where version = 2")
    assert tuple(row) == (second["name"], 1)


async def test_a_wrong_scheme_is_refused_by_path_and_nothing_is_stored(bank, example_scheme):
    answer = await bank.ingest("scheme", example_scheme | {"currency": "yuan"})
    assert answer["rejected"] == [
        {"line": 1, "code": "INVALID", "reason": "currency: must be a text of 1 to 3 characters"}
    ]
    assert await bank.sql("select 1 from scheme") == []


async def test_a_scheme_belongs_to_the_callers_institution(bank, example_scheme):
    await bank.ingest("scheme", example_scheme)
    bank.institution = "B"
    assert (await bank.ingest("scheme", example_scheme))["accepted"] == 1


async def test_rates_replace_one_another_and_make_everybody_wait(ready):
    await ready.settle()
    assert await waiting(ready) is None
    same = await ready.rates("deposit_product", 5_000, 20_000)
    assert (same["accepted"], same["unchanged"]) == (0, 2)
    assert await waiting(ready) is None
    other = await ready.rates("deposit_product", 5_000, 21_000, since="2024-02-01")
    assert (other["accepted"], other["unchanged"]) == (2, 0)
    assert await waiting(ready) == date(2024, 2, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"effective_from": "2024-01-32"},
        {"rate_kind": "mine"},
        {"rate_ppm": "1000001"},
        {"rate_ppm": "-1000001"},
    ],
    ids=str,
)
async def test_a_rate_that_cannot_be_true_is_refused(bank, change):
    record = {
        "product_code": "p", "rate_kind": "customer", "effective_from": "2024-01-01",
        "rate_ppm": "5000",
    }  # fmt: skip
    answer = await bank.ingest("rates", record | change)
    assert [one["code"] for one in answer["rejected"]] == ["INVALID"]
    assert await bank.sql("select 1 from rate") == []


async def test_terms_are_stored_and_the_last_ones_sent_hold(ready):
    await ready.learn(ready.account_news("l", "c", line="loan", opened_on="2024-01-15"))
    assert (await ready.ingest("loans", a_loan()))["accepted"] == 1
    assert (await ready.ingest("loans", a_loan()))["unchanged"] == 1
    await ready.settle()
    again = await ready.ingest("loans", a_loan(grade="loss"), a_loan(grade="doubtful"))
    assert (again["accepted"], again["unchanged"]) == (1, 1)
    [row] = await ready.sql("select grade from loan")
    assert row.grade == "doubtful"
    [row] = await ready.sql("select from_month from recalculation")
    assert row.from_month == date(2024, 1, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"principal_minor": "0"}, "INVALID"),
        ({"term_months": "0"}, "INVALID"),
        ({"term_months": "601"}, "INVALID"),
        ({"instalment_minor": "-1"}, "INVALID"),
        ({"granted_on": "1899-12-31"}, "INVALID"),
        ({"grade": "fine"}, "INVALID"),
        ({"balance_basis": "wish"}, "INVALID"),
        ({"account_number": "d"}, "NOT_A_LOAN"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_terms_that_cannot_be_true_are_refused(ready, change, code):
    await ready.learn(ready.account_news("l", "c", line="loan"))
    answer = await ready.ingest("loans", a_loan(**change))
    assert [one["code"] for one in answer["rejected"]] == [code]
    assert await ready.sql("select 1 from loan") == []


async def test_terms_before_their_account_wait_for_it(ready):
    assert (await ready.ingest("loans", a_loan()))["parked"] == 1
    assert (await ready.ingest("loans", a_loan()))["unchanged"] == 1
    assert (await ready.ingest("loans", a_loan(grade="loss")))["parked"] == 1
    await ready.learn(ready.account_news("l", "c", line="loan"))
    [row] = await ready.sql("select grade from loan")
    assert row.grade == "loss"
    assert await ready.sql("select 1 from parked_record") == []
