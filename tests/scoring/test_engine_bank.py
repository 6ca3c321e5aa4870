"""On a whole made-up bank the engine, the domain and what the service keeps come to the same."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from kit.inbox import Event
from scoring.domain.account import Account, AccountId, CustomerId
from scoring.domain.line import Line
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms
from scoring.domain.months import Period
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.posting import Channel, Kind, Posting
from scoring.domain.scheme_document import scheme_of
from scoring.domain.valuation import value
from scoring.engine.bank import read_bank
from scoring.engine.calendar_months import Pricing
from scoring.engine.contribution import contribution

from simulator import write_bank
from tests.scoring.conftest import account_id, customer_id
from tests.scoring.engine_banks import connect, history_of

pytestmark = pytest.mark.anyio
AS_OF, PERIOD = date(2024, 3, 20), Period(date(2023, 11, 1), date(2024, 3, 1))


@pytest.fixture(scope="module")
def extract(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("engine") / "bank"
    write_bank(out, customers=120, months=5, seed=3, as_of=AS_OF, format="parquet")
    return out


@pytest.fixture(scope="module")
def files(extract) -> dict[str, list[str]]:
    told = json.loads((extract / "extract.json").read_text())["files"]
    return {kind: [str(extract / name) for name in names] for kind, names in told.items()}


@pytest.fixture(scope="module")
def rows(files) -> dict[str, list[dict]]:
    return {
        kind: [row for name in names for row in pq.read_table(name).to_pylist()]
        for kind, names in files.items()
    }


@pytest.fixture(scope="module")
def document(extract) -> dict:
    return yaml.safe_load((extract / "scheme.yaml").read_text())


def sums_of_engine(files, document):
    backend = connect()
    pricing = Pricing(PERIOD, AS_OF, [scheme_of(document)])
    found = contribution(read_bank(backend, files), pricing)
    assert backend.to_pyarrow(found.missing).num_rows == 0
    return {
        (row["customer"], row["month"], row["account"], row["line"]): row["amount_minor"]
        for row in backend.to_pyarrow(found.sums).to_pylist()
    }


def sums_of_domain(rows, document):
    lines = {row["code"]: Line(row["line"]) for row in rows["products"]}
    owners = owners_of(rows)
    terms = {row["account_number"]: terms_of(row) for row in rows["loans"]}
    posted: dict[str, list[Posting]] = {}
    for row in rows["postings"]:
        posted.setdefault(row["account_number"], []).append(posting_of(row))
    rates = [
        Rate(
            row["product_code"], RateKind(row["rate_kind"]), row["effective_from"], row["rate_ppm"]
        )
        for row in rows["rates"]
    ]
    policy = Policy(
        institution="A", currency="CNY", time_zone="Asia/Shanghai", business_date=AS_OF,
        schemes=[scheme_of(document)], rates=RateBook.of(rates),
    )  # fmt: skip
    sums = {}
    for row in rows["accounts"]:
        number, owner = row["number"], owners[row["number"]]
        account = Account(
            id=AccountId(account_id(number)), number=number, owner_id=CustomerId(customer_id(owner)),
            product=row["product_code"], line=lines[row["product_code"]], currency=row["currency"],
            opened_on=row["opened_on"], closed_on=row["closed_on"], loan=terms.get(number),
        )  # fmt: skip
        history = history_of(posted.get(number, []), PERIOD, AS_OF)
        worked = value(account.owner_id, [account], {account.id: history}, policy, PERIOD)
        assert worked.missing == []
        for (month, _, line), amount in worked.sums.items():
            if amount:
                sums[owner, month, number, line.value] = amount
    return sums


def owners_of(rows):
    return {
        row["account_number"]: row["customer_number"]
        for row in rows["account_holders"]
        if row["role"] == "owner"
    }


def terms_of(row) -> LoanTerms:
    return LoanTerms(
        principal_minor=row["principal_minor"], granted_on=row["granted_on"],
        term_months=row["term_months"], instalment_minor=row["instalment_minor"],
        grade=Grade(row["grade"]), balance_basis=BalanceBasis(row["balance_basis"]),
    )  # fmt: skip


def posting_of(row) -> Posting:
    return Posting(
        id=row["id"], account_number=row["account_number"], amount_minor=row["amount_minor"],
        currency=row["currency"], value_date=row["value_date"], booked_at=row["booked_at"],
        channel=Channel(row["channel"]), kind=Kind(row["kind"]), purpose=row["purpose"] or "",
        counterparty="",
    )  # fmt: skip


def plain(row):
    """A row as the importer sends it: everything is text."""
    return {
        key: one.isoformat() if isinstance(one, (date, datetime)) else str(one)
        for key, one in row.items()
        if one is not None
    }


async def sums_of_service(bank, rows, document):
    lines = {row["code"]: row["line"] for row in rows["products"]}
    owners = owners_of(rows)
    news: list[Event] = [bank.institution_news(AS_OF.isoformat())]
    news += [bank.customer_news(number) for number in sorted(set(owners.values()))]
    news += [
        bank.account_news(
            row["number"],
            owners[row["number"]],
            line=lines[row["product_code"]],
            product=row["product_code"],
            opened_on=row["opened_on"].isoformat(),
            closed_on=row["closed_on"].isoformat() if row["closed_on"] else None,
            currency=row["currency"],
        )
        for row in rows["accounts"]
    ]
    await bank.learn(*news)
    await bank.ingest("scheme", json.loads(json.dumps(document, default=str)))
    for kind in ("rates", "loans", "postings"):
        records = [plain(row) for row in rows[kind]]
        for start in range(0, len(records), 20_000):
            answer = await bank.ingest(kind, *records[start : start + 20_000])
            assert answer["rejected"] == []
            assert answer["parked"] == 0
    await bank.settle()
    number = {account_id(row["number"]): row["number"] for row in rows["accounts"]}
    kept = await bank.sql("select month, account_id, line, amount_minor from contribution")
    return {
        (
            owners[number[one.account_id]],
            one.month,
            number[one.account_id],
            one.line,
        ): one.amount_minor
        for one in kept
    }


async def test_engine_domain_and_service_come_to_the_same(bank, files, rows, document):
    bank.now = datetime(2024, 3, 20, 12, tzinfo=UTC)
    engine = sums_of_engine(files, document)
    assert engine == sums_of_domain(rows, document)
    assert sum(engine.values()) != 0
    kept = await sums_of_service(bank, rows, document)
    assert {key: amount for key, amount in kept.items() if key[1] in PERIOD} == engine
