"""The rejects of a run, one file a kind, for the bank to read and put right."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from sheaf.extract.journal import cannot_write

HEADER = b"file,line,code,reason,row\n"


def gather(parts: Mapping[str, Sequence[Path]], run_folder: Path) -> Path:
    """Write `rejects/<kind>.csv` of this run from each file's rejects; returns the folder.

    Raises `ImportStopped` when the disk is full; then the run has no rejects folder at all.
    """
    folder = run_folder / "rejects"
    draft = run_folder / ".rejects"
    try:
        draft.mkdir(parents=True, mode=0o700)
        for kind, files in parts.items():
            with (draft / f"{kind}.csv").open("xb") as target:
                target.write(HEADER)
                for file in files:
                    with file.open("rb") as source:
                        shutil.copyfileobj(source, target)
            (draft / f"{kind}.csv").chmod(0o600)
        draft.rename(folder)
    except OSError as error:
        shutil.rmtree(run_folder, ignore_errors=True)
        raise cannot_write(run_folder, error) from error
    return folder
