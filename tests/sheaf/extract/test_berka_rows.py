"""Single rows of the Berka files: what is read, and how a wrong one is named."""

from datetime import date

import pytest
from sheaf.extract.berka.asc import AscRow, rows
from sheaf.extract.berka.postings import Clock, postings
from sheaf.extract.problems import ExtractRefused

HEADER = "trans_id;account_id;date;type;operation;amount;balance;k_symbol;bank;account\n"


def transactions(tmp_path, *lines):
    (tmp_path / "trans.asc").write_text(HEADER + "".join(f"{line}\n" for line in lines))
    return rows(tmp_path, "trans")


def test_a_standing_order_leaves_the_account_between_banks(tmp_path):
    line = '7;2;930203;"VYDAJ";"PREVOD NA UCET";2452.30;10.00;"SIPO";"YZ";87144583'
    assert list(postings(transactions(tmp_path, line))) == [
        (
            "7", "2", -245230, "CZK", "1993-02-03", "1993-02-03T12:00:00+01:00",
            "interbank", "transfer_out", "household", "YZ/87144583",
        )
    ]  # fmt: skip


def test_rows_of_a_day_keep_their_order_and_summer_time_is_pragues():
    clock = Clock()
    days = (date(1993, 7, 1), date(1993, 7, 1), date(1993, 7, 2))
    assert [clock.booked_at(day) for day in days] == [
        "1993-07-01T12:00:00+02:00",
        "1993-07-01T12:00:01+02:00",
        "1993-07-02T12:00:00+02:00",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('7;2;930203;"X";"VKLAD";1.00;1.00;"";;', "type 'X' is not a known code"),
        ('7;2;930203;"VYDAJ";"X";1.00;1.00;"";;', "operation 'X' is not a known code"),
        ('7;2;931303;"VYDAJ";"VYBER";1.00;1.00;"";;', "date '931303' is not a day"),
        ('7;2;930203;"VYDAJ";"VYBER";1.001;1.00;"";;', "amount '1.001' has more than two decimals"),
        ('7;2;930203;"VYDAJ";"VYBER";one;1.00;"";;', "amount 'one' is not an amount"),
        ('7;2;930203;"VYDAJ"', "4 fields, not 10"),
    ],
)
def test_a_wrong_row_is_named_by_file_and_line(tmp_path, line, said):
    with pytest.raises(ExtractRefused) as refused:
        list(postings(transactions(tmp_path, line)))
    assert str(refused.value) == f"trans.asc, line 2: {said}."


def test_parts_of_a_table_are_read_in_order(tmp_path):
    head = "disp_id;client_id;account_id;type\n"
    (tmp_path / "disp_b.asc").write_text(f"{head}2;2;2;OWNER\n")
    (tmp_path / "disp_a.asc").write_text(f"{head}1;1;1;OWNER\n")
    assert [row["disp_id"] for row in rows(tmp_path, "disp")] == ["1", "2"]


def test_another_header_is_refused(tmp_path):
    (tmp_path / "disp.asc").write_text("a;b\n")
    with pytest.raises(ExtractRefused) as refused:
        list(rows(tmp_path, "disp"))
    assert str(refused.value) == ("disp.asc: the header must be disp_id;client_id;account_id;type.")


def test_a_womans_month_is_raised_by_fifty():
    row = AscRow("client.asc", 2, {"birth_number": "706213"})
    assert row.born("birth_number") == (date(1970, 12, 13), "female")
