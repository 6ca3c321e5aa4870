"""Files that nobody knows are swept away, and the manifest is repeated beside the files."""

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from scoring.archive.layout import File, folder_of, path_of
from scoring.archive.writer import DRAFT, sync_folder

MANIFEST = "manifest.json"


def sweep(root: Path, institution: str, known: Iterable[str], before: datetime) -> int:
    """Remove an institution's files last written before that, except those known by name."""
    kept = {*known, MANIFEST}
    removed = 0
    for path in (root / folder_of(institution)).rglob("*"):
        if path.is_file() and path.name not in kept:
            with suppress(FileNotFoundError):  # another process was first
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()
                    removed += 1
    return removed


def sweep_rooms(root: Path, before: datetime) -> None:
    """Remove the folders of work on many postings that a kill left behind before that."""
    for path in (*root.glob(".sheet-*"), *root.glob(".sorting-*")):
        with suppress(FileNotFoundError):  # another process was first
            if path.stat().st_mtime < before.timestamp():
                shutil.rmtree(path)


def remove(root: Path, files: Iterable[File]) -> None:
    """Remove files that were struck off the manifest."""
    for file in files:
        path_of(root, file).unlink(missing_ok=True)


def write_manifest(root: Path, institution: str, files: Sequence[File]) -> None:
    """Write which files count, for engines that read them without asking the database."""
    folder = root / folder_of(institution)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    listed = [asdict(file) | {"month": f"{file.month:%Y-%m}"} for file in files]
    content = json.dumps({"institution": institution, "files": listed}, indent=1, default=str)
    draft = folder / f".{MANIFEST}.{os.getpid()}{DRAFT}"
    with draft.open("w") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.rename(folder / MANIFEST)
    sync_folder(folder)
