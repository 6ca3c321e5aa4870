"""Parquet under the contract: typed values arrive as the contract writes them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sheaf.extract.contract import KIND_BY_NAME
from sheaf.extract.problems import ExtractRefused
from sheaf.extract.reader import check_opens, read
from sheaf.extract.record import Record

POSTINGS = KIND_BY_NAME["postings"]
ROW = {
    "id": "p1",
    "account_number": "1",
    "amount_minor": -250,
    "currency": "CNY",
    "value_date": date(2025, 1, 31),
    "booked_at": datetime(2025, 1, 31, 4, tzinfo=UTC),
    "channel": "counter",
    "kind": "fee",
    "purpose": None,
}


def write(tmp_path, rows, schema=None):
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), tmp_path / "p.parquet")
    return tmp_path / "p.parquet"


def test_days_instants_and_amounts_become_what_csv_would_say(tmp_path):
    file = write(tmp_path, [ROW, {**ROW, "id": "p2", "purpose": "tax"}])
    first, second = read(file, POSTINGS, "p.parquet")
    assert isinstance(first, Record)
    assert first.values == {
        **ROW,
        "value_date": "2025-01-31",
        "booked_at": "2025-01-31T04:00:00+00:00",
    }
    assert (second.line, second.values["purpose"]) == (2, "tax")


@pytest.mark.parametrize("amount", [Decimal(-250), -250.0])
def test_whole_decimals_and_floats_become_integers(tmp_path, amount):
    (record,) = read(write(tmp_path, [{**ROW, "amount_minor": amount}]), POSTINGS, "p.parquet")
    assert record.values["amount_minor"] == -250
    assert isinstance(record.values["amount_minor"], int)


@pytest.mark.parametrize(("amount", "kept"), [(Decimal("2.5"), "2.5"), (float("nan"), "nan")])
def test_a_fraction_is_left_for_the_service_to_reject(tmp_path, amount, kept):
    (record,) = read(write(tmp_path, [{**ROW, "amount_minor": amount}]), POSTINGS, "p.parquet")
    assert record.values["amount_minor"] == kept


def test_an_instant_without_time_zone_stops_the_file(tmp_path):
    naive = {**ROW, "booked_at": datetime(2025, 1, 31, 4, tzinfo=UTC).replace(tzinfo=None)}
    with pytest.raises(ExtractRefused) as refused:
        check_opens(write(tmp_path, [naive]), POSTINGS, "p.parquet")
    assert str(refused.value) == ("p.parquet: column 'booked_at' is a timestamp without time zone.")


def test_a_nested_column_stops_the_file(tmp_path):
    with pytest.raises(ExtractRefused) as refused:
        check_opens(write(tmp_path, [{**ROW, "purpose": ["tax"]}]), POSTINGS, "p.parquet")
    assert str(refused.value).startswith("p.parquet: column 'purpose' has type list<")


def test_a_cut_file_is_refused(tmp_path):
    file = write(tmp_path, [ROW])
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ExtractRefused) as refused:
        check_opens(file, POSTINGS, "p.parquet")
    assert str(refused.value).startswith("p.parquet is not a sound Parquet file: ")
