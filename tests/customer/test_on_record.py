"""Whatever is shown, handed out, erased or verified of a person is on record, without its values."""

import json

import pytest
from customer.domain.ids import customer_id

from tests.customer.records import a_customer
from tests.customer.test_erasing import erase, export
from tests.customer.test_revealing import LIST, ask, reveal, verify

pytestmark = pytest.mark.anyio
FIRST, SECOND = str(customer_id("A", "1")), str(customer_id("A", "2"))


async def entries(service, operation, kind="write"):
    found = await service.rows("select body from audit_entry order by seq")
    told = [json.loads(one) for (one,) in found]
    return [one for one in told if (one["kind"], one["operation"]) == (kind, operation)]


async def test_a_revealed_value_is_on_record_with_its_field_and_reason(bank):
    assert (await reveal(bank, "EMAIL", reason="call about loan"))["value"] == "zhang@example.com"
    [entry] = await entries(bank, "revealField")
    assert (entry["kind"], entry["subject"], entry["entities"], entry["fields"], entry["reason"]) == (
        "write", "s1", [FIRST], ["email"], "call about loan",
    )  # fmt: skip
    await reveal(bank, "EMAIL", reason="call about loan")
    assert [one.get("repeated", False) for one in await entries(bank, "revealField")] == [
        False, True,
    ]  # fmt: skip
    everything = json.dumps(await bank.rows("select body from audit_entry"), ensure_ascii=False)
    assert "zhang@" not in everything


async def test_a_copy_a_verification_and_an_erasure_are_on_record_with_why(bank):
    await export(bank, reason="asked at the counter")
    await verify(bank, who=SECOND)
    await erase(bank, "LEGAL_ORDER")
    [copied] = await entries(bank, "exportCustomer")
    [verified] = await entries(bank, "recordVerification")
    [erased] = await entries(bank, "eraseCustomer")
    assert (copied["entities"], copied["reason"]) == ([FIRST], "asked at the counter")
    assert (verified["entities"], verified["channel"]) == ([SECOND], "phone")
    assert (erased["entities"], erased["reason"]) == ([FIRST], "legal_order")
    kept = json.dumps(await bank.rows("select body from audit_entry"), ensure_ascii=False)
    assert [one for one in ("张小龙", "13812345678", "Lifu 1") if one in kept] == []


async def test_a_long_list_is_on_record_with_its_purpose_and_whom_it_showed(bank):
    document = LIST.replace("pageInfo { endCursor }", "edges { node { number } }")
    answer = await ask(bank, document, first=50, purpose="RISK")
    assert len(answer["data"]["customers"]["edges"]) == 2
    [entry] = await entries(bank, "customers", "read")
    assert (entry["kind"], entry["entities"], entry["fields"], entry["reason"]) == (
        "read", sorted([FIRST, SECOND]), ["Customer.number"], "risk",
    )  # fmt: skip


async def test_the_first_customers_of_a_bank_leave_one_entry_that_counts_every_line(organised):
    answer = await organised.ingest("customers", a_customer(), "no line", a_customer(number="2"))
    assert (answer["accepted"], len(answer["rejected"])) == (2, 1)
    [entry] = await entries(organised, "ingest/customers")
    assert entry["counts"] == {"accepted": 2, "rejected": 1}
