"""Writes whole banks as bank extracts, in any number of processes; the description comes last."""

import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from simulator import books, defects, report, tables
from simulator.block import BOOKS, PARTS, POSTINGS, Made, Plan, make
from simulator.contract import CONTRACT, KINDS, MANIFEST
from simulator.defects import Damage
from simulator.figures import Figures, nothing
from simulator.files import Form, Format, kept
from simulator.organisation import INSTITUTION
from simulator.span import Integers

MOST_CUSTOMERS, MOST_MONTHS, MOST_INSTITUTIONS, MOST_DEFECTS = 10_000_000, 240, 100, 0.5
EARLIEST, LATEST = date(2012, 1, 1), date(2099, 12, 31)
LEDGER = "general_ledger"
TRUTHS = {
    "truth-customers": "truth/customers",
    "truth-groups": "truth/business_groups",
    "truth-managers": "truth/manager_shares",
    "truth-responses": "truth/responses",
    "truth-contribution": "truth/contribution",
}
JOINED = (
    "customers",
    "groups",
    "group_members",
    "accounts",
    "account_holders",
    "cards",
    "consents",
    "loans",
)
Told = Callable[[int, int], None]


def write_bank(  # noqa: PLR0913 - what a bank is to be like
    out: Path,
    *,
    customers: int,
    months: int,
    seed: int,
    as_of: date,
    format: Format = "csv",  # noqa: A002 - the word of the command's option
    institutions: int = 1,
    defects: float = 0.0,
    processes: int = 1,
    with_report: bool = False,
    told: Told = lambda _done, _of: None,
) -> tuple[Figures, ...]:
    """Write a bank's extract and its truth to the new folder `out`: the same seed, the same bytes.

    The history covers the `months` calendar months up to the business day `as_of`. With several
    `institutions` each gets a folder of its own in `out`, with so many customers. `told` hears
    how many blocks of customers are done. Raises `FileExistsError` when `out` holds anything,
    `ValueError` for a bank that cannot be, `OSError` when it cannot be written; what was begun
    is removed then.
    """
    _check(customers, months, seed, as_of, institutions, defects, processes)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} is not empty; name a new folder.")
    plans = [
        Plan(
            out if institutions == 1 else out / _code(place),
            customers,
            months,
            seed,
            as_of,
            format,
            defects,
            place,
            INSTITUTION if institutions == 1 else _code(place),
        )
        for place in range(institutions)
    ]
    was_there = out.exists()
    try:
        return _write(plans, processes, told, with_report=with_report)
    except BaseException:
        _clear(out)
        if not was_there and out.is_dir():
            out.rmdir()
        raise


def _clear(out: Path) -> None:
    """Remove what was begun, so that nothing looks like a bank and the disk is free again."""
    for child in out.iterdir() if out.is_dir() else ():
        if child.is_dir():
            shutil.rmtree(child, ignore_errors=True)
        else:
            child.unlink(missing_ok=True)


def _write(
    plans: Sequence[Plan], processes: int, told: Told, *, with_report: bool
) -> tuple[Figures, ...]:
    work = [(plan, block) for plan in plans for block in range(plan.blocks)]
    found: dict[int, list[Made]] = {plan.institution: [] for plan in plans}
    for plan in plans:
        (plan.out / PARTS).mkdir(parents=True)
    for count, (plan, made) in enumerate(_made(work, processes), 1):
        found[plan.institution].append(made)
        told(count, len(work))
    all_figures = []
    for plan in plans:
        blocks = sorted(found[plan.institution], key=lambda one: one.block)
        figures = nothing(plan.when)
        for one in blocks:
            figures.add(one.figures)
        _finish(plan, blocks)
        if with_report:
            report.write(plan, figures, plan.out / "report.html")
        _describe(plan)
        all_figures.append(figures)
    return tuple(all_figures)


def _made(work: Sequence[tuple[Plan, int]], processes: int) -> Iterator[tuple[Plan, Made]]:
    """Make all blocks, in any order."""
    if processes == 1 or len(work) == 1:
        yield from ((plan, make(plan, block)) for plan, block in work)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(work)), context) as pool:
        futures: dict[Future[Made], Plan] = {
            pool.submit(make, plan, block): plan for plan, block in work
        }
        try:
            for future in as_completed(futures):
                yield futures.pop(future), future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _finish(plan: Plan, made: Sequence[Made]) -> None:
    """Join the blocks' parts, and write what belongs to the bank as a whole."""
    form = Form(plan.format)
    for kind, table in tables.whole(plan).items():
        form.write([table], table.schema, plan.out / form.file(kind))
    for kind, stem in (*((kind, kind) for kind in JOINED), *TRUTHS.items()):
        _join(plan, form, kind, stem)
    if plan.defects:
        spoilt = _defects(form, made)
        form.write([spoilt], spoilt.schema, plan.out / form.file("truth/defects"))
    _close_the_books(plan, form)
    tables.write_scheme(plan)
    (plan.out / PARTS).rmdir()


def _close_the_books(plan: Plan, form: Form) -> None:
    """Write the general ledger; a careless bank's has some totals wrong, told in the truth."""
    parts = kept(plan.part(BOOKS, block) for block in range(plan.blocks))
    ledger = books.table(books.totals(parts, plan.bank, plan.when))
    file = form.file(LEDGER)
    if plan.defects:
        rng = plan.stream(-1, "ledger")
        ledger, wrong = books.misled(ledger, plan.defects, rng, file, form.first_line)
        form.write([wrong], wrong.schema, plan.out / form.file("truth/ledger_differences"))
    form.write([ledger], ledger.schema, plan.out / file)


def _join(plan: Plan, form: Form, kind: str, stem: str) -> None:
    parts = kept(plan.part(kind, block) for block in range(plan.blocks))
    first = next(parts)

    def every() -> Iterator[pa.Table]:
        yield first
        for table in parts:
            yield table.cast(first.schema)

    form.write(every(), first.schema, plan.out / form.file(stem))


def _defects(form: Form, made: Sequence[Made]) -> pa.Table:
    """List the damage of every file by its lines; joined files go on counting."""
    before = dict.fromkeys(JOINED, 0)
    found = []
    for one in made:
        for kind, done in one.damage.items():
            file = POSTINGS.format(one.block) if kind == "postings" else kind
            start = form.first_line + before.get(kind, 0)
            found.append(_listed(kind, form.file(file), done, start))
        for kind, rows in one.rows.items():
            before[kind] += rows
    return pa.concat_tables(found)


def _listed(kind: str, file: str, done: Damage, start: int) -> pa.Table:
    def lines(rows: Integers) -> Integers:
        return rows + np.int64(start)

    return defects.listed(kind, file, done, lines)


def _describe(plan: Plan) -> None:
    form = Form(plan.format)
    parts = [form.file(POSTINGS.format(block)) for block in range(plan.blocks)]
    document = {
        "contract": CONTRACT,
        "institution": plan.code,
        "as_of": plan.as_of.isoformat(),
        "files": {**{kind: [form.file(kind)] for kind in KINDS}, "postings": parts},
        "scheme": "scheme.yaml",
    }
    draft = plan.out / f".{MANIFEST}"
    draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    draft.replace(plan.out / MANIFEST)


def _code(place: int) -> str:
    return f"{INSTITUTION}{place + 1:02}"


def _check(  # noqa: PLR0913, PLR0917 - every number a bank is made of
    customers: int,
    months: int,
    seed: int,
    as_of: date,
    institutions: int,
    share: float,
    processes: int,
) -> None:
    if customers < 1 or months < 1:
        raise ValueError("A bank has at least one customer and one month.")
    for what, value, most in (
        ("customers", customers, MOST_CUSTOMERS),
        ("months", months, MOST_MONTHS),
        ("institutions", institutions, MOST_INSTITUTIONS),
    ):
        if not 1 <= value <= most:
            raise ValueError(f"The number of {what} must be from 1 to {most:,}.")
    if not 0 <= share <= MOST_DEFECTS:
        raise ValueError(f"The share of damaged rows must be from 0 to {MOST_DEFECTS}.")
    if not EARLIEST <= as_of <= LATEST:
        raise ValueError(f"The business day must lie from {EARLIEST} to {LATEST}.")
    if seed < 0 or processes < 1:
        raise ValueError("The seed must not be negative, and at least one process is needed.")
