"""Brings an extract into a running system: kinds in order, batches, rejects, resume, report."""

import fcntl
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from sheaf import institutions
from sheaf.extract.contract import CONTRACT, KIND_BY_NAME
from sheaf.extract.journal import Journal, cannot_write, sha256_of
from sheaf.extract.loading import Work, load_file
from sheaf.extract.manifest import Extract, open_extract
from sheaf.extract.problems import ImportStopped
from sheaf.extract.progress import Meter, meter, wait_until_settled
from sheaf.extract.reader import check_opens
from sheaf.extract.rejects import gather
from sheaf.extract.report import KindReport, Report
from sheaf.extract.sender import PATIENCE_SECONDS, Sender
from sheaf.running import Running, heard

HEAR_SECONDS = 60.0


def import_extract(  # noqa: PLR0913 - the command's options
    running: Running,
    path: Path,
    console: Console,
    *,
    again: bool = False,
    rejects_limit: int | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Report:
    """Load the extract at `path`, wait until everything is calculated, and report by kind.

    Every header is checked before the first row is sent. Raises `ExtractRefused` or
    `ImportStopped`; after the latter the same call continues where it stopped.
    """
    extract = open_extract(path)
    for kind, file in extract.files:
        check_opens(file, KIND_BY_NAME[kind], _name(extract, file))
    imports = running.data_dir / "imports"
    with _alone(imports), meter(console) as display:
        sender = Sender(
            running,
            extract.institution,
            patience_seconds=patience_seconds,
            on_wait=display.waiting,
        )

        def hear(service: str) -> None:
            """Let the service read of the records that its own refer to; else it parks them."""
            heard(running, service, HEAR_SECONDS)

        try:
            work = _plan(extract, sender, imports, again=again)
            folder = _run_folder(imports, extract)
            report = _load(work, sender, display, rejects_limit, folder, hear=hear)
            if report.taken:
                institutions.note(running.data_dir, extract.institution)
        finally:
            sender.close()
    wait_until_settled(running, console)
    return report


def _plan(extract: Extract, sender: Sender, imports: Path, *, again: bool) -> list[Work]:
    """Find for every file the journal kept for this content against this very database."""
    epochs: dict[str, str] = {}
    work = []
    for kind_name, file in extract.files:
        kind = KIND_BY_NAME[kind_name]
        if kind.service not in epochs:
            epochs[kind.service] = _safe(sender.epoch(kind.service))
        folder = imports / "journal" / f"{kind.service}-{epochs[kind.service]}"
        contract = _safe(CONTRACT)
        key = f"{contract}-{_safe(extract.institution)}-{kind.name}-{sha256_of(file)}"
        try:
            journal = Journal(folder, key, again=again)
        except OSError as error:
            raise cannot_write(folder, error) from error
        work.append(Work(kind, file, _name(extract, file), journal))
    return work


def _load(  # noqa: PLR0913 - what the loop needs of the import
    work: list[Work],
    sender: Sender,
    display: Meter,
    limit: int | None,
    run_folder: Path,
    *,
    hear: Callable[[str], None],
) -> Report:
    kinds: dict[str, KindReport] = {}
    rejects: dict[str, list[Path]] = {}
    loaded: set[str] = set()
    for item in work:
        kind = item.kind.name
        if item.kind.service not in loaded:
            hear(item.kind.service)
            loaded.add(item.kind.service)
        begun = time.monotonic()
        before = item.journal.progress
        display.start(kind, item.file, before.rows)
        if not before.clean:
            others = sum(report.rejected for report in kinds.values())
            load_file(item, sender, display, None if limit is None else limit - others)
        display.finish()
        done = item.journal.progress
        if done.rejected:
            rejects.setdefault(kind, []).append(item.journal.rejects_file)
        kinds[kind] = kinds.get(kind, KindReport(kind)).plus(
            done, seconds=time.monotonic() - begun, as_before=before.clean, resumed=before.line > 0
        )
    folder = gather(rejects, run_folder) if rejects else None
    return Report(tuple(kinds.values()), folder)


@contextmanager
def _alone(imports: Path) -> Iterator[None]:
    """Hold the lock of this data directory's imports, or say that another one runs."""
    try:
        imports.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (imports / "lock").open("w")
    except OSError as error:
        raise cannot_write(imports, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ImportStopped(
                "Another import runs on this data directory.", "Wait until it has finished."
            ) from None
        yield


def _run_folder(imports: Path, extract: Extract) -> Path:
    begun = datetime.now(UTC)  # noqa: TID251 - names the folder of this run; nothing decides by it
    return imports / f"{_safe(extract.folder.resolve().name)}-{begun:%Y%m%dT%H%M%S%fZ}"


def _name(extract: Extract, file: Path) -> str:
    return file.relative_to(extract.folder).as_posix()


def _safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)
