"""Random banks for the engine, and the same banks as the domain sees them."""

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from scoring.domain.account import (
    Account,
    AccountId,
    Activity,
    Ahead,
    CustomerId,
    History,
    OwnRate,
)
from scoring.domain.balance import moments_of
from scoring.domain.contribution import price
from scoring.domain.exchange import FxRate
from scoring.domain.line import Line
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms
from scoring.domain.months import Period, last_day, month_of
from scoring.domain.policy import Policy, Rate
from scoring.domain.posting import AccountKey, Channel, Kind, Posting, mismatch, objection
from scoring.domain.valuation import value
from scoring.domain.weighing import weighed_by_day
from scoring.engine.bank import Bank
from scoring.engine.calendar_months import Pricing
from scoring.engine.contribution import contribution
from scoring.engine.intake import intake

PRODUCTS = {f"{line}_{n}": line for line in list(Line)[:6] for n in range(2)}
ACCOUNTS = pa.schema(
    [("account", pa.string()), ("customer", pa.string()), ("product", pa.string()), ("line", pa.string()),
     ("currency", pa.string()), ("opened_on", pa.date32()), ("closed_on", pa.date32()),
     ("matures_on", pa.date32())]
)  # fmt: skip
POSTINGS = pa.schema(
    [("id", pa.string()), ("account", pa.string()), ("amount_minor", pa.int64()), ("currency", pa.string()),
     ("value_date", pa.date32()), ("booked_at", pa.timestamp("us", tz="UTC")), ("channel", pa.string()),
     ("kind", pa.string()), ("purpose", pa.string())]
)  # fmt: skip
LOANS = pa.schema(
    [("account", pa.string()), ("principal_minor", pa.int64()), ("granted_on", pa.date32()),
     ("term_months", pa.int64()), ("instalment_minor", pa.int64()), ("grade", pa.string()),
     ("balance_basis", pa.string())]
)  # fmt: skip
JOINT = pa.schema([("account", pa.string()), ("customer", pa.string())])
RATES = pa.schema(
    [("product", pa.string()), ("rate_kind", pa.string()), ("effective_from", pa.date32()),
     ("rate_ppm", pa.int64())]
)  # fmt: skip
OWN_RATES = pa.schema(
    [("account", pa.string()), ("effective_from", pa.date32()), ("rate_ppm", pa.int64())]
)
FX_RATES = pa.schema([("currency", pa.string()), ("day", pa.date32()), ("rate_e8", pa.int64())])


@dataclass
class World:
    """One institution as plain domain values; `sent` holds postings as often as they came."""

    policy: Policy
    period: Period
    rates: list[Rate]
    fx_rates: list[FxRate] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    sent: list[Posting] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        return datetime.combine(self.policy.business_date, time(12), UTC)


# the engine's answer


def by_engine(world: World, backend, folder):
    """(leaves, missing, sums) of the engine from Parquet files, as plain sorted values."""
    made = {
        "accounts": _accounts(world), "postings": _postings(world), "loans": _loans(world), "rates": _rates(world),
        "joint": _joint(world), "own_rates": _own_rates(world), "fx_rates": _fx_rates(world),
    }  # fmt: skip
    read = {}
    for kind, rows in made.items():
        path = folder / f"{uuid4()}.parquet"
        pq.write_table(rows, path)
        read[kind] = backend.read_parquet(str(path))
    admitted = intake(read["postings"], read["accounts"], at=world.at).admitted.cache()
    bank = Bank(**read | {"postings": admitted})
    pricing = Pricing(world.period, world.policy.business_date, world.policy.schemes)
    found = contribution(bank, pricing)
    return (
        sorted(_rows(backend, found.leaves)),
        {row[:4] for row in _rows(backend, found.missing)},
        {row[:4]: row[4] for row in _rows(backend, found.sums)},
    )


def _rows(backend, relation):
    return [tuple(row.values()) for row in backend.to_pyarrow(relation).to_pylist()]


def _accounts(world):
    rows = [
        {"account": a.number, "customer": str(a.owner_id), "product": a.product, "line": a.line,
         "currency": a.currency, "opened_on": a.opened_on, "closed_on": a.closed_on,
         "matures_on": a.matures_on}
        for a in world.accounts
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=ACCOUNTS)


def _postings(world):
    rows = [
        {"id": p.id, "account": p.account_number, "amount_minor": p.amount_minor, "currency": p.currency,
         "value_date": p.value_date, "booked_at": p.booked_at, "channel": p.channel, "kind": p.kind,
         "purpose": p.purpose}
        for p in world.sent
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=POSTINGS)


def _loans(world):
    rows = [
        {"account": a.number, "principal_minor": t.principal_minor, "granted_on": t.granted_on,
         "term_months": t.term_months, "instalment_minor": t.instalment_minor, "grade": t.grade,
         "balance_basis": t.balance_basis}
        for a in world.accounts
        if (t := a.loan)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=LOANS)


def _joint(world):
    rows = [
        {"account": a.number, "customer": str(holder)} for a in world.accounts for holder in a.joint_ids
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=JOINT)


def _rates(world):
    rows = [
        {"product": r.product, "rate_kind": r.kind, "effective_from": r.effective_from, "rate_ppm": r.rate_ppm}
        for r in world.rates
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=RATES)


def _own_rates(world):
    rows = [
        {"account": a.number, "effective_from": one.effective_from, "rate_ppm": one.rate_ppm}
        for a in world.accounts
        for one in a.own_rates
    ]
    return pa.Table.from_pylist(rows, schema=OWN_RATES)


def _fx_rates(world):
    rows = [{"currency": r.currency, "day": r.day, "rate_e8": r.rate_e8} for r in world.fx_rates]
    return pa.Table.from_pylist(rows, schema=FX_RATES)


# the domain's answer


def by_domain(world: World):
    """(leaves, missing, sums) of the per-customer implementation, in the engine's shape."""
    histories = _histories(world)
    leaves, missing, sums = [], set(), {}
    held = defaultdict(list)
    for account in world.accounts:
        for holder in {account.owner_id, *account.joint_ids}:
            held[holder].append(account)
    number = {account.id: account.number for account in world.accounts}
    for customer, accounts in held.items():
        pairs = [(account, histories[account.id]) for account in accounts]
        priced = price(pairs, world.policy, world.period, customer)
        leaves += [
            (
                leaf.account.number,
                str(customer),
                leaf.month,
                leaf.line.value,
                leaf.rule,
                _entry(leaf),
                leaf.amount_minor,
            )
            for leaf in priced.leaves
        ]
        missing |= {
            (str(customer), one.month, one.problem.code, one.what) for one in priced.missing
        }
        worked = value(customer, accounts, histories, world.policy, world.period)
        for (month, account, line), amount in worked.sums.items():
            if amount:
                sums[str(customer), month, number[account], line.value] = amount
    return sorted(leaves), missing, sums


def _entry(leaf):
    told = {one.name: one.value for one in leaf.inputs}
    return str(told.get("entry", told.get("kind", "")))


def _histories(world: World):
    """What the service's store would hold of the postings that the service would take."""
    keys = {
        a.number: AccountKey(a.id, a.currency, a.owner_id, a.line, a.opened_on)
        for a in world.accounts
    }
    copies = defaultdict(set)
    for posting in world.sent:
        if objection(posting, at=world.at) is None:
            copies[posting.id].add(posting)
    by_account = defaultdict(list)
    for same in copies.values():
        if len(same) == 1:
            (posting,) = same
            key = keys.get(posting.account_number)
            if key and mismatch(posting, key) is None:
                by_account[key.id].append(posting)
    policy, period = world.policy, world.period
    dated = set(weighed_by_day(world.accounts, policy, period))
    months = {a.id: [month for month in period if (a.id, month) in dated] for a in world.accounts}
    return {
        a.id: history_of(by_account[a.id], period, policy.business_date, months[a.id])
        for a in world.accounts
    }


def history_of(postings, period: Period, business_date: date, dated=()) -> History:
    opening, moves, acts, ahead = 0, defaultdict(list), defaultdict(list), []
    for one in postings:
        month = month_of(one.value_date)
        if month < period.first:
            opening += one.amount_minor
            continue
        moves[month].append((one.value_date.day, one.amount_minor))
        acts[month, one.channel, one.kind, one.purpose].append(one.amount_minor)
        if business_date < one.value_date <= last_day(business_date):
            ahead.append(
                Ahead(one.value_date.day, one.channel, one.kind, one.purpose, one.amount_minor)
            )
    activity = defaultdict(list)
    for (month, *what), amounts in acts.items():
        activity[month].append(Activity(*what, len(amounts), sum(amounts)))
    by_day = {
        month: [
            Activity(one.channel, one.kind, one.purpose, 1, one.amount_minor, one.value_date.day)
            for one in postings
            if month_of(one.value_date) == month
        ]
        for month in dated
    }
    moments = {month: moments_of(inside) for month, inside in moves.items()}
    return History(opening, moments, activity, ahead, by_day)


# dice


def fill(world: World, rng: random.Random, accounts: int, lacks: float) -> None:
    """Add accounts and their histories: late, back-valued, reversed, repeated, out of order."""
    first = world.period.first - timedelta(120)
    span = (world.policy.business_date - first).days + 75
    for n in range(accounts):
        account = _account(rng, n, accounts, first, span, lacks)
        world.accounts.append(account)
        for m in range(rng.choice([0, 1, 2, 5, 12])):
            world.sent += _sent(rng, account, f"{n}.{m}", first, span)
    rng.shuffle(world.sent)


def _account(rng, n, accounts, first, span, lacks) -> Account:
    product = rng.choice(list(PRODUCTS))
    opened = first + timedelta(rng.randrange(span))
    closed = opened + timedelta(rng.randrange(120)) if rng.random() < 0.25 else None
    terms = None
    if PRODUCTS[product] is Line.LOAN and rng.random() > lacks:
        principal = rng.choice([rng.randrange(1, 500), rng.randrange(1, 10**12), 10**15 - 1])
        terms = LoanTerms(
            principal_minor=principal,
            granted_on=_day(rng, first - timedelta(200), span + 200),
            term_months=rng.choice([1, 2, 3, 6, 24, 600]),
            instalment_minor=rng.choice(
                [0, principal, principal // 3, rng.randrange(principal + 1)]
            ),
            grade=rng.choice(list(Grade)),
            balance_basis=rng.choice(list(BalanceBasis)),
        )
    customers = [CustomerId(UUID(int=one)) for one in range(max(accounts * 2 // 3, 1))]
    holders = rng.choices(customers, k=1 + rng.choice([*[0] * 12, 1, 1, 2, 3]))
    return Account(
        id=AccountId(uuid5(NAMESPACE_URL, f"a{n}")),
        number=f"a{n}",
        owner_id=holders[0],
        product=product,
        line=PRODUCTS[product],
        currency=rng.choice([*["CNY"] * 20, "USD", "JPY", "KWD"]),
        opened_on=opened,
        closed_on=closed,
        matures_on=opened + timedelta(rng.choice([30, 90, 365, 400]))
        if rng.random() > lacks / 2
        else None,
        loan=terms,
        own_rates=sorted(
            (
                OwnRate(day, rng.randrange(-(10**6), 10**6))
                for day in {_day(rng, first, span) for _ in range(rng.choice([*[0] * 9, 1, 1, 3]))}
            ),
            key=lambda one: one.effective_from,
        ),
        joint_ids=sorted(holders[1:]),
    )


def _day(rng, first, span) -> date:
    """Any day, and every third time the first or last of its month."""
    day = first + timedelta(rng.randrange(span))
    return rng.choice([day, day, day, day, month_of(day), last_day(day)])


def _sent(rng, account, name, first, span) -> list[Posting]:
    value = _day(rng, first, span)
    booked = min(value, first + timedelta(span - 75)) + timedelta(rng.choice([0, 0, 0, -3, 0]))
    size = rng.choice([9, 10**3, 10**6, 10**9, 10**12, 10**15 - 1])
    one = Posting(
        id=name,
        account_number=account.number if rng.random() > 0.01 else "nobody",
        amount_minor=rng.choice([-1, 1, 1]) * rng.choice([size, rng.randrange(1, size + 1)]),
        currency=account.currency if rng.random() > 0.02 else "EUR",
        value_date=value,
        booked_at=datetime.combine(booked, time(rng.randrange(24)), UTC),
        channel=rng.choice(list(Channel)),
        kind=rng.choice(list(Kind)),
        purpose=rng.choice(["", "", "card", "salary", "online", "trade_finance", "other"]),
        counterparty="",
    )
    reversed_ = replace(one, id=f"{name}r", amount_minor=-one.amount_minor)
    other = replace(one, amount_minor=one.amount_minor // 2 or 7)
    chance = rng.random()
    if chance < 0.1:
        return [one, reversed_]
    if chance < 0.2:
        return [one] * rng.choice([2, 3])
    return [one, other] if chance < 0.21 else [one]


def connect():
    return ibis.duckdb.connect(threads=1)
