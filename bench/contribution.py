"""Contribution of whole banks: the engine against SQL written by hand, in DuckDB and PostgreSQL.

Every contender reads the same made-up year and gives the same sums by customer, month, account
and line; a difference ends the run. Each runs in a process of its own, so its memory is its own.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import contribution_sql as by_hand
import duckdb
import ibis
import yaml
from rich.console import Console
from rich.table import Table
from scoring.domain.months import Period
from scoring.domain.scheme_document import scheme_of
from scoring.engine.bank import Bank
from scoring.engine.calendar_months import Pricing
from scoring.engine.contribution import contribution
from sheaf.postgres import Cluster

HERE = Path(__file__).parent
SCHEME = HERE.parent / "services/scoring/schemes/example.yaml"
SIZES, FULL = (10_000, 100_000), 1_000_000
POSTGRES_MOST = 100_000
THREADS = 2
KIBIBYTE, TABLE_WIDTH = 1 << 10, 110
PERIOD = Period(date(2024, 1, 1), date(2024, 12, 1))
_HELD = """
copy (
  select 'CN62' || lpad(cast(c * 10 + k as varchar), 12, '0') as account,
    'C' || lpad(cast(c as varchar), 9, '0') as customer, 'P_' || line as product, line,
    'CNY' as currency, date '2020-01-01' + cast(hash(c, k) % 1700 as integer) as opened_on,
    case when hash(k, c) % 40 = 0 then date '2024-06-15' end as closed_on
  from range({customers}) t(c), (values (0, 'settlement', 100), (1, 'deposit', 40), (2, 'loan', 15))
    kinds(k, line, share) where hash(c, k, 1) % 100 < share order by account
) to '{folder}/accounts.parquet';
copy (
  select account, 100000000 as principal_minor, opened_on as granted_on, 36 as term_months,
    3000000 as instalment_minor, 'normal' as grade, 'postings' as balance_basis
  from '{folder}/accounts.parquet' where line = 'loan'
) to '{folder}/loans.parquet';
copy (
  select 'P_' || line as product, rate_kind, date '2023-01-01' as effective_from,
    case when rate_kind = 'transfer' then 24000 when line = 'loan' then 58000 else 9000 end
      as rate_ppm
  from (values ('settlement'), ('deposit'), ('loan')) lines(line),
    (values ('customer'), ('transfer')) kinds(rate_kind)
) to '{folder}/rates.parquet';
"""
_POSTED = """
copy (
  select 'CN62' || lpad(cast(c * 10 as varchar), 12, '0') as account,
    list_extract(['card_payment', 'transfer_out', 'transfer_in', 'cash_withdrawal', 'fee',
      'cash_deposit', 'wealth_purchase', 'fx_sale', 'card_payment', 'transfer_out'],
      1 + cast(h % 10 as integer)) as kind,
    list_extract(['pos', 'mobile', 'interbank', 'self_service', 'system', 'counter', 'online',
      'counter', 'mobile', 'interbank'], 1 + cast(h % 10 as integer)) as channel,
    case when h % 70 = 2 then 'salary' when h % 20 = 4 then 'card' else '' end as purpose,
    case when h % 10 in (2, 5, 7) then 1 else -1 end * cast(100 + h // 7 % 900000 as bigint)
      as amount_minor,
    date '{month}' + cast(h // 11 % {days} as integer) as value_date
  from (select c, hash(c, n, '{month}') as h from range({customers}) t(c), range({each}) u(n))
  union all
  select account, 'adjustment', 'system', '',
    case when line = 'loan' then -1 else 1 end * cast(1000 + hash(account, '{month}') % 90000000
      as bigint), date '{month}'
  from '{folder}/accounts.parquet' where hash(account, '{month}', 2) % 6 = 0
  order by account
) to '{folder}/postings-{month}.parquet' (row_group_size 245760);
"""


def make(customers: int, folder: Path) -> int:
    """Write a bank of about 100 postings a customer, a file a month; return how many."""
    with duckdb.connect(config={"threads": THREADS, "temp_directory": str(folder)}) as connection:
        connection.execute(_HELD.format(customers=customers, folder=folder))
        for place, month in enumerate(PERIOD):
            following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
            days, each = (following - month).days, 8 + (place % 4 == 0)
            words = {"customers": customers, "folder": folder, "month": month}
            connection.execute(_POSTED.format(days=days, each=each, **words))
        found = connection.execute(f"select count(*) from '{folder}/postings-*.parquet'").fetchone()
    return int(found[0]) if found else 0


def engine(folder: Path, out: Path) -> None:
    """Price with the engine."""
    backend = ibis.duckdb.connect(threads=THREADS, temp_directory=str(folder / "spill"))
    backend.raw_sql("set memory_limit = '5GB'; set preserve_insertion_order = false")

    def read(kind: str) -> ibis.Table:
        return backend.read_parquet(str(folder / f"{kind}.parquet"))

    bank = Bank(read("accounts"), read("postings-*"), read("loans"), read("rates"))
    scheme = scheme_of(yaml.safe_load(SCHEME.read_text()))
    found = contribution(bank, Pricing(PERIOD, date(2024, 12, 31), [scheme]))
    if backend.to_pyarrow(found.missing.limit(1)).num_rows:
        raise SystemExit("The made-up bank lacks something.")
    found.sums.to_parquet(out)


def hand_duckdb(folder: Path, out: Path) -> None:
    """Price with DuckDB's SQL."""
    config = {"threads": THREADS, "temp_directory": str(folder / "spill")}
    with duckdb.connect(config=config) as connection:
        connection.execute("set memory_limit = '5GB'; set preserve_insertion_order = false")
        for name in ("accounts", "loans", "rates"):
            connection.execute(f"create view {name} as from '{folder}/{name}.parquet'")
        connection.execute(
            "create view postings as select *, account as account_number "
            f"from '{folder}/postings-*.parquet'"
        )
        for statement in by_hand.PREPARE:
            connection.execute(by_hand.duckdb(statement))
        connection.execute(by_hand.duckdb(by_hand.SUMMED))
        connection.execute(by_hand.duckdb(by_hand.LINES_DUCKDB))
        connection.execute(f"copy ({by_hand.SUMS}) to '{out}' (format parquet)")


CONTENDERS = {"engine": engine, "duckdb": hand_duckdb}


def measured(contender: str, folder: Path, out: Path) -> dict[str, float]:
    """Run a contender in a process of its own."""
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, __file__, "--contender", contender, "--folder", folder, "--out", out],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def alone(contender: str, folder: Path, out: Path) -> None:
    """Be that process: tell seconds, processor seconds and the highest memory.

    The clock starts when the libraries are there: a process loads them once, not for each bank.
    """
    libraries_loaded()
    begun, worked = time.perf_counter(), time.process_time()
    CONTENDERS[contender](folder, out)
    seconds, processor = time.perf_counter() - begun, time.process_time() - worked
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "seconds": round(seconds, 2),
        "processor_seconds": round(processor, 2),
        "memory_mebibytes": used.ru_maxrss // KIBIBYTE,
    }
    sys.stdout.write(json.dumps(told))


def libraries_loaded() -> None:
    """Let DuckDB answer once by itself and through Ibis, which loads what it needs when asked."""
    with duckdb.connect() as connection:
        connection.execute("select 1").fetchall()
    backend = ibis.duckdb.connect()
    backend.to_pyarrow(ibis.memtable({"n": [1]}))
    backend.disconnect()


def hand_postgres(folder: Path, out: Path) -> dict[str, float]:
    """Price with PostgreSQL's SQL on loaded, analysed tables; loading is not counted."""
    with Cluster.temporary() as cluster, tempfile.TemporaryDirectory() as texts:
        server, place = cluster.server, Path(texts)
        with duckdb.connect() as connection:
            for name in ("accounts", "loans", "rates", "postings-*"):
                connection.execute(
                    f"copy (from '{folder}/{name}.parquet') to '{place}/{name[:8]}.csv' (header)"
                )
        place.chmod(0o755)
        server.sql(by_hand.POSTGRES_TABLES)
        for name in ("accounts", "loans", "rates", "postings"):
            server.sql(
                f"\\copy {name} from '{place}/{name}.csv' (format csv, header)\nanalyze {name}"
            )
        statements = [by_hand.postgres(one) for one in by_hand.PREPARE]
        statements += [by_hand.postgres(by_hand.SUMMED), "analyze summed"]
        statements += [
            by_hand.postgres(by_hand.LINES_POSTGRES),
            f"create table sums as {by_hand.SUMS}",
        ]
        begun = time.perf_counter()
        server.sql(";\n".join(["set work_mem = '1GB'", *statements]))
        seconds = time.perf_counter() - begun
        server.sql(f"\\copy sums to '{place}/sums.csv' (format csv, header)")
        with duckdb.connect() as connection:
            types = "{'month': 'date', 'account': 'varchar', 'amount_minor': 'bigint'}"
            connection.execute(
                f"copy (from read_csv('{place}/sums.csv', types = {types})) to '{out}'"
            )
    return {"seconds": round(seconds, 2)}


def differences(one: Path, other: Path) -> int:
    """Count the sums that only one of two results has."""
    columns = "customer, month, account, line, cast(amount_minor as bigint)"
    sums = [f"select {columns} from '{path}'" for path in (one, other)]
    with duckdb.connect(config={"threads": THREADS}) as connection:
        found = connection.execute(
            f"select (select count(*) from ({sums[0]} except all {sums[1]}))"
            f" + (select count(*) from ({sums[1]} except all {sums[0]}))"
        ).fetchone()
    return int(found[0]) if found else -1


def size(customers: int, rounds: int) -> dict[str, object]:
    """Measure one size: the best of `rounds`, taken in turns, so that a busy machine is shared."""
    folder = Path(tempfile.mkdtemp(prefix="sheaf-bench-"))
    try:
        postings = make(customers, folder)
        outs = {name: folder / f"{name}-sums.parquet" for name in (*CONTENDERS, "postgres")}
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
        for _ in range(rounds):
            for name, taken in runs.items():
                taken.append(measured(name, folder, outs[name]))
        best = {name: min(taken, key=lambda run: run["seconds"]) for name, taken in runs.items()}
        if customers <= POSTGRES_MOST:
            best["postgres"] = hand_postgres(folder, outs["postgres"])
        for name in best:
            if found := differences(outs["engine"], outs[name]):
                raise SystemExit(f"{name} and the engine differ in {found} sums.")
    finally:
        shutil.rmtree(folder)
    seconds = best["engine"]["seconds"]
    return {
        "customers": customers,
        "postings": postings,
        "contenders": best,
        "engine_to_duckdb": round(seconds / best["duckdb"]["seconds"], 2),
        "postgres_to_engine": round(best["postgres"]["seconds"] / seconds, 1)
        if "postgres" in best
        else None,
        "microseconds_per_customer": round(seconds * 1e6 / customers, 1),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, leave JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--full", action="store_true", help="a million customers too")
    asked.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--contender", choices=CONTENDERS)
    asked.add_argument("--folder", type=Path)
    asked.add_argument("--out", type=Path)
    given = asked.parse_args(arguments)
    if given.contender:
        alone(given.contender, given.folder, given.out)
        return
    sizes = [*given.sizes, *([FULL] if given.full else [])]
    found = [size(customers, given.rounds if customers < FULL else 1) for customers in sizes]
    table = Table(
        "customers",
        "postings",
        "contender",
        "seconds",
        "processor s",
        "MiB",
        "x engine",
        "us/customer",
    )
    for one in found:
        for name, run in one["contenders"].items():
            ratio = run["seconds"] / one["contenders"]["engine"]["seconds"]
            table.add_row(
                f"{one['customers']:,}",
                f"{one['postings']:,}",
                name,
                f"{run['seconds']:.2f}",
                str(run.get("processor_seconds", "")),
                str(run.get("memory_mebibytes", "")),
                f"{ratio:.2f}",
                f"{run['seconds'] * 1e6 / one['customers']:.1f}",
            )
    Console(width=TABLE_WIDTH).print(table)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    machine = {
        "processors": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
    }
    (results / "contribution.json").write_text(
        json.dumps({"machine": machine, "sizes": found}, indent=2)
    )


if __name__ == "__main__":
    main()
