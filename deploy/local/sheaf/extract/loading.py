"""Sends one file batch by batch, and keeps in its journal what was answered."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from sheaf.extract.contract import Kind
from sheaf.extract.journal import Journal, RejectedRow
from sheaf.extract.problems import ImportStopped
from sheaf.extract.progress import Meter
from sheaf.extract.reader import read
from sheaf.extract.record import Record, Reject
from sheaf.extract.sender import Answer, Sender

BATCH_LINES = 5_000
BATCH_CHARACTERS = 4 << 20


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
    """Send the file's lines beyond those acknowledged, keeping count batch by batch."""
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
    journal = item.journal
    journal.record(replace(journal.progress, finished=True), ())


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
    rejects = [
        *(RejectedRow(item.name, r.line, r.code, r.reason, r.original) for r in batch.rejects),
        *(
            RejectedRow(item.name, r.line, r.code, r.reason, originals[r.line])
            for r in answer.rejected
        ),
    ]
    rejects.sort(key=lambda row: row.line)
    done = item.journal.progress
    rows = len(batch.records) + len(batch.rejects)
    item.journal.record(
        replace(
            done,
            line=batch.line,
            rows=done.rows + rows,
            accepted=done.accepted + answer.accepted,
            unchanged=done.unchanged + answer.unchanged,
            parked=done.parked + answer.parked,
            rejected=done.rejected + len(rejects),
        ),
        rejects,
    )
    display.answered(rows, batch.position)
    if limit is not None and item.journal.progress.rejected > limit:
        raise ImportStopped(
            f"{item.name}: more rows were rejected than the limit allows, last: "
            f"line {rejects[-1].line if rejects else batch.line}.",
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
