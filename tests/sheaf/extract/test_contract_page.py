"""The published contract and the importer's are one: kinds, order, columns, types, required."""

import re
from pathlib import Path

from sheaf.extract.contract import CONTRACT, KINDS

PAGE = Path(__file__).parents[3] / "docs" / "bank-extract.md"
TYPES = {
    "text": "text",
    "integer": "integer",
    "date": "day",
    "instant": "instant",
    "boolean": "true/false",
}


def test_the_page_lists_every_kind_and_column_as_the_importer_reads_them():
    text = PAGE.read_text(encoding="utf-8")
    section = text.split("## The kinds, in load order")[1].split("\n## ")[0]
    documented = {}
    for part in section.split("\n### ")[1:]:
        rows = re.findall(r"^\| (\w+) \| ([\w/]+) \| (yes|no) \|", part, re.MULTILINE)
        documented[part.split("\n")[0]] = rows
    assert list(documented) == [kind.name for kind in KINDS]
    assert documented == {
        kind.name: [
            (column.name, TYPES[column.form], "yes" if column.required else "no")
            for column in kind.columns
        ]
        for kind in KINDS
    }
    assert CONTRACT in text
