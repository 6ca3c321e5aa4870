"""What the engine reads of a bank: its relations, and how a bank extract's Parquet gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends import BaseBackend

from scoring.domain.exchange import RATE_PLACES


@dataclass(frozen=True, slots=True)
class Bank:
    """Relations of one institution; every posting is there once, for a known account.

    accounts: account, customer (its owner), product, line, currency, opened_on, closed_on?,
      matures_on?
    postings: account, amount_minor, value_date, channel, kind, purpose ("" for none)
    loans: account, principal_minor, granted_on, term_months, instalment_minor, grade, balance_basis
    rates: product, rate_kind, effective_from, rate_ppm; one for each of the first three
    joint: account, customer; who holds an account besides its owner, None where nobody is known to
    own_rates: account, effective_from, rate_ppm; one for each of the first two
    fx_rates: currency, day, rate_e8; one for each of the first two
    """

    accounts: ir.Table
    postings: ir.Table
    loans: ir.Table
    rates: ir.Table
    joint: ir.Table | None = None
    own_rates: ir.Table | None = None
    fx_rates: ir.Table | None = None


def read_bank(backend: BaseBackend, files: Mapping[str, Sequence[str]]) -> Bank:
    """Read the Parquet files of a bank extract by kind; postings are taken as they stand.

    Needed are products, accounts, account_holders, loans, rates and postings; account_rates and
    fx_rates are read where there are any.
    """

    def read(kind: str) -> ir.Table:
        if backend.name == "pyspark":  # Ibis reads one path at a time there
            return ibis.union(*(backend.read_parquet(name) for name in files[kind]))
        return backend.read_parquet(list(files[kind]))

    holders = read("account_holders").select(
        "role", account="account_number", customer="customer_number"
    )
    owners = holders.filter(holders.role == "owner").drop("role")
    joint = holders.filter(holders.role == "joint").drop("role")
    products = read("products").select(product="code", line="line")
    accounts = (
        with_column(with_column(read("accounts"), "closed_on", "date"), "matures_on", "date")
        .select(
            "currency",
            "opened_on",
            "closed_on",
            "matures_on",
            account="number",
            product="product_code",
        )
        .inner_join(products, "product")
        .inner_join(owners, "account")
    )
    loans = read("loans").select(
        "principal_minor",
        "granted_on",
        "term_months",
        "instalment_minor",
        "grade",
        "balance_basis",
        account="account_number",
    )
    rates = read("rates").select("rate_kind", "effective_from", "rate_ppm", product="product_code")
    return Bank(
        accounts,
        postings_of(read("postings")),
        loans,
        rates,
        joint,
        _own_rates(read("account_rates")) if files.get("account_rates") else None,
        _fx_rates(read("fx_rates")) if files.get("fx_rates") else None,
    )


def _own_rates(extract: ir.Table) -> ir.Table:
    return extract.select("effective_from", "rate_ppm", account="account_number")


def _fx_rates(extract: ir.Table) -> ir.Table:
    """Read the rates, which are decimal text, exactly."""
    exact = extract.rate.cast(f"decimal(28, {RATE_PLACES})") * 10**RATE_PLACES
    return extract.select("currency", "day", rate_e8=exact.cast("int64"))


def postings_of(extract: ir.Table) -> ir.Table:
    """Name an extract's columns as the engine does, and keep the others for the intake."""
    extract = with_column(extract, "purpose", "string")
    return extract.mutate(account=extract.account_number, purpose=extract.purpose.fill_null(""))


def with_column(extract: ir.Table, optional: str, kind: str) -> ir.Table:
    """Add a column that an extract may leave out."""
    if optional in extract.columns:
        return extract
    return extract.mutate(**{optional: ibis.null(kind)})


def small(backend: BaseBackend, rows: pa.Table) -> ir.Table:
    """Return a relation of a few rows that the backend knows.

    Ibis tells of one when rows are asked for, not when an expression is kept, written or named.
    """
    relation = ibis.memtable(rows)
    backend.to_pyarrow(relation.limit(0))
    return relation
