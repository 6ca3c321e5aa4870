"""A tier given by hand holds for its days, says who and why, and leaves the rules as they are."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.account import CustomerId
from scoring.domain.ladder import Ladder, Step
from scoring.domain.problems import NoOverride, OverrideInvalid, TierNotKnown
from scoring.domain.tier_override import Wish, begun, effective, ended, held_on
from scoring.domain.tier_states import Move, Status
from scoring.domain.tiers import Phase, Reason, TierPeriod

from tests.scoring.conftest import customer_id

LADDER = Ladder(1, (Step("LOW", "Low", 1, 0), Step("TOP", "Top", 2, 10)))
TODAY, NOW = date(2024, 3, 20), datetime(2024, 3, 20, 12, tzinfo=UTC)
WHOM = CustomerId(UUID(int=7))
SCOPES = ("contribution:read", "tier:override")


def give(until=date(2024, 6, 1), code="TOP", reason="opens a branch", since=TODAY):
    wish = Wish(customer_id=WHOM, code=code, reason=reason, until=until)
    return begun(wish, LADDER, new_id=UUID(int=1), by="boss", today=since, at=NOW)


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ({"code": "GOLD"}, TierNotKnown),
        ({"until": TODAY}, OverrideInvalid),
        ({"until": date(2027, 3, 22)}, OverrideInvalid),
        ({"reason": "  "}, OverrideInvalid),
        ({"reason": "x" * 501}, OverrideInvalid),
        ({"reason": "a\x00b"}, OverrideInvalid),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(wish, problem):
    with pytest.raises(problem):
        give(**wish)


def test_a_tier_is_given_for_three_years_at_most():
    assert give(until=date(2027, 3, 21)).until == date(2027, 3, 21)


def test_only_what_is_in_force_can_be_ended():
    april = date(2024, 4, 1)
    over = ended(give(), by="boss", reason="moved away", today=april)
    assert (over.until, over.ended_by, over.end_reason) == (april, "boss", "moved away")
    for one in (None, over):
        with pytest.raises(NoOverride):
            ended(one, by="boss", reason="again", today=april)


def rule(since, until, code="LOW"):
    reason = Reason("contribution of 1 month", 5, 0, Move.ENTRY, since)
    phases = (Phase(Status.HELD, since, until, 5, 0),)
    return TierPeriod(since, until, code, code.title(), 1, reason, phases)


def test_the_rules_go_on_before_beneath_and_after():
    january, april, june = date(2024, 1, 1), date(2024, 4, 1), date(2024, 6, 1)
    rules = [rule(january, april), rule(april, None, "TOP")]
    found = effective(rules, [give()])
    assert [(one.code, one.since, one.until, one.status) for one in found] == [
        ("LOW", january, TODAY, Status.HELD),
        ("TOP", TODAY, june, Status.OVERRIDE),
        ("TOP", june, None, Status.HELD),
    ]
    assert (found[1].reason.given_by, found[1].reason.note) == ("boss", "opens a branch")
    assert [one.until for one in found[0].phases] == [TODAY]
    assert [one.since for one in found[2].phases] == [june]
    assert effective(rules, []) == rules
    assert [one.code for one in effective([], [give()])] == ["TOP"]


DAYS = st.integers(0, 40).map(lambda n: date.fromordinal(TODAY.toordinal() + n))


@given(st.lists(DAYS, min_size=1, max_size=6, unique=True), st.lists(DAYS, max_size=6, unique=True))
def test_on_each_day_the_hand_decides_where_it_holds_and_the_rules_elsewhere(starts, ends):
    starts.sort()
    ends.sort()
    rules = [rule(since, until) for since, until in zip(starts, [*starts[1:], None], strict=True)]
    hands = [
        give(since=since, until=until) for since, until in zip(ends[::2], ends[1::2], strict=False)
    ]
    found = effective(rules, hands)
    for n in range(45):
        day = date.fromordinal(TODAY.toordinal() + n)
        by_hand = next((one for one in hands if one.in_force(day)), None)
        expected = by_hand.period() if by_hand else held_on(rules, day)
        held = held_on(found, day)
        assert (held and held.reason) == (expected and expected.reason)
        assert sum(p.since <= day and (p.until is None or day < p.until) for p in found) <= 1


GIVE = """mutation($tier: TierOverrideInput!, $key: String!) {
  overrideTier(tier: $tier, idempotencyKey: $key) { __typename
    ... on Customer { tier { code status since until reason { givenBy note move value { amount } } } }
    ... on Problem { code message } } }"""
REVOKE = """mutation($id: UUID!, $reason: String!, $key: String!) {
  revokeTierOverride(customerId: $id, reason: $reason, idempotencyKey: $key) { __typename
    ... on Customer { tier { code status } } ... on Problem { code } } }"""
HISTORY = "tier { code status } tierHistory { code since until status reason { note givenBy } }"
FOUNDER = "founder of the village bank"


def wish(**changes):
    tier = {"customerId": str(customer_id("c")), "code": "DIAMOND", "reason": FOUNDER}
    return tier | {"until": "2024-04-02"} | changes


async def announced(bank):
    found = await bank.sql(
        "select data from outbox where type = 'scoring.tier.changed' order by seq"
    )
    return [(row.data["tier_code"], row.data["previous_code"]) for row in found]


@pytest.mark.anyio
async def test_a_tier_given_by_hand_holds_at_once_and_ends_by_the_business_date(ready):
    await ready.settle()
    first = await ready.data(GIVE, scopes=SCOPES, tier=wish(), key="k")
    assert first["overrideTier"]["tier"] == {
        "code": "DIAMOND", "status": "OVERRIDE", "since": "2024-03-20", "until": "2024-04-02",
        "reason": {"givenBy": "s1", "note": FOUNDER, "move": "OVERRIDE", "value": None},
    }  # fmt: skip
    assert await ready.data(GIVE, scopes=SCOPES, tier=wish(), key="k") == first
    [row] = await ready.sql("select count(*) as given from tier_override")
    assert row.given == 1
    await ready.settle()
    assert await announced(ready) == [("BASIC", None), ("DIAMOND", "BASIC")]
    await ready.learn(ready.institution_news("2024-04-01", 2))
    await ready.settle()
    assert (await ready.of_customer("c", HISTORY))["tier"]["code"] == "DIAMOND"
    await ready.learn(ready.institution_news("2024-04-02", 3))
    over = await ready.of_customer("c", HISTORY)
    assert over["tier"] == {"code": "BASIC", "status": "HELD"}
    assert [tuple(one.values()) for one in over["tierHistory"]] == [
        ("BASIC", "2024-01-01", "2024-03-20", "HELD", {"note": None, "givenBy": None}),
        ("DIAMOND", "2024-03-20", "2024-04-02", "OVERRIDE", {"note": FOUNDER, "givenBy": "s1"}),
        ("BASIC", "2024-04-02", None, "HELD", {"note": None, "givenBy": None}),
    ]
    await ready.settle()
    assert (await announced(ready))[2:] == [("BASIC", "DIAMOND")]


@pytest.mark.anyio
async def test_a_tier_given_by_hand_is_taken_back_with_a_reason(ready):
    await ready.settle()
    await ready.data(GIVE, scopes=SCOPES, tier=wish(until="2025-01-01"), key="k")
    await ready.learn(ready.institution_news("2024-03-22", 2))
    await ready.settle()
    asked = {"id": str(customer_id("c")), "reason": "moved away", "key": "r"}
    for _ in range(2):
        answer = await ready.data(REVOKE, scopes=SCOPES, **asked)
        assert answer["revokeTierOverride"]["tier"] == {"code": "BASIC", "status": "HELD"}
    again = await ready.data(REVOKE, scopes=SCOPES, **(asked | {"key": "s"}))
    assert again["revokeTierOverride"] == {"__typename": "NoOverride", "code": "NO_OVERRIDE"}
    [row] = await ready.sql("select until, ended_by, end_reason from tier_override")
    assert tuple(row) == (date(2024, 3, 22), "s1", "moved away")
    [former] = await ready.sql("select record from superseded where kind = 'tier_override'")
    assert former.record["until"] == "2025-01-01"
    await ready.settle()
    assert (await announced(ready))[-1] == ("BASIC", "DIAMOND")


@pytest.mark.anyio
async def test_of_those_who_give_a_tier_at_once_one_comes_after_the_other(ready):
    codes = ["GOLD", "SILVER", "PLATINUM"]
    answers = await asyncio.gather(
        *(ready.data(GIVE, scopes=SCOPES, tier=wish(code=code), key=code) for code in codes)
    )
    assert all(one["overrideTier"]["__typename"] == "Customer" for one in answers)
    [left] = await ready.sql("select code from tier_override where since < until")
    [history] = (await ready.of_customer("c", "tierHistory { code status }"))["tierHistory"][-1:]
    assert history == {"code": left.code, "status": "OVERRIDE"}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": "RUBY"}, "TIER_NOT_KNOWN"),
        ({"until": "2024-03-20"}, "OVERRIDE_INVALID"),
        ({"reason": " "}, "OVERRIDE_INVALID"),
        ({"customerId": str(UUID(int=5))}, "CUSTOMER_NOT_KNOWN"),
    ],
)
async def test_a_refused_wish_changes_nothing(ready, change, code):
    answer = await ready.data(GIVE, scopes=SCOPES, tier=wish(**change), key="k")
    assert answer["overrideTier"]["code"] == code
    assert await ready.sql("select 1 from tier_override") == []


@pytest.mark.anyio
@pytest.mark.parametrize("scopes", [("contribution:read",), ("tier:override",), ("operate",)])
async def test_who_lacks_a_scope_changes_nothing(ready, scopes):
    asked = {"id": str(customer_id("c")), "reason": "why", "key": "r"}
    for document, variables in ((GIVE, {"tier": wish(), "key": "k"}), (REVOKE, asked)):
        body = await ready.ask(document, scopes=scopes, **variables)
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await ready.sql("select 1 from tier_override") == []
