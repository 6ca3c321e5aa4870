"""Strict CSV: a broken line is rejected alone, a broken file says what is wrong with it."""

import csv
import gzip
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheaf.extract.contract import KIND_BY_NAME
from sheaf.extract.csv_reader import LONGEST_LINE_BYTES
from sheaf.extract.problems import ExtractRefused
from sheaf.extract.reader import check_opens, read
from sheaf.extract.record import Record, Reject

BRANCHES = KIND_BY_NAME["branches"]
HEADER = b"code,name,parent_code,kind\n"


def read_bytes(tmp_path, content, kind=BRANCHES, name="branches.csv"):
    (tmp_path / name).write_bytes(content)
    return list(read(tmp_path / name, kind, name))


def refusal(tmp_path, content, name="branches.csv"):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ExtractRefused) as refused:
        check_opens(tmp_path / name, BRANCHES, name)
    return str(refused.value)


def test_a_row_is_its_columns_by_name_whatever_their_order(tmp_path):
    content = b'\xef\xbb\xbfkind,name,code\r\nbranch,"North, ""old"" gate",N1\r\n'
    assert read_bytes(tmp_path, content) == [
        Record(
            2,
            {"kind": "branch", "name": 'North, "old" gate', "code": "N1"},
            'branch,"North, ""old"" gate",N1',
        )
    ]


@pytest.mark.parametrize(
    ("line", "code", "reason"),
    [
        (b'N1,"North,,branch', "BROKEN_QUOTE", "a quote opens or closes out of place"),
        (b'N1,"North" gate,,branch', "BROKEN_QUOTE", "a quote opens or closes out of place"),
        (b'N1,North "gate",,branch', "BROKEN_QUOTE", "a quote opens or closes out of place"),
        (b"N1,North,branch", "WRONG_WIDTH", "3 fields, the header has 4"),
        (b"N1,North,,branch,", "WRONG_WIDTH", "5 fields, the header has 4"),
        (b"N1,Nor\xffth,,branch", "NOT_UTF8", "byte 7 of the line is not UTF-8"),
        (b"N1,Nor\0th,,branch", "CONTROL_CHARACTER", "NUL or CR inside the line"),
        (b"N1,Nor\rth,,branch", "CONTROL_CHARACTER", "NUL or CR inside the line"),
    ],
)
def test_a_broken_line_is_rejected_alone(tmp_path, line, code, reason):
    good = b"N0,Head office,,head_office\n"
    items = read_bytes(tmp_path, HEADER + good + line + b"\n" + good)
    assert [type(item) for item in items] == [Record, Reject, Record]
    assert items[1] == Reject(3, code, reason, line.decode(errors="backslashreplace"))
    assert [item.line for item in items] == [2, 3, 4]


def test_an_over_long_line_is_rejected_alone_and_cut(tmp_path):
    long = b"N1," + b"x" * (3 << 20) + b",,branch\n"
    items = read_bytes(tmp_path, HEADER + long + b"N2,South,,branch")
    assert items == [
        Reject(2, "LINE_TOO_LONG", "the line is longer than 65,536 bytes", "N1," + "x" * 197),
        Record(
            3,
            {"code": "N2", "name": "South", "parent_code": "", "kind": "branch"},
            "N2,South,,branch",
        ),
    ]


def test_a_line_at_the_limit_is_taken_and_one_byte_more_is_not(tmp_path):
    name = b"x" * (LONGEST_LINE_BYTES - len(b"N1,,,branch"))
    items = read_bytes(tmp_path, HEADER + b"N1,%b,,branch\nN1,%bx,,branch\n" % (name, name))
    assert [type(item) for item in items] == [Record, Reject]


def test_blank_lines_hold_no_record_and_are_counted(tmp_path):
    items = read_bytes(tmp_path, HEADER + b"\n\r\nN1,North,,branch\n\n")
    assert [(item.line, item.original) for item in items] == [(4, "N1,North,,branch")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "branches.csv is empty; even a file without rows needs its header."),
        (b"code;name;kind\n", "branches.csv separates columns by semicolons; it must be commas."),
        (b"code\tname\tkind\n", "branches.csv separates columns by tabs; it must be commas."),
        (b"code,name\n", "branches.csv: column 'kind' is missing."),
        (b"code,name,kind,code\n", "branches.csv: column 'code' stands twice in the header."),
        (
            b"code,name,kind,telex\n",
            "branches.csv: unknown column 'telex'; branches has code, name, parent_code, kind.",
        ),
        (b"PK\x03\x04....", "branches.csv is a spreadsheet (.xlsx) or zip file, not CSV text."),
        (
            "code,name".encode("utf-16"),
            "branches.csv is UTF-16 text (save it as UTF-8), not CSV text.",
        ),
        (b"PAR1....", "branches.csv is Parquet (name such a file .parquet), not CSV text."),
        (b"\x7fELF\0\0\0", "branches.csv is a binary file, not CSV text."),
        (b"code,n\xe4me\n", "branches.csv: the header (line 1) is not CSV in UTF-8."),
    ],
)
def test_a_file_of_another_shape_is_refused_and_told_why(tmp_path, content, said):
    assert refusal(tmp_path, content) == said


def test_another_file_name_is_refused(tmp_path):
    said = "branches.xls: a file must be named .csv, .csv.gz or .parquet."
    assert refusal(tmp_path, HEADER, "branches.xls") == said


def test_a_header_alone_is_a_file_without_rows(tmp_path):
    assert read_bytes(tmp_path, HEADER) == []


def test_gzip_is_read_as_it_streams(tmp_path):
    packed = gzip.compress(HEADER + b"N1,North,,branch\n")
    items = read_bytes(tmp_path, packed, name="branches.csv.gz")
    assert [item.original for item in items] == ["N1,North,,branch"]


def test_a_compressed_file_that_breaks_off_is_refused(tmp_path):
    packed = gzip.compress(HEADER + b"".join(b"%d,North,,branch\n" % n for n in range(9000)))
    with pytest.raises(ExtractRefused) as refused:
        read_bytes(tmp_path, packed[:-100], name="branches.csv.gz")
    assert str(refused.value) == "branches.csv.gz breaks off: it is not a whole gzip file."


LINE_SAFE = st.text(
    st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), max_size=30
)


@given(
    rows=st.lists(st.lists(LINE_SAFE, min_size=4, max_size=4), max_size=20),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_is_written_by_the_rules_is_read_back(tmp_path_factory, rows, quoting, end):
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator=end)
    writer.writerow(BRANCHES.column_names)
    writer.writerows(rows)
    folder = tmp_path_factory.mktemp("csv")
    items = read_bytes(folder, text.getvalue().encode())
    assert [list(item.values.values()) for item in items] == rows


@given(lines=st.lists(st.binary(max_size=60).filter(lambda b: b"\n" not in b), max_size=20))
def test_no_line_whatever_its_bytes_harms_its_neighbours(tmp_path_factory, lines):
    good = b"N1,North,,branch"
    content = HEADER + b"".join(line + b"\n" + good + b"\n" for line in lines)
    items = read_bytes(tmp_path_factory.mktemp("csv"), content)
    seen = {item.line: item for item in items}
    for place in range(len(lines)):
        assert seen[3 + 2 * place].original == good.decode()


def test_memory_stays_bounded_over_a_long_file(tmp_path):
    with (tmp_path / "branches.csv").open("wb") as stream:
        stream.write(HEADER)
        for number in range(200_000):
            stream.write(b"%d,Branch of a village far away,,branch\n" % number)
    tracemalloc.start()
    try:
        count = sum(1 for _ in read(tmp_path / "branches.csv", BRANCHES, "branches.csv"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 200_000
    assert peak < 20_000_000
