"""How the archive's files look, where they lie, and what is known of each."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa

from scoring.domain.problems import ArchiveUnavailable

_INSTANT = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        pa.field(name, kind, nullable=False)
        for name, kind in {
            "account_id": pa.string(),
            "value_date": pa.date32(),
            "id": pa.string(),
            "amount_minor": pa.int64(),
            "booked_at": _INSTANT,
            "channel": pa.string(),
            "kind": pa.string(),
            "purpose": pa.string(),
            "counterparty": pa.string(),
            "recorded_at": _INSTANT,
        }.items()
    ]
)
WITH_FINGERPRINTS = SCHEMA.append(pa.field("key", pa.uint64(), nullable=False)).append(
    pa.field("seal", pa.uint64(), nullable=False)
)
ORDER = ("account_id", "value_date", "id")
POSTINGS, IDS = "postings", "ids"
ROWS_A_FILE, ROWS_A_GROUP = 1 << 18, 1 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file as the manifest knows it.

    A segment is what one step wrote of one month: files of postings, of which each covers the
    accounts from `first_account` through `last_account`, and one file of all their ids. Nothing in
    it was recorded after `recorded_through`.
    """

    institution: str
    name: str
    holds: str
    month: date
    segment: str
    generation: int
    rows: int
    bytes: int
    sha256: str
    recorded_through: datetime
    first_account: str = ""
    last_account: str = ""

    def may_hold(self, account_ids: list[str]) -> bool:
        """Tell whether one of the ids, which are in order, can be among its accounts."""
        return (
            self.holds == POSTINGS
            and account_ids[0] <= self.last_account
            and account_ids[-1] >= self.first_account
        )


def folder_of(institution: str) -> str:
    """Return the name of an institution's folder, whatever its code is made of."""
    return f"institution={quote(institution, safe='')}"


def path_of(root: Path, file: File) -> Path:
    """Return where a file lies."""
    month = f"month={file.month:%Y-%m}"
    return root / folder_of(file.institution) / month / file.name


def verify(root: Path, file: File) -> None:
    """Read the whole file; raise `ArchiveUnavailable` unless it is what was written."""
    check_size(root, file)
    with path_of(root, file).open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != file.sha256:
        raise damaged(root, file, "its content is not what was written")


def check_size(root: Path, file: File) -> None:
    """Raise `ArchiveUnavailable` when the file is missing or of another size."""
    try:
        size = path_of(root, file).stat().st_size
    except OSError as error:
        raise damaged(root, file, f"it cannot be opened ({error.strerror})") from None
    if size != file.bytes:
        raise damaged(root, file, f"it has {size} bytes, not {file.bytes}")


def damaged(root: Path, file: File, what: str) -> ArchiveUnavailable:
    """Say which file is damaged, how, and what to do."""
    return ArchiveUnavailable(
        f"The archive's file {path_of(root, file).relative_to(root)} is damaged: {what}. "
        "Put it back from the backup, then let `python -m scoring archive verify` check all files."
    )
