"""Sends one file batch by batch, and keeps in its journal what was answered."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from sheaf.extract import columns
from sheaf.extract.contract import Kind
from sheaf.extract.journal import Journal, RejectedRow
from sheaf.extract.problems import ImportStopped
from sheaf.extract.progress import Meter
from sheaf.extract.reader import read
from sheaf.extract.record import Record, Reject
from sheaf.extract.sender import Answer, Sender

BATCH_LINES = 5_000
BATCH_CHARACTERS = 4 << 20
BY_COLUMN, BY_COLUMN_BYTES = frozenset({"postings"}), 4 << 20


@dataclass(slots=True)
class _Batch:
    """Lines that are sent and journaled together; `line` is the last of them.

    `position` counts the file's characters up to there.
    """

    records: list[Record] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    line: int = 0
    characters: int = 0
    position: int = 0

    def add(self, item: Record | Reject) -> None:
        if isinstance(item, Record):
            self.records.append(item)
        else:
            self.rejects.append(item)
        self.line = item.line
        self.characters += len(item.original) + 1

    @property
    def full(self) -> bool:
        lines = len(self.records) + len(self.rejects)
        return lines >= BATCH_LINES or self.characters >= BATCH_CHARACTERS


@dataclass(frozen=True, slots=True)
class Work:
    """One file of the extract, and what was done of it before."""

    kind: Kind
    file: Path
    name: str
    journal: Journal


def load_file(item: Work, sender: Sender, display: Meter, limit: int | None) -> None:
    """Send the file's lines beyond those acknowledged, keeping count of what was answered.

    As columns where that is quicker and the service takes them, else line by line.
    """
    if not _load_columns(item, sender, display, limit):
        _load_lines(item, sender, display, limit)
    journal = item.journal
    journal.record(replace(journal.progress, finished=True), ())


def _load_columns(item: Work, sender: Sender, display: Meter, limit: int | None) -> bool:
    """Send the file part by part; False when the rest of it is for the lines."""
    if (
        item.kind.name not in BY_COLUMN
        or item.file.stat().st_size < BY_COLUMN_BYTES
        or not columns.fits(item.file, item.kind, item.name)
    ):
        return False
    for part in columns.parts(item.file, item.kind, item.name, item.journal.progress.line):
        answer = sender.send_columns(item.kind, part)
        if answer is None:
            return False
        refused = {one.line for one in answer.rejected}
        shown = columns.originals(item.file, item.kind, item.name, refused)
        _keep(item, part.line, part.rows, part.rejects, answer, shown, limit)
        display.answered(part.rows, part.position)
    return True


def _load_lines(item: Work, sender: Sender, display: Meter, limit: int | None) -> None:
    pending: deque[tuple[_Batch, Future[Answer]]] = deque()
    with ThreadPoolExecutor(max_workers=item.kind.in_flight) as pool:
        try:
            for batch in _batches(item):
                pending.append((batch, pool.submit(_send, sender, item.kind, batch)))
                if len(pending) > item.kind.in_flight:
                    _settle_oldest(item, pending, display, limit)
            while pending:
                _settle_oldest(item, pending, display, limit)
        finally:
            for _, future in pending:
                future.cancel()


def _send(sender: Sender, kind: Kind, batch: _Batch) -> Answer:
    if not batch.records:
        return Answer(0, 0, 0, ())
    return sender.send(kind, batch.records)


def _settle_oldest(
    item: Work,
    pending: deque[tuple[_Batch, Future[Answer]]],
    display: Meter,
    limit: int | None,
) -> None:
    batch, future = pending.popleft()
    answer = future.result()
    originals = {record.line: record.original for record in batch.records}
    rows = len(batch.records) + len(batch.rejects)
    _keep(item, batch.line, rows, batch.rejects, answer, originals, limit)
    display.answered(rows, batch.position)


def _keep(  # noqa: PLR0913, PLR0917 - what is known of some lines once they are answered
    item: Work,
    line: int,
    rows: int,
    rejected_here: Sequence[Reject],
    answer: Answer,
    originals: Mapping[int, str],
    limit: int | None,
) -> None:
    """Journal what became of the lines up to `line`; stop where more were rejected than may be."""
    rejects = [
        *(RejectedRow(item.name, r.line, r.code, r.reason, r.original) for r in rejected_here),
        *(
            RejectedRow(item.name, r.line, r.code, r.reason, originals[r.line])
            for r in answer.rejected
        ),
    ]
    rejects.sort(key=lambda row: row.line)
    done = item.journal.progress
    item.journal.record(
        replace(
            done,
            line=line,
            rows=done.rows + rows,
            accepted=done.accepted + answer.accepted,
            unchanged=done.unchanged + answer.unchanged,
            parked=done.parked + answer.parked,
            rejected=done.rejected + len(rejects),
        ),
        rejects,
    )
    if limit is not None and item.journal.progress.rejected > limit:
        raise ImportStopped(
            f"{item.name}: more rows were rejected than the limit allows, last: "
            f"line {rejects[-1].line if rejects else line}.",
            f"See {item.journal.rejects_file}.",
        )


def _batches(item: Work) -> Iterator[_Batch]:
    batch = _Batch()
    position = 0
    acknowledged = item.journal.progress.line
    for row in read(item.file, item.kind, item.name):
        position += len(row.original) + 1
        if row.line <= acknowledged:
            continue
        batch.add(row)
        batch.position = position
        if batch.full:
            yield batch
            batch = _Batch()
    if batch.line:
        yield batch
