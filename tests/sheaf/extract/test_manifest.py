"""extract.json: what describes an extract, and every way it is refused."""

import json
from datetime import date

import pytest
from sheaf.extract.manifest import open_extract
from sheaf.extract.problems import ExtractRefused

GOOD = {
    "contract": "sheaf-bank-extract/1",
    "institution": "SHEAF",
    "as_of": "2025-12-31",
    "files": {"postings": ["p/1.csv", "p/2.csv"], "institutions": ["institutions.csv"]},
    "scheme": "scheme.yaml",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "p").mkdir()
    for name in ("institutions.csv", "p/1.csv", "p/2.csv", "scheme.yaml"):
        (tmp_path / name).touch()
    return tmp_path


def describe(folder, **changes):
    (folder / "extract.json").write_text(json.dumps({**GOOD, **changes}))


def test_files_come_in_load_order(folder):
    describe(folder)
    extract = open_extract(folder)
    assert (extract.institution, extract.as_of) == ("SHEAF", date(2025, 12, 31))
    assert [(kind, file.relative_to(folder).as_posix()) for kind, file in extract.files] == [
        ("institutions", "institutions.csv"),
        ("scheme", "scheme.yaml"),
        ("postings", "p/1.csv"),
        ("postings", "p/2.csv"),
    ]
    assert open_extract(folder / "extract.json") == extract


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"contract": "sheaf-bank-extract/2"},
            (
                "extract.json is of contract 'sheaf-bank-extract/2'; "
                "this version reads 'sheaf-bank-extract/1'."
            ),
        ),
        ({"institution": ""}, "extract.json: institution must be the code of one institution."),
        ({"as_of": "31.12.2025"}, "extract.json: as_of must be a day such as 2025-12-31."),
        ({"author": "me"}, "extract.json: unknown field 'author'."),
        ({"files": []}, "extract.json: files must map each kind to a list of files."),
        ({"files": {}}, "extract.json: files: institutions is missing."),
        ({"files": {"clients": []}}, "extract.json: files: unknown kind 'clients'."),
        (
            {"files": {"institutions": "institutions.csv"}},
            "extract.json: files: institutions must be a list of file names.",
        ),
        (
            {"files": {"institutions": ["institutions.csv"] * 2}},
            "extract.json: files: institutions names one file twice.",
        ),
        (
            {"files": {"institutions": ["../institutions.csv"]}},
            "extract.json: '../institutions.csv' must be a path inside the extract's folder.",
        ),
    ],
)
def test_a_wrong_description_is_refused(folder, changes, said):
    describe(folder, **changes)
    with pytest.raises(ExtractRefused) as refused:
        open_extract(folder)
    assert str(refused.value) == said


def test_a_file_that_is_not_there_is_named(folder):
    describe(folder)
    (folder / "p" / "2.csv").unlink()
    with pytest.raises(ExtractRefused) as refused:
        open_extract(folder)
    assert str(refused.value) == (
        f"extract.json names p/2.csv, and there is no such file in {folder}."
    )


def test_a_folder_without_description_is_no_extract(tmp_path):
    with pytest.raises(ExtractRefused) as refused:
        open_extract(tmp_path)
    assert str(refused.value) == f"{tmp_path} is not a bank extract: it has no extract.json."
