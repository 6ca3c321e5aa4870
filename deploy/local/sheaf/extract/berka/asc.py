"""The .asc files of the Berka bank: semicolons, optional quotes, one record a line."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from sheaf.extract.problems import ExtractRefused

COLUMNS: dict[str, tuple[str, ...]] = {
    "district": tuple(f"A{number}" for number in range(1, 17)),
    "client": ("client_id", "birth_number", "district_id"),
    "account": ("account_id", "district_id", "frequency", "date"),
    "disp": ("disp_id", "client_id", "account_id", "type"),
    "card": ("card_id", "disp_id", "type", "issued"),
    "loan": ("loan_id", "account_id", "date", "amount", "duration", "payments", "status"),
    "trans": (
        "trans_id", "account_id", "date", "type", "operation", "amount", "balance", "k_symbol",
        "bank", "account",
    ),
}  # fmt: skip
FIRST_YEAR = 1900
WOMEN_ADD_TO_MONTH = 50


@dataclass(frozen=True, slots=True)
class AscRow:
    """One row, which can say where it stands when something in it is wrong."""

    file: str
    line: int
    fields: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.fields[column]

    def wrong(self, what: str) -> ExtractRefused:
        return ExtractRefused(f"{self.file}, line {self.line}: {what}.")

    def code(self, column: str, codes: dict[str, str]) -> str:
        """Translate a code; raises `ExtractRefused` for one that the source does not document."""
        try:
            return codes[self[column]]
        except KeyError:
            raise self.wrong(f"{column} {self[column]!r} is not a known code") from None

    def day(self, column: str) -> date:
        """Read YYMMDD, with or without a time of day behind it."""
        return self._day(column, self[column][:6])

    def hellers(self, column: str) -> int:
        """Read an amount of koruna as hellers, exactly."""
        try:
            amount = Decimal(self[column]).scaleb(2)
        except InvalidOperation:
            raise self.wrong(f"{column} {self[column]!r} is not an amount") from None
        if amount != amount.to_integral_value():
            raise self.wrong(f"{column} {self[column]!r} has more than two decimals")
        return int(amount)

    def born(self, column: str) -> tuple[date, str]:
        """Read a birth number, YYMMDD: a woman's month is raised by 50."""
        text = self[column]
        month = text[2:4]
        if month.isdigit() and int(month) > WOMEN_ADD_TO_MONTH:
            text = f"{text[:2]}{int(month) - WOMEN_ADD_TO_MONTH:02}{text[4:]}"
            return self._day(column, text), "female"
        return self._day(column, text), "male"

    def _day(self, column: str, text: str) -> date:
        try:
            return date(FIRST_YEAR + int(text[:2]), int(text[2:4]), int(text[4:6]))
        except ValueError:
            raise self.wrong(f"{column} {self[column]!r} is not a day") from None


def find(folder: Path, table: str) -> Sequence[Path]:
    """Find the file of a table: `table.asc`, or all of its parts `table_*.asc` by name.

    Raises `ExtractRefused` naming the file when there is none.
    """
    if (whole := folder / f"{table}.asc").is_file():
        return (whole,)
    parts = sorted(folder.glob(f"{table}_*.asc"))
    if not parts:
        raise ExtractRefused(f"{folder} lacks {table}.asc, which the Berka bank consists of.")
    return parts


def rows(folder: Path, table: str) -> Iterator[AscRow]:
    """Read a table row by row; raises `ExtractRefused` for a file of another shape."""
    columns = COLUMNS[table]
    for file in find(folder, table):
        with file.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, delimiter=";", strict=True)
            try:
                if tuple(next(reader, ())) != columns:
                    raise ExtractRefused(f"{file.name}: the header must be {';'.join(columns)}.")
                for fields in reader:
                    if len(fields) != len(columns):
                        raise ExtractRefused(
                            f"{file.name}, line {reader.line_num}: {len(fields)} fields, "
                            f"not {len(columns)}."
                        )
                    yield AscRow(
                        file.name, reader.line_num, dict(zip(columns, fields, strict=True))
                    )
            except (csv.Error, UnicodeDecodeError) as error:
                raise ExtractRefused(f"{file.name}, line {reader.line_num}: {error}.") from None
