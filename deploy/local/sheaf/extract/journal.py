"""What was acknowledged of one file, kept so that the same import continues where it stopped."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import NamedTuple

from sheaf.extract.problems import ImportStopped


class RejectedRow(NamedTuple):
    """One line of a rejects file."""

    file: str
    line: int
    code: str
    reason: str
    row: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts over the acknowledged lines; `line` is the last one, `rejects_bytes` their rejects."""

    line: int = 0
    rows: int = 0
    accepted: int = 0
    unchanged: int = 0
    parked: int = 0
    rejected: int = 0
    rejects_bytes: int = 0
    finished: bool = False

    @property
    def clean(self) -> bool:
        """Whether the whole file went in, so that there is nothing to gain from sending it again.

        A file with rejects is sent again: what was missing then may be there now.
        """
        return self.finished and not self.rejected


def sha256_of(file: Path) -> str:
    """Digest of a file's content, read in pieces."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Journal:
    """Progress and rejects of one file against one database, on disk.

    `folder` belongs to one database (one feed epoch): a fresh database has an empty folder. The
    rejects are written before the progress that counts them, and what a crash left beyond that
    is cut off on opening.
    """

    def __init__(self, folder: Path, key: str, *, again: bool = False) -> None:
        self._progress_file = folder / f"{key}.json"
        self.rejects_file = folder / f"{key}.rejects.csv"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.progress = Progress() if again else self._load()
        if self.progress.finished and not self.progress.clean:
            self.progress = Progress()
        self._cut()

    def record(self, progress: Progress, rejects: Sequence[RejectedRow]) -> None:
        """Keep that the lines up to `progress.line` were answered, with these rejects.

        Raises `ImportStopped` when the disk is full; then the journal stands as it was.
        """
        try:
            size = self._append(rejects) if rejects else self.progress.rejects_bytes
            kept = _replace(progress, rejects_bytes=size)
            write_atomically(self._progress_file, json.dumps(asdict(kept)).encode())
        except OSError as error:
            raise cannot_write(self._progress_file.parent, error) from error
        self.progress = kept

    def _append(self, rejects: Sequence[RejectedRow]) -> int:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rejects)
        with self.rejects_file.open("ab") as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(text.getvalue().encode())
            stream.flush()
            os.fsync(stream.fileno())
            return stream.tell()

    def _load(self) -> Progress:
        try:
            found = json.loads(self._progress_file.read_bytes())
            return Progress(**{field.name: found[field.name] for field in fields(Progress)})
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return Progress()

    def _cut(self) -> None:
        if self.rejects_file.exists():
            os.truncate(self.rejects_file, self.progress.rejects_bytes)


def _replace(progress: Progress, *, rejects_bytes: int) -> Progress:
    return Progress(**{**asdict(progress), "rejects_bytes": rejects_bytes})


def write_atomically(file: Path, content: bytes) -> None:
    """Replace `file` in one step; on failure it stays as it was and nothing is left behind."""
    draft = file.with_name(f".{file.name}.draft")
    try:
        with draft.open("wb") as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def cannot_write(folder: Path, error: OSError) -> ImportStopped:
    """Say which folder could not be written and why."""
    return ImportStopped(
        f"{folder} cannot be written: {error.strerror}.",
        "Make room there and run the same import again; it continues where it stopped.",
    )
