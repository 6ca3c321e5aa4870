"""The bank as of a past moment is the sum of its customers as of then."""

from datetime import timedelta

import pytest
from scoring.domain.as_of import AsOf
from scoring.domain.months import Period
from scoring.domain.problems import TooManyCustomers
from scoring.domain.scope import WHOLE_BANK
from scoring.operations.bank_sums import MOST_CUSTOMER_MONTHS, as_of_then

pytestmark = pytest.mark.anyio

PERIOD = 'from: "2024-01", to: "2024-03"'
VIEWS = "gross { amount } net { amount } economic { amount } months { month gross { amount } }"
BANK = f"{VIEWS} customers accounts failing pending"


@pytest.fixture
async def known(branched):
    """What was known of the branched bank, and then a late posting, other rates, another joint holder."""
    [row] = await branched.sql("select clock_timestamp() as now")
    await branched.post(branched.posting("dp", 1_234_567, "2024-02-03"))
    await branched.rates("deposit_product", 4_000, 25_000, since="2024-03-01")
    await branched.learn(branched.account_news("dq", "q", joint=["r"], version=2))
    await branched.settle()
    return branched, row.now


def minor(money) -> int:
    return int(money["amount"].replace(".", ""))


async def told(bank, given, scope="") -> dict:
    document = f"{{ bankContribution({PERIOD}{scope}, {given}) {{ {BANK} }} }}"
    return (await bank.data(document))["bankContribution"]


async def of_each(bank, given, numbers="cpqr") -> list[dict]:
    return [
        (await bank.of_customer(one, f"contribution({PERIOD}, {given}) {{ {VIEWS} }}"))[
            "contribution"
        ]
        for one in numbers
    ]


@pytest.mark.parametrize("day", ["2024-01-31", "2024-02-20", "2024-03-20"])
async def test_it_is_the_sum_of_customers_as_of_any_day_and_any_knowledge(known, day):
    bank, then = known
    seen = []
    for instant in (then, None):
        knew = f', knownAt: "{instant.isoformat()}"' if instant else ""
        given = f'asOf: {{businessDate: "{day}"{knew}}}'
        whole, each = await told(bank, given), await of_each(bank, given)
        for view in ("gross", "net", "economic"):
            assert minor(whole[view]) == sum(minor(one[view]) for one in each)
        for place, month in enumerate(whole["months"]):
            assert minor(month["gross"]) == sum(
                minor(one["months"][place]["gross"]) for one in each
            )
        assert (whole["customers"], whole["failing"], whole["pending"]) == (4, 0, 0)
        parts = [await told(bank, given, f', branch: "{code}"') for code in ("01", "02")]
        assert minor(whole["gross"]) == sum(minor(one["gross"]) for one in parts)
        seen.append(whole["gross"])
    assert seen[0] != seen[1] or day == "2024-01-31"


async def test_as_of_now_it_is_what_is_kept(known):
    bank, _ = known
    kept = (await bank.data(f"{{ bankContribution({PERIOD}) {{ {BANK} }} }}"))["bankContribution"]
    assert await told(bank, 'asOf: {businessDate: "2024-03-20"}') == kept


async def test_before_anything_was_known_there_is_nothing(known):
    bank, then = known
    early = (then - timedelta(days=400)).isoformat()
    document = f'{{ bankContribution({PERIOD}, asOf: {{knownAt: "{early}"}}) {{ {BANK} }} }}'
    assert await bank.data(document) == {"bankContribution": None}
    body = await bank.ask(document.replace(early, "2999-01-01T00:00:00Z"))
    assert body["errors"][0]["extensions"]["code"] == "AS_OF_INVALID"


async def test_who_cannot_be_priced_is_counted_and_nothing_is_guessed(known):
    bank, _ = known
    await bank.learn(
        bank.customer_news("x", branch="02"), bank.account_news("dx", "x", product="unpriced")
    )
    await bank.post(bank.posting("dx", 1_000_000, "2024-02-05"))
    await bank.settle()
    given = 'asOf: {businessDate: "2024-03-20"}'
    whole = await told(bank, given)
    kept = (await bank.data(f"{{ bankContribution({PERIOD}) {{ {BANK} }} }}"))["bankContribution"]
    assert whole == kept
    assert (whole["failing"], whole["customers"]) == (1, 5)


async def test_more_than_one_may_wait_for_is_refused_and_costs_one_statement(ready, statements):
    await ready.learn(*(ready.customer_news(f"m{n}") for n in range(340)))
    async with ready.db.read("A") as session:
        policy = await ready.policies.of(session, "A")
    period = Period(
        policy.business_date.replace(year=2019, month=4, day=1), policy.business_date.replace(day=1)
    )
    with statements() as sent, pytest.raises(TooManyCustomers) as refused:
        await as_of_then(ready.db, policy, period, WHOLE_BANK, AsOf(policy.business_date))
    assert len(sent) == 1
    assert str(refused.value).startswith(
        f"These are 341 customers over 60 months; as of a past moment at most {MOST_CUSTOMER_MONTHS} "
    )
