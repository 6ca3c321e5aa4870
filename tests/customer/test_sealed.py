"""Personal values are kept sealed, found by their marks, and moved under new keys."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from customer.domain.ids import customer_id
from customer.operations import keys
from customer.store import personal, rotation
from customer.vault.master import MasterKeyMissingError, MasterKeys
from customer.vault.opened import Vault
from customer.vault.sealing import InstitutionKey
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.db import Database, connect

from tests.callers import a_master_key
from tests.customer.conftest import NOON
from tests.customer.records import a_customer

pytestmark = pytest.mark.anyio
FIRST = customer_id("A", "1")
SECRETS = {
    "id_number": "11010519491231002X", "phone": "13812345678", "email": "zhang@example.com",
    "address": "Lifu 1",
}  # fmt: skip
SEARCH = """query($s: CustomerSearch) {
    customers(search: $s) { edges { node { number contacts { phone email }
    identifiers { number } } } } }"""


async def found_by(service, **search):
    data = await service.data(SEARCH, s=search)
    return [one["node"]["number"] for one in data["customers"]["edges"]]


async def everything(service):
    """Dump every row of every table as text, as a copy of the database would show it."""
    tables = await service.rows(
        "select table_name from information_schema.tables where table_schema = 'public'"
    )
    rows = [await service.rows(f"select t::text from {name} t") for (name,) in tables]
    return json.dumps(rows, ensure_ascii=False)


@pytest.fixture
def key_file(tmp_path, callers):
    """A copy of the service's master keys that a test may add to."""
    copy = tmp_path / "master-keys.json"
    copy.write_text(callers.master_keys.read_text())
    return copy


def add_master(file, name):
    told = json.loads(file.read_text())
    file.write_text(json.dumps({"keys": [*told["keys"], a_master_key(name)]}))


@pytest.fixture
async def other(service, key_file):
    """Another process on the same database: an operator's, with that copy of the keys."""
    engine = connect(str(service.db.engine.url.render_as_string(hide_password=False)), name="other")
    yield Database(engine, {"vault": Vault(MasterKeys(key_file))})
    await engine.dispose()


async def catch_up(db):
    return [done async for done in keys.catch_up(db, "A", at=NOON)]


async def test_no_table_holds_a_personal_value_as_it_is(bank):
    dump = await everything(bank)
    assert [name for name, value in SECRETS.items() if value in dump] == []
    assert "张小龙" in dump


async def test_customers_are_found_by_what_is_sealed_and_shown_masked(bank):
    assert await found_by(bank, phone="+86 138-1234-5678") == ["1"]
    assert await found_by(bank, idNumber="11010519491231002x") == ["1"]
    assert await found_by(bank, phone="13812345679") == []


async def test_equal_values_of_two_customers_and_two_institutions_look_different(bank):
    await bank.ingest("customers", a_customer(number="3"))
    sealed = await bank.rows("select phone_sealed, phone_mark from customer where phone_mark <> ''")
    assert len(sealed) == 2
    assert len({one for one, _ in sealed}) == 2
    assert len({mark for _, mark in sealed}) == 1
    ours, theirs = InstitutionKey(1, b"a" * 32), InstitutionKey(1, b"b" * 32)
    assert ours.mark("phone", "1") != theirs.mark("phone", "1")
    assert ours.mark("phone", "1") != ours.mark("id_number", "1")


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(list(SECRETS)), st.none() | st.text(max_size=200)))
async def test_what_is_sealed_opens_to_what_it_was(values):
    key, row = InstitutionKey(1, os.urandom(32)), uuid4()
    made = key.envelope(row, values)
    assert key.opened(row, made.data_key, made.sealed) == values
    newer = InstitutionKey(2, os.urandom(32))
    again = newer.wrapped_again(row, made.data_key, key)
    assert newer.opened(row, again, made.sealed) == values


@pytest.mark.parametrize("change", ["row", "column", "value", "data key", "key"])
def test_a_sealed_value_opens_only_where_it_was_sealed(change):
    key, row = InstitutionKey(1, b"a" * 32), uuid4()
    made = key.envelope(row, SECRETS)
    sealed, data_key, by = dict(made.sealed), made.data_key, key
    if change == "row":
        row = uuid4()
    elif change == "column":
        sealed["phone"], sealed["email"] = sealed["email"], sealed["phone"]
    elif change == "value":
        sealed["phone"] = sealed["phone"][:-1] + bytes([sealed["phone"][-1] ^ 1])
    elif change == "data key":
        data_key = key.envelope(row, SECRETS).data_key
    else:
        by = InstitutionKey(1, b"b" * 32)
    with pytest.raises(InvalidTag):
        by.opened(row, data_key, sealed)


async def test_values_moved_to_another_row_in_the_database_are_not_shown(bank):
    await bank.ingest("customers", a_customer(number="3"))
    await bank.change(
        "update customer c set phone_sealed = o.phone_sealed from customer o "
        "where c.number = '1' and o.number = '3'"
    )
    answer = await bank.ask('{ customerByNumber(number: "1") { contacts { phone } } }')
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["INTERNAL"]


async def test_the_same_record_again_is_not_sealed_again(bank):
    before = await bank.rows("select number, data_key from customer order by 1")
    answer = await bank.ingest("customers", a_customer())
    assert answer["unchanged"] == 1
    assert await bank.rows("select number, data_key from customer order by 1") == before


async def unseal(service):
    """Put a row back to how the release before kept it."""
    await service.change(
        "update customer set data_key = null, key_version = null, phone_sealed = null, "
        "email_sealed = null, address_sealed = null, id_number_sealed = null, phone_mark = null, "
        "id_number_mark = null, phone = '13812345678', email = 'zhang@example.com', "
        "id_number = '11010519491231002X', address = 'Lifu 1' where number = '1'"
    )


async def test_rows_of_the_release_before_are_read_and_then_sealed(bank, other):
    await unseal(bank)
    assert await found_by(bank, phone="13812345678") == ["1"]
    assert (await bank.ingest("customers", a_customer()))["unchanged"] == 1
    assert await catch_up(other) == [1]
    dump = await everything(bank)
    assert [name for name, value in SECRETS.items() if value in dump] == []
    assert await found_by(bank, phone="13812345678", idNumber="11010519491231002X") == ["1"]
    assert await catch_up(other) == []


async def test_a_new_key_takes_over_every_row_and_the_old_one_is_destroyed(bank, other):
    assert await keys.rotate(other, "A", at=NOON) == 2
    assert await found_by(bank, phone="13812345678") == ["1"]
    assert await catch_up(other) == [2, 2]
    assert await bank.rows("select version, kept is null, retired_at from institution_key "
                           "order by 1") == [(1, True, NOON), (2, False, None)]  # fmt: skip
    assert await bank.rows("select distinct key_version from customer") == [(2,)]
    assert await found_by(bank, phone="13812345678") == ["1"]
    assert (await bank.ingest("customers", a_customer()))["unchanged"] == 1


async def test_a_first_key_whose_transaction_failed_is_forgotten(organised, other):
    with pytest.raises(ZeroDivisionError):
        async with other.transaction("A") as session:
            lost = await personal.current_key(session, "A", at=NOON)
            assert await personal.current_key(session, "A", at=NOON) is lost
            raise ZeroDivisionError
    assert (await organised.ingest("customers", a_customer()))["accepted"] == 1
    async with other.transaction("A") as session:
        kept = await personal.current_key(session, "A", at=NOON)
    assert kept.mark("phone", "1") != lost.mark("phone", "1")
    assert await found_by(organised, phone="13812345678") == ["1"]


async def test_who_makes_the_first_key_at_once_makes_one(organised):
    people = [a_customer(number=str(n)) for n in range(10, 14)]
    answers = await asyncio.gather(*(organised.ingest("customers", one) for one in people))
    assert [one["accepted"] for one in answers] == [1] * 4
    assert await organised.rows("select version from institution_key") == [(1,)]
    assert await found_by(organised, phone="13812345678") == ["10", "11", "12", "13"]


async def test_a_rotation_that_was_cut_off_is_gone_on_with(bank, other, monkeypatch):
    await bank.ingest("customers", *(a_customer(number=str(n)) for n in range(10, 28)))
    monkeypatch.setattr(rotation, "BATCH", 7)
    assert await keys.rotate(other, "A", at=NOON) == 2
    steps = keys.catch_up(other, "A", at=NOON)
    assert await anext(steps) == 7
    await steps.aclose()
    assert await keys.rotate(other, "A", at=NOON) == 2
    assert await found_by(bank, phone="13812345678") == ["1", *map(str, range(10, 28))]
    assert (await catch_up(other))[-1] == 13
    assert await bank.rows("select distinct key_version from customer") == [(2,)]
    assert await found_by(bank, phone="13812345678") == ["1", *map(str, range(10, 28))]


async def test_an_old_key_stays_while_somebody_writes_with_it(bank, other):
    async with bank.db.transaction("A") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "select from institution_key where institution = 'A' and version = 1 for share"
        )
        await connection.exec_driver_sql(
            'insert into customer select (jsonb_populate_record(c, \'{"id": '
            '"00000000-0000-0000-0000-000000000001", "number": "9"}\')).* '
            "from customer c where number = '1'"
        )
        await keys.rotate(other, "A", at=NOON)
        catching = asyncio.ensure_future(catch_up(other))
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        while not (await bank.rows(waiting))[0][0]:
            await asyncio.sleep(0.02)
    await catching
    assert await bank.rows("select key_version from customer where number = '9'") == [(1,)]
    assert await bank.rows("select version, kept is null from institution_key order by 1") == [
        (1, False), (2, False),
    ]  # fmt: skip


async def test_imports_during_a_rotation_lose_nothing(bank, other):
    people = [a_customer(number=str(n), phone=f"1390000{n:04}") for n in range(10, 60)]

    async def imports():
        for one in people:
            assert (await bank.ingest("customers", one))["accepted"] == 1

    async def rotations():
        for _ in range(3):
            await keys.rotate(other, "A", at=NOON)
            await catch_up(other)

    await asyncio.gather(imports(), rotations())
    await catch_up(other)
    again = await bank.ingest("customers", *people)
    assert (again["accepted"], again["unchanged"]) == (0, 50)
    assert await found_by(bank, phone="13900000033") == ["33"]


async def test_a_new_master_key_wraps_the_institutions_keys_and_needs_no_restart(
    bank, other, key_file, callers
):
    kept = callers.master_keys.read_text()
    add_master(key_file, "master-2")
    callers.master_keys.write_text(key_file.read_text())
    try:
        lines = [line async for line in keys.rotate_all(other, lambda: NOON + timedelta(days=1))]
        assert lines == [
            "A: key 2 seals from now on.",
            "A: 2 customers brought under it; no older key is left.",
            (
                "Master key 'master-1' is used no more: take it out of the file when no backup from "
                "before now is to be read again."
            ),
        ]
        assert await bank.rows(
            "select distinct master from institution_key where kept is not null"
        ) == [("master-2",)]
        assert await found_by(bank, phone="13812345678") == ["1"]
    finally:
        callers.master_keys.write_text(kept)


async def test_the_operator_s_command_rotates_and_says_so(bank, key_file):
    url = bank.db.engine.url.render_as_string(hide_password=False)
    told = os.environ | {"CUSTOMER_DATABASE_URL": url, "CUSTOMER_MASTER_KEY_FILE": str(key_file)}
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "customer", "rotate-keys"], env=told,
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "A: key 2 seals from now on.",
        "A: 2 customers brought under it; no older key is left.",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "cannot be read"), ("{", "must hold"), ('{"keys": []}', "must hold"),
        ('{"keys": [{"id": "a", "key": "c2hvcnQ="}]}', "must hold"),
    ],
)  # fmt: skip
def test_a_file_without_master_keys_is_refused_with_a_reason(tmp_path, text, why):
    file = tmp_path / "keys.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(MasterKeyMissingError, match=why):
        MasterKeys(file)


def test_a_master_key_that_is_gone_is_named(tmp_path):
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [a_master_key("master-1")]}))
    name, kept = MasterKeys(file).wrap(b"secret", "here")
    file.write_text(json.dumps({"keys": [a_master_key("master-2")]}))
    with pytest.raises(MasterKeyMissingError, match="has no master key 'master-1'"):
        MasterKeys(file).unwrap(name, kept, "here")
