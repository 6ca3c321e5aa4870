"""The description of an extract, extract.json: which institution, which day, which files."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from sheaf.extract.contract import CONTRACT, FILE_KINDS, KIND_BY_NAME
from sheaf.extract.problems import ExtractRefused

FILE_NAME = "extract.json"
KNOWN_FIELDS = {"contract", "institution", "as_of", "files", "scheme"}


@dataclass(frozen=True, slots=True)
class Extract:
    """An extract folder whose description was found to be in order; `files` is in load order."""

    folder: Path
    institution: str
    as_of: date
    files: tuple[tuple[str, Path], ...]


def open_extract(path: Path) -> Extract:
    """Read the description in folder `path` (or the description itself) and find its files.

    Raises `ExtractRefused` when the description is missing, is of another contract, names an
    unknown kind, or names a file that is not there or lies outside the folder.
    """
    folder = path.parent if path.name == FILE_NAME else path
    document = _document(folder / FILE_NAME)
    institution = document.get("institution")
    if not isinstance(institution, str) or not institution.strip():
        raise ExtractRefused(f"{FILE_NAME}: institution must be the code of one institution.")
    try:
        as_of = date.fromisoformat(str(document.get("as_of")))
    except ValueError:
        raise ExtractRefused(f"{FILE_NAME}: as_of must be a day such as 2025-12-31.") from None
    return Extract(folder, institution, as_of, tuple(_files(folder, document)))


def _document(file: Path) -> dict[str, object]:
    try:
        document = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise ExtractRefused(
            f"{file.parent} is not a bank extract: it has no {FILE_NAME}."
        ) from None
    except OSError as error:
        raise ExtractRefused(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ExtractRefused(f"{FILE_NAME} is not JSON in UTF-8: {error}.") from None
    if not isinstance(document, dict):
        raise ExtractRefused(f"{FILE_NAME} must hold one JSON object.")
    contract = document.get("contract")
    if contract != CONTRACT:
        raise ExtractRefused(
            f"{FILE_NAME} is of contract {contract!r}; this version reads {CONTRACT!r}."
        )
    if unknown := sorted(set(document) - KNOWN_FIELDS):
        raise ExtractRefused(f"{FILE_NAME}: unknown field {unknown[0]!r}.")
    return document


def _files(folder: Path, document: dict[str, object]) -> list[tuple[str, Path]]:
    files = document.get("files")
    if not isinstance(files, dict):
        raise ExtractRefused(f"{FILE_NAME}: files must map each kind to a list of files.")
    names = {kind.name for kind in FILE_KINDS}
    if unknown := sorted(set(files) - names):
        raise ExtractRefused(f"{FILE_NAME}: files: unknown kind {unknown[0]!r}.")
    if not files.get("institutions"):
        raise ExtractRefused(f"{FILE_NAME}: files: institutions is missing.")
    found: list[tuple[str, Path]] = []
    for kind in KIND_BY_NAME:
        listed = files.get(kind, [])
        if kind == "scheme":
            scheme = document.get("scheme")
            listed = [] if scheme is None else [scheme]
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            raise ExtractRefused(f"{FILE_NAME}: files: {kind} must be a list of file names.")
        if len(set(listed)) != len(listed):
            raise ExtractRefused(f"{FILE_NAME}: files: {kind} names one file twice.")
        found.extend((kind, _inside(folder, name)) for name in listed)
    return found


def _inside(folder: Path, name: str) -> Path:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or "\\" in name or not relative.parts:
        raise ExtractRefused(f"{FILE_NAME}: {name!r} must be a path inside the extract's folder.")
    file = folder / relative
    if not file.is_file():
        raise ExtractRefused(f"{FILE_NAME} names {name}, and there is no such file in {folder}.")
    return file
