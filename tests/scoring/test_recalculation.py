"""The stored contribution is the live one; what changed is announced once; nothing is lost."""

import asyncio
import random
from contextlib import asynccontextmanager
from datetime import date, timedelta
from uuid import uuid4

import pytest
from scoring.operations.recalculation import recalculate
from scoring.store import queue
from scoring.store.institution import BEGINNING

pytestmark = pytest.mark.anyio

PERIOD = 'from: "2024-01", to: "2024-03"'
KINDS = [
    ("counter", "cash_deposit", ""), ("online", "transfer_out", ""), ("pos", "card_payment", ""),
    ("system", "fee", "card"), ("mobile", "wealth_purchase", ""), ("phone", "fx_sale", ""),
    ("interbank", "transfer_in", "salary"), ("system", "opening_balance", ""),
]  # fmt: skip


async def events(bank, kind):
    found = await bank.sql(
        "select subject, version, data from outbox where type = :type order by seq",
        type=f"scoring.{kind}.changed",
    )
    return [tuple(row) for row in found]


async def versions(bank):
    found = await bank.sql("select subject, version from outbox order by seq")
    by_subject: dict[str, list[int]] = {}
    for row in found:
        by_subject.setdefault(row.subject, []).append(row.version)
    return by_subject


def posted(bank, rng, account, first=0, last=110):
    channel, kind, purpose = rng.choice(KINDS)
    value = date(2024, 1, 1) + timedelta(rng.randrange(first, last))
    booked = min(value, date(2024, 3, 20))
    return bank.posting(
        account,
        rng.choice([-1, 1]) * rng.randrange(1, 10**9),
        value,
        booked_at=f"{booked}T09:00:00Z",
        channel=channel,
        kind=kind,
        purpose=purpose,
    )


@pytest.fixture
async def populated(ready):
    """Thirty random customers with deposits, scheduled and posted loans; the seed is returned."""
    seed = random.randrange(10**9)
    rng = random.Random(seed)
    news, loans, accounts = [], [], []
    for n in range(30):
        news.append(ready.customer_news(f"r{n}"))
        for m in range(rng.randrange(4)):
            number, line = f"r{n}a{m}", rng.choice(["deposit", "deposit", "loan", "intermediary"])
            opened = date(2023, 12, 1) + timedelta(rng.randrange(100))
            closed = opened + timedelta(rng.randrange(1, 100)) if rng.random() < 0.2 else None
            news.append(
                ready.account_news(
                    number,
                    f"r{n}",
                    line=line,
                    opened_on=opened.isoformat(),
                    closed_on=closed and closed.isoformat(),
                )
            )
            accounts.append(number)
            if line == "loan":
                loans.append(
                    {
                        "account_number": number,
                        "principal_minor": str(rng.randrange(1, 10**9)),
                        "granted_on": opened.isoformat(),
                        "term_months": rng.randrange(1, 24),
                        "instalment_minor": str(rng.randrange(10**8)),
                        "grade": rng.choice(["normal", "special_mention", "loss"]),
                        "balance_basis": rng.choice(["schedule", "postings"]),
                    }
                )
    await ready.ingest("loans", *loans)
    await ready.learn(*news)
    await ready.post(*(posted(ready, rng, rng.choice(accounts)) for _ in range(600)))
    ready.accounts, ready.rng, ready.seed = accounts, rng, seed
    return ready


LINES_BY_MONTH = (
    f"contribution({PERIOD}) {{ months {{ month lines {{ line amount {{ amount }} }} }} }}"
)


async def live(bank) -> dict:
    """Every customer's contribution by month and line, as asked now; zeros left out."""
    found = {}
    for row in await bank.sql("select number, id from customer"):
        answer = await bank.of_customer(row.number, LINES_BY_MONTH)
        for month in answer["contribution"]["months"]:
            for line in month["lines"]:
                amount = int(line["amount"]["amount"].replace(".", ""))
                if amount:
                    found[row.id, month["month"], line["line"].lower()] = amount
    return found


async def stored(bank) -> dict:
    """Every customer's contribution by month and line, as kept; zeros left out."""
    rows = await bank.sql(
        "select customer_id, month, line, sum(amount_minor) as amount from contribution "
        "group by 1, 2, 3 having sum(amount_minor) <> 0"
    )
    return {(r.customer_id, f"{r.month:%Y-%m}", r.line): int(r.amount) for r in rows}


async def test_the_stored_contribution_is_the_live_one(populated):
    await populated.settle()
    first = await live(populated)
    assert first
    assert await stored(populated) == first, populated.seed
    for turn in range(4):
        rng = populated.rng
        batch = [posted(populated, rng, rng.choice(populated.accounts)) for _ in range(15)]
        if turn == 2:
            batch.append(
                populated.posting(
                    populated.accounts[0], 5, "2024-03-25", booked_at="2024-03-21T09:00:00Z"
                )
            )
        await populated.post(*batch)
        if turn == 1:
            await populated.rates("deposit_product", 4_000, 25_000, since="2024-02-01")
        await populated.settle()
        assert await stored(populated) == await live(populated), populated.seed


async def test_working_out_again_changes_nothing_and_announces_nothing(populated):
    await populated.settle()
    before = await stored(populated)
    announced = await versions(populated)
    key = 'mutation { recompute(idempotencyKey: "again") { customers } }'
    first = await populated.data(key, scopes=("operate",))
    assert first == {"recompute": {"customers": 31}}
    [waiting] = await populated.sql("select recalculate_from from institution")
    assert waiting.recalculate_from == BEGINNING
    assert await populated.settle() == 31
    assert await populated.data(key, scopes=("operate",)) == first
    assert await populated.sql("select 1 from recalculation") == []
    assert await stored(populated) == before
    assert await versions(populated) == announced


async def test_what_waits_elsewhere_is_not_told(populated):
    await populated.settle()
    async with populated.db.transaction("ELSEWHERE") as session:
        await queue.enqueue(session, "ELSEWHERE", {uuid4(): date(2024, 1, 1)})
    data = await populated.data(f"{{ bankContribution({PERIOD}) {{ pending }} }}")
    assert data["bankContribution"] == {"pending": 0}


async def test_the_bank_is_the_sum_of_its_customers(populated):
    await populated.settle()
    data = await populated.data(
        f"""{{ bankContribution({PERIOD}) {{ total {{ amount }} customers accounts pending
          lines {{ amount {{ amount }} }} months {{ total {{ amount }} lines {{ amount {{ amount }} }} }} }}
        topCustomers({PERIOD}, first: 100) {{ rank contribution {{ amount }} customer {{ id }} }}
        concentration({PERIOD}) {{ customers total {{ amount }} profitable lossMaking
          curve {{ customers share }} }}
        tiers {{ code customers contribution {{ amount }} }} }}"""
    )
    bank = data["bankContribution"]
    total = sum((await live(populated)).values())
    assert minor(bank["total"]) == total
    assert (bank["customers"], bank["pending"]) == (31, 0)
    assert sum(minor(line["amount"]) for line in bank["lines"]) == total
    assert sum(minor(month["total"]) for month in bank["months"]) == total
    for month in bank["months"]:
        assert sum(minor(line["amount"]) for line in month["lines"]) == minor(month["total"])
    top = [minor(one["contribution"]) for one in data["topCustomers"]]
    assert sum(top) == total
    assert top == sorted(top, reverse=True)
    assert [one["rank"] for one in data["topCustomers"]] == list(range(1, len(top) + 1))
    found = data["concentration"]
    assert (found["customers"], minor(found["total"])) == (31, total)
    assert found["profitable"] == sum(value > 0 for value in top)
    assert found["lossMaking"] == sum(value < 0 for value in top)
    assert sum(one["customers"] for one in data["tiers"]) == len(
        await populated.sql("select distinct owner_id from account")
    )
    assert sum(minor(one["contribution"]) for one in data["tiers"]) == total


def minor(money) -> int:
    return int(money["amount"].replace(".", ""))


async def test_what_changed_is_announced_with_rising_versions(ready):
    await ready.post(ready.posting("d", 36_000_000, "2024-01-01"))
    await ready.settle()
    [(customer, version, data)] = await events(ready, "contribution")
    assert (version, data) == (
        1,
        {
            "customer_id": customer, "window_months": 3, "through": "2024-03-20",
            "contribution_minor": 119_700, "currency": "CNY",
        },
    )  # fmt: skip
    [(_, version, data)] = await events(ready, "tier")
    assert version == 2
    assert data == {
        "customer_id": customer, "tier_code": "GOLD", "tier_rank": 3, "since": "2024-01-01",
        "previous_code": None,
        "reason": {
                "rule": "contribution of 3 months", "value_minor": 46_400,
                "threshold_minor": 30_000, "move": "entry", "scheme_version": 1,
            },
    }  # fmt: skip
    await ready.post(ready.posting("d", 36_000_000, "2024-03-01"))
    await ready.settle()
    assert (await versions(ready)) == {customer: [1, 2, 3]}
    await ready.post(ready.posting("d", -100, "2024-03-02", kind="adjustment"))
    await ready.post(ready.posting("d", 100, "2024-03-02", kind="adjustment"))
    await ready.settle()
    assert (await versions(ready)) == {customer: [1, 2, 3]}


async def test_a_tier_changes_with_its_reason_and_its_history_stays(ready):
    await ready.post(ready.posting("d", 36_000_000, "2024-01-01"))
    await ready.settle()
    await ready.post(ready.posting("d", 360_000_000, "2024-03-01"))
    await ready.settle()
    history = await ready.of_customer(
        "c",
        "tier { code name rank since until } tierHistory { code since until "
        "reason { rule value { amount } threshold { amount } } }",
    )
    assert history["tier"] == {
        "code": "PLATINUM", "name": "Platinum", "rank": 4, "since": "2024-03-01", "until": None,
    }  # fmt: skip
    assert [(one["code"], one["since"], one["until"]) for one in history["tierHistory"]] == [
        ("GOLD", "2024-01-01", "2024-03-01"),
        ("PLATINUM", "2024-03-01", None),
    ]
    assert history["tierHistory"][1]["reason"] == {
        "rule": "contribution of 3 months",
        "value": {"amount": "4197.00"},
        "threshold": {"amount": "1500.00"},
    }
    [_, (_, _, data)] = await events(ready, "tier")
    assert (data["tier_code"], data["previous_code"]) == ("PLATINUM", "GOLD")


async def test_a_customer_who_cannot_be_worked_out_is_noted_and_holds_nobody_up(ready):
    await ready.learn(
        ready.customer_news("odd"), ready.account_news("o", "odd", product="odd_product")
    )
    await ready.post(
        ready.posting("o", 1_000, "2024-02-10"), ready.posting("d", 3_600_000, "2024-01-01")
    )
    await ready.settle()
    data = await ready.data("{ notComputed { customerId from code message customer { id } } }")
    [found] = data["notComputed"]
    assert found["customerId"] == found["customer"]["id"]
    assert (found["from"], found["code"]) == ("2024-02", "RATES_MISSING")
    assert found["message"] == (
        "Cannot be computed: missing customer rate of odd_product for 2024-02, 2024-03; "
        "transfer rate of odd_product for 2024-02, 2024-03."
    )
    kept = await ready.sql(
        "select distinct a.number, month from contribution c join account a on a.id = c.account_id "
        "order by 1, 2"
    )
    assert [(row.number, row.month.month) for row in kept] == [
        ("d", 1), ("d", 2), ("d", 3), ("o", 1),
    ]  # fmt: skip
    await ready.post(ready.posting("o", 1, "2024-03-01"))
    await ready.settle()
    assert len((await ready.data("{ notComputed { code } }"))["notComputed"]) == 1
    await ready.rates("odd_product", 5_000, 20_000)
    await ready.settle()
    assert (await ready.data("{ notComputed { code } }"))["notComputed"] == []
    assert await stored(ready) == await live(ready)


async def test_an_account_counts_for_its_new_owner_only(ready):
    await ready.learn(ready.customer_news("heir"))
    await ready.post(ready.posting("d", 36_000_000, "2024-01-01"))
    await ready.settle()
    await ready.learn(ready.account_news("d", "heir", version=2))
    await ready.settle()
    assert await stored(ready) == await live(ready)
    owners = await ready.sql("select distinct customer_id from contribution")
    [heir] = await ready.sql("select id from customer where number = 'heir'")
    assert [row.customer_id for row in owners] == [heir.id]
    assert (await ready.of_customer("c", "tier { code }"))["tier"] == {"code": "BASIC"}
    await ready.learn(ready.account_news("d", "c", version=1))
    [row] = await ready.sql("select owner_id from account where number = 'd'")
    assert row.owner_id == heir.id


async def test_the_same_news_again_changes_nothing(ready):
    await ready.settle()
    await ready.learn(ready.account_news("d", "c"), ready.customer_news("c"))
    await ready.learn(ready.institution_news(as_of="2024-02-01"))
    assert await ready.sql("select 1 from recalculation") == []
    [row] = await ready.sql("select business_date from institution")
    assert row.business_date == date(2024, 3, 20)


async def test_a_product_that_changes_its_line_takes_its_accounts_along(ready):
    await ready.post(ready.posting("d", 36_000_000, "2024-01-01"))
    data = {"code": "deposit_product", "line": "settlement"}
    await ready.learn(ready.news("product", "A/deposit_product", data))
    await ready.settle()
    lines = await ready.sql("select distinct line from contribution order by 1")
    assert [row.line for row in lines] == ["cost_to_serve", "settlement"]
    assert await stored(ready) == await live(ready)


async def test_a_batch_announces_all_of_one_type_before_the_next(populated):
    """Who reads the feed takes events of one type that follow each other at once."""
    await populated.settle()
    by_batch: dict[str, list[str]] = {}
    for row in await populated.sql("select xid::text as batch, type from outbox order by seq"):
        by_batch.setdefault(row.batch, []).append(row.type)
    assert max(len(types) for types in by_batch.values()) > 2
    for types in by_batch.values():
        assert types == sorted(types)


async def test_work_that_is_cut_short_is_done_again(ready):
    """A connection lost in the middle of a batch leaves the customers on the queue."""
    await ready.post(ready.posting("d", 36_000_000, "2024-01-01"))

    class Lost(Exception):  # noqa: N818  (what a crash looks like from within)
        pass

    whole = ready.db.transaction

    class CutShort:
        read = staticmethod(ready.db.read)

        @staticmethod
        @asynccontextmanager
        async def transaction(institution):
            async with whole(institution) as session:
                yield session
                raise Lost

    waiting = len(await ready.sql("select 1 from recalculation"))
    with pytest.raises(Lost):
        await recalculate(CutShort(), ready.policies, at=ready.now)
    assert len(await ready.sql("select 1 from recalculation")) == waiting == 1
    assert await ready.sql("select 1 from contribution") == []
    assert await ready.sql("select 1 from outbox") == []
    await ready.settle()
    assert await stored(ready) == await live(ready)


async def test_workers_and_callers_at_once_end_in_the_live_figures(populated):
    async def post():
        for _ in range(6):
            rng = populated.rng
            await populated.post(
                *(posted(populated, rng, rng.choice(populated.accounts)) for _ in range(20))
            )

    await asyncio.gather(populated.settle(), post(), populated.settle(), post())
    await populated.settle()
    assert await stored(populated) == await live(populated), populated.seed
    for seen in (await versions(populated)).values():
        assert seen == list(range(1, len(seen) + 1))
