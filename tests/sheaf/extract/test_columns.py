"""A file read as columns gives the very lines and rejects that reading it line by line gives."""

import datetime as dt
import gzip
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from sheaf.extract import columns, loading
from sheaf.extract.contract import KIND_BY_NAME
from sheaf.extract.importer import import_extract
from sheaf.extract.reader import read
from sheaf.extract.record import Record

POSTINGS = KIND_BY_NAME["postings"]
HEADER = b"id,account_number,amount_minor,currency,value_date,booked_at,channel,kind,purpose"
ODD = [
    b"", b"\r", b'"', b'a,"b', b"a,b", b"\xff,1,2,3,4,5,6,7,8", b"a\x00,1,2,3,4,5,6,7,8",
    b"a\rb,1,2,3,4,5,6,7,8", b'"q,""x",1,2,3,4,5,6,7,8', b'x,"1",2,3,4,5,6,7,8', b",,,,,,,,",
    b"n\xc3\xa4,1,2,3,4,5,6,7,8", b" s ,1,2,3,4,5,6,7, t ", b"l" * 70_000 + b",1,2,3,4,5,6,7,8",
    b'"",1,2,3,4,5,6,7,""', b'"a,b","1",2,3,4,5,6,7,8', b'"a"b,1,2,3,4,5,6,7,8', b'a"b",1,2,3,4,5,6,7,8',
    b'"a" ,1,2,3,4,5,6,7,8', b'"1,2,3,4,5,6,7,8,9', b"a,1,2,3,4,5,6,7,8,9", b"NA,null,2,3,4,5,6,7,NULL",
]  # fmt: skip


def by_column(file, name, after=0):
    rows, rejects, last = [], [], 0
    for part in columns.parts(file, POSTINGS, name, after):
        rejects += part.rejects
        for table in part.tables:
            rows += table.to_pylist()
        last = part.line
    rows.sort(key=lambda row: row["line"])
    return rows, sorted(rejects), last


def by_line(file, name, after=0):
    items = [one for one in read(file, POSTINGS, name) if one.line > after]
    rows = [{"line": one.line, **one.values} for one in items if isinstance(one, Record)]
    return rows, sorted(one for one in items if not isinstance(one, Record))


@pytest.mark.parametrize("seed", range(30))
def test_random_files_are_read_alike(tmp_path, seed, monkeypatch):
    rng = random.Random(seed)
    lines = [
        rng.choice(ODD)
        if rng.random() < 0.3
        else b"p%d,a,%d,CNY,2025-01-01,2025-01-01T00:00:00Z,pos,fee," % (n, n)
        for n in range(rng.randrange(400))
    ]
    ends = rng.choice([b"\n", b"\r\n"])
    content = ends.join([HEADER, *lines]) + rng.choice([b"", ends])
    name = rng.choice(["postings.csv", "postings.csv.gz"])
    file = tmp_path / name
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    monkeypatch.setattr(columns, "LINES_AT_ONCE", rng.choice([1, 7, 1 << 16]))
    monkeypatch.setattr(columns, "ROWS_A_PART", rng.choice([1, 50, 4_000_000]))
    for after in (0, rng.randrange(400)):
        rows, rejects, _ = by_column(file, name, after)
        assert (rows, rejects) == by_line(file, name, after), seed


def test_parquet_is_read_alike_and_only_where_its_types_fit(tmp_path):
    file = tmp_path / "postings.parquet"
    table = pa.table(
        {
            "id": ["a", "b", None],
            "account_number": ["1", "2", "3"],
            "amount_minor": [1, -2, 3],
            "currency": ["CNY"] * 3,
            "value_date": [dt.date(2025, 1, n) for n in (1, 2, 3)],
            "booked_at": pa.array(
                [dt.datetime(2025, 1, 1, tzinfo=dt.UTC)] * 3, pa.timestamp("us", "UTC")
            ),
            "channel": ["pos"] * 3,
            "kind": ["fee"] * 3,
        }
    )
    pq.write_table(table, file)
    assert columns.fits(file, POSTINGS, file.name)
    rows, rejects, last = by_column(file, file.name, after=1)
    expected = by_line(file, file.name, after=1)[0]
    plain = [
        {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in row.items()} for row in rows
    ]
    assert (plain, rejects, last) == (expected, [], 3)
    for other in (pa.float64(), pa.int32(), pa.string()):
        pq.write_table(table.set_column(2, "amount_minor", table["amount_minor"].cast(other)), file)
        assert columns.fits(file, POSTINGS, file.name) == (other in {pa.int32(), pa.string()})


@pytest.mark.parametrize(
    ("kind", "fits"),
    [
        (pa.timestamp("ms", "+08:00"), True),
        (pa.timestamp("s", "Asia/Shanghai"), True),
        (pa.timestamp("us", "UTC"), True),
        (pa.timestamp("ns", "UTC"), False),
        (pa.timestamp("us", "-05:00"), False),
        (pa.timestamp("us"), False),
    ],
)
def test_parquet_as_others_write_it_is_sent_as_the_service_takes_it(tmp_path, kind, fits):
    file = tmp_path / "postings.parquet"
    words = pa.array(["a", "b", "a"])
    table = pa.table(
        {
            "id": words.cast(pa.large_string()),
            "account_number": words.dictionary_encode(),
            "amount_minor": pa.array([1, -2, 3], pa.int32()),
            "currency": pa.array(["CNY", None, "CNY"]).dictionary_encode(),
            "value_date": [dt.date(2025, 1, n) for n in (1, 2, 3)],
            "booked_at": pa.array([1_735_693_200] * 3, pa.timestamp("s", "UTC")).cast(kind),
            "channel": words,
            "kind": words,
        }
    )
    pq.write_table(table, file)
    assert columns.fits(file, POSTINGS, file.name) == fits
    if not fits:
        return
    rows, _, _ = by_column(file, file.name)
    assert [tuple(row.values()) for row in rows] == [
        (n, word, word, amount, currency, dt.date(2025, 1, n),
         dt.datetime(2025, 1, 1, 1, tzinfo=dt.UTC), word, word)
        for n, word, amount, currency in [(1, "a", 1, "CNY"), (2, "b", -2, None), (3, "a", 3, "CNY")]
    ]  # fmt: skip
    types = {name: str(one) for name, one in zip(*_schema(file), strict=True)}
    assert types == {
        "line": "int64", "value_date": "date32[day]", "booked_at": "timestamp[us, tz=UTC]",
        "amount_minor": "int64",
    } | dict.fromkeys(["id", "account_number", "currency", "channel", "kind"], "string")  # fmt: skip


def _schema(file):
    [part] = columns.parts(file, POSTINGS, file.name, 0)
    schema = part.tables[0].schema
    return schema.names, schema.types


@pytest.mark.parametrize("columns_taken", [True, False])
def test_an_import_reports_the_same_both_ways(system, services, bank, columns_taken, monkeypatch):
    monkeypatch.setattr(loading, "BY_COLUMN_BYTES", 1)
    services.columns = columns_taken
    folder = bank(postings=12_000)
    file = folder / "postings.csv"
    text = file.read_text().splitlines()
    text[0] += ",counterparty"
    text[1:] = [f"{line}," for line in text[1:]]
    text[7] += "NOWHERE"
    text[9] = 'p8,"broken'
    file.write_text("".join(f"{line}\n" for line in text))
    report = import_extract(system, folder, Console())
    [kind] = [one for one in report.kinds if one.kind == "postings"]
    assert (kind.rows, kind.accepted, kind.rejected) == (12_000, 11_998, 2)
    found = (report.rejects / "postings.csv").read_text().splitlines()
    assert [line.split(",")[:3] for line in found[1:]] == [
        ["postings.csv", "8", "BRANCH_NOT_FOUND"],
        ["postings.csv", "10", "BROKEN_QUOTE"],
    ]
    sent = [count for kind_name, count in services.batches if kind_name == "postings"]
    assert sorted(sent) == ([11_999] if columns_taken else [2_000, 4_999, 5_000])
