"""Postings in bulk as columns: one Arrow stream a request, answered like lines."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any, ClassVar

import pyarrow as pa
from fastapi import APIRouter, Depends, Request
from kit.audit import counted
from kit.audit.acts import Act, acting
from kit.identity import Principal, Verifier
from kit.intake import Answer, Rejected, Take, TakeWhole, parse
from kit.problem import Problem, TooLarge
from pydantic import BaseModel

from scoring.archive.columns import NotColumnsError, check
from scoring.domain.problems import ArchiveFull
from scoring.operations.archiving import Keeping
from scoring.operations.bulk import Row, record_columns
from scoring.operations.calm import Calm

MAX_BYTES, MAX_ROWS = 2 << 30, 4_000_000
LINES_AT_ONCE = 20_000


class NotColumns(Problem):
    """The body is no Arrow stream of postings as they are taken in columns; send them as lines."""

    code: ClassVar[str] = "NOT_COLUMNS"
    status: ClassVar[int] = 415


def columns(
    verifier: Verifier,
    keeping: Keeping,
    calm: Calm,
    postings: tuple[type[BaseModel], Take, TakeWhole],
    clock: Callable[[], datetime],
) -> APIRouter:
    """Serve `POST /ingest/postings/columns` to callers that hold `ingest:write`."""
    router = APIRouter(prefix="/ingest/postings")
    loader = Depends(verifier.needs("ingest:write"))

    @router.post("/columns")
    async def take(request: Request, principal: Annotated[Principal, loader]) -> dict[str, Any]:
        principal.must_belong()

        async def by_line(rows: Sequence[Row]) -> Answer:
            return await _by_line(principal, rows, *postings)

        with calm.disturbed(MAX_ROWS), _spooled(keeping.archive.root) as file:
            await _receive(request, file)
            table = await asyncio.to_thread(_table, file)
            with acting(Act(principal, "ingest/postings/columns")):
                answer = await record_columns(
                    keeping, principal.institution, table, by_line, at=clock()
                )
        return asdict(answer)

    return router


@contextmanager
def _spooled(root: Path) -> Iterator[Path]:
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(prefix=".arriving-", dir=root) as file:
            yield Path(file.name)
    except OSError as error:
        raise ArchiveFull(f"The archive cannot be written ({error.strerror}); make room.") from None


async def _receive(request: Request, file: Path) -> None:
    size = 0
    with file.open("wb") as stream:
        async for part in request.stream():
            size += len(part)
            if size > MAX_BYTES:
                raise TooLarge(f"Send at most {MAX_BYTES} bytes at once; split the table.")
            stream.write(part)


def _table(file: Path) -> pa.Table:
    try:
        with pa.memory_map(str(file)) as source:
            table = pa.ipc.open_stream(source).read_all()
        check(table.schema)
        table.validate(full=True)
    except (pa.ArrowException, NotColumnsError) as error:
        raise NotColumns(f"{str(error).splitlines()[0]}; send these postings as lines.") from None
    if table.num_rows > MAX_ROWS:
        raise TooLarge(f"Send at most {MAX_ROWS} postings at once; split the table.")
    return table


async def _by_line(
    who: Principal, rows: Sequence[Row], model: type[BaseModel], take: Take, whole: TakeWhole
) -> Answer:
    """Hand rows to the intake of lines, many at a time, and name the file's lines.

    Whatever of them can be taken at once is, as of a body of lines.
    """
    accepted = unchanged = parked = 0
    rejected: list[Rejected] = []
    for start in range(0, len(rows), LINES_AT_ONCE):
        some = rows[start : start + LINES_AT_ONCE]
        lines = await asyncio.to_thread(_lines, some)
        bad: list[Rejected] = []
        answer = await whole(who, lines)
        if answer is None:
            good, bad = await asyncio.to_thread(parse, lines, model)
            counted(rejected=len(bad))
            answer = await take(who, good) if good else Answer()
        accepted += answer.accepted
        unchanged += answer.unchanged
        parked += answer.parked
        rejected.extend(
            Rejected(int(str(some[one.line - 1]["line"])), one.code, one.reason)
            for one in sorted([*bad, *answer.rejected], key=lambda one: one.line)
        )
    return Answer(accepted, unchanged, parked, rejected)


def _lines(rows: Sequence[Row]) -> bytes:
    lines = [
        json.dumps({key: value for key, value in row.items() if key != "line"}, default=_plain)
        for row in rows
    ]
    return "\n".join(lines).encode()


def _plain(value: object) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError
