"""The archive's files: written once or not at all, read by account, found by id, never wrong."""

import random
import subprocess
import sys
from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.archive.fingerprints import Ids, fingerprint, fingerprints_of, key_of, write_ids
from scoring.archive.layout import IDS, POSTINGS, ROWS_A_GROUP, SCHEMA, path_of, verify
from scoring.archive.reader import Archive
from scoring.archive.writer import write_segment
from scoring.domain.posting import Channel, Kind, Posting
from scoring.domain.problems import ArchiveUnavailable

MONTH = date(2024, 1, 1)
BOOKED = datetime(2024, 1, 5, 9, 30, 0, 7, tzinfo=UTC)


def account(number: int) -> str:
    return str(UUID(int=number * 2**96 + number))


def table(rows) -> pa.Table:
    """Postings from (account number, day, id, amount), in the archive's order."""
    ordered = sorted(
        (account(a), MONTH.replace(day=day), key, amount) for a, day, key, amount in rows
    )
    return pa.Table.from_pylist(
        [
            {
                "account_id": a, "value_date": day, "id": key, "amount_minor": amount,
                "booked_at": BOOKED, "channel": "pos", "kind": "card_payment", "purpose": "",
                "counterparty": "", "recorded_at": BOOKED,
            }
            for a, day, key, amount in ordered
        ],
        schema=SCHEMA,
    )  # fmt: skip


def segment(folder, rows, *, generation=1):
    return write_segment(folder, "A", MONTH, generation, [table(rows)])


def read(folder, files, *accounts, first=MONTH, last=date(2024, 1, 31)):
    found = Archive(folder).postings(files, [account(a) for a in accounts], first, last)
    return sorted((r["id"], r["amount_minor"]) for r in found.to_pylist())


def test_an_accounts_postings_come_back_as_they_were(tmp_path):
    files = segment(tmp_path, [(1, 3, "a", 5), (1, 4, "b", -7), (2, 3, "c", 11)])
    found = Archive(tmp_path).postings(files, [account(1)], MONTH, date(2024, 1, 31))
    assert found.schema == SCHEMA
    assert found.to_pylist() == table([(1, 3, "a", 5), (1, 4, "b", -7)]).to_pylist()
    assert read(tmp_path, files, 1, 2, 3, first=date(2024, 1, 4)) == [("b", -7)]
    assert read(tmp_path, files, 3) == []
    assert [file.holds for file in files] == [POSTINGS, IDS]
    assert (files[0].first_account, files[0].last_account) == (account(1), account(2))
    for file in files:
        verify(tmp_path, file)


def test_accounts_that_straddle_row_groups_and_files_are_read_whole(tmp_path):
    rng = random.Random(3)
    rows = [(rng.randrange(40), rng.randrange(1, 29), f"p{n}", n) for n in range(5 * ROWS_A_GROUP)]
    files = segment(tmp_path, rows)
    for one in range(40):
        assert read(tmp_path, files, one) == sorted((k, v) for a, _, k, v in rows if a == one)
    asked = rng.sample(range(40), 9)
    expected = sorted((k, v) for a, day, k, v in rows if a in asked and 5 <= day <= 9)
    assert read(tmp_path, files, *asked, first=date(2024, 1, 5), last=date(2024, 1, 9)) == expected


@pytest.mark.parametrize("harm", ["missing", "cut", "flipped"])
@pytest.mark.parametrize("holds", [POSTINGS, IDS])
def test_a_harmed_file_is_told_and_never_read_wrong(tmp_path, harm, holds):
    files = segment(tmp_path, [(a, 3, f"p{a}", a + 1) for a in range(3000)])
    [file] = [one for one in files if one.holds == holds]
    path = path_of(tmp_path, file)
    content = bytearray(path.read_bytes())
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(content[:-1])
    else:
        for place in range(40, len(content) // 2, 97):
            content[place] ^= 0x10
        path.write_bytes(content)
    with pytest.raises(ArchiveUnavailable, match=file.name):
        verify(tmp_path, file)
    archive = Archive(tmp_path)
    with pytest.raises(ArchiveUnavailable, match=file.name):
        if holds == POSTINGS:
            archive.postings(files, [account(a) for a in range(3000)], MONTH, date(2024, 1, 31))
        else:
            archive.find(file, np.array([1], np.uint64), np.array([1], np.uint64))


FULL_DISK = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_archive_files import segment
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    segment(Path(sys.argv[1]), [(a, 3, f"p{a}", a) for a in range(9000)])
except OSError as error:
    print("refused", error.errno)
"""


def test_a_disk_that_is_full_refuses_the_segment_and_leaves_nothing(tmp_path):
    from pathlib import Path  # noqa: PLC0415

    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path, Path(__file__).parent],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("refused"), done.stderr
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
postings = st.builds(
    Posting,
    id=texts.filter(bool),
    account_number=st.just("n"),
    amount_minor=st.integers(-(10**15) + 1, 10**15 - 1),
    currency=st.just("CNY"),
    value_date=st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    booked_at=st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001
        lambda at: at.replace(tzinfo=UTC)
    ),
    channel=st.sampled_from(Channel),
    kind=st.sampled_from(Kind),
    purpose=texts,
    counterparty=texts,
)


@given(st.lists(postings, min_size=1, max_size=5))
def test_a_fingerprint_is_the_same_wherever_it_is_taken(found):
    held = UUID(int=7)
    rows = [
        {
            "account_id": str(held), "value_date": one.value_date, "id": one.id,
            "amount_minor": one.amount_minor, "booked_at": one.booked_at,
            "channel": one.channel.value, "kind": one.kind.value, "purpose": one.purpose,
            "counterparty": one.counterparty, "recorded_at": BOOKED,
        }
        for one in found
    ]  # fmt: skip
    keys, seals = fingerprints_of(pa.Table.from_pylist(rows, schema=SCHEMA))
    assert list(zip(keys.tolist(), seals.tolist(), strict=True)) == [
        fingerprint(one, held) for one in found
    ]


def test_purpose_and_counterparty_cannot_be_taken_for_each_other():
    changes = [("a|b", "c"), ("a", "b|c"), ("a|b|c", ""), ("", "a|b|c")]
    seals = {
        fingerprint(
            Posting(
                id="x", account_number="n", amount_minor=1, currency="CNY", value_date=MONTH,
                booked_at=BOOKED, channel=Channel.POS, kind=Kind.FEE, purpose=p, counterparty=c,
            ),
            UUID(int=1),
        )
        for p, c in changes
    }  # fmt: skip
    assert len(seals) == len(changes)


@given(
    st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 3)), max_size=60),
    st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 3)), max_size=20),
    st.data(),
)
def test_ids_are_found_as_in_a_set_even_where_keys_collide(tmp_path_factory, kept, others, data):
    file = tmp_path_factory.mktemp("ids") / "one.ids"
    repeated = data.draw(st.lists(st.sampled_from(kept), max_size=10)) if kept else []
    kept += [(key, seal ^ 1) for key, seal in repeated]
    write_ids(
        file, *(np.array(column, np.uint64) for column in zip(*kept or [(0, 0)], strict=True))
    )
    kept = kept or [(0, 0)]
    asked = sorted(kept + others + [(key, 9) for key, _ in kept])
    known, same = Ids.open(file).find(
        *(np.array(column, np.uint64) for column in zip(*asked, strict=True))
    )
    assert known.tolist() == [key in {k for k, _ in kept} for key, _ in asked]
    assert same.tolist() == [one in kept for one in asked]


def test_key_of_an_id_is_what_duckdb_says():
    assert key_of("P000000000005") == 16632924799550700245
