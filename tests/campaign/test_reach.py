"""How far a caller reaches: offers and audiences within it as ever, and nobody beyond it."""

import asyncio
from uuid import UUID, uuid4

import pytest
from campaign.store.reach import reached
from campaign.tables import BranchRow, ProspectRow
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.identity import Principal, Reach
from sqlalchemy import insert, select, text

from tests.campaign.conftest import EVERYONE

pytestmark = pytest.mark.anyio
REGION = {"reach": "branches", "branch_codes": ["R"]}
BRANCH = {"reach": "branches", "branch_codes": ["B2", "B9"]}
BOOK = {"reach": "book", "staff_number": "M1"}
OWN = {"reach": "self", "customer_number": "3", "channel": "online"}
STAFF = ((REGION, {"1", "2"}), (BRANCH, {"2"}), (BOOK, {"1"}))
CALLERS = (*STAFF, (OWN, {"3"}))
"""Each with the numbers of those within reach."""
OFFERS = """query($who: [_Any!]!) { _entities(representations: $who) { ... on Customer {
  offers(channel: ONLINE) { id title text status lastOutcome campaign { id name } product channel expiresOn } } } }"""
RESPOND = """mutation($offer: UUID!, $channel: Channel!, $key: String!) {
  recordResponse(offerId: $offer, channel: $channel, outcome: DECLINED, idempotencyKey: $key) {
    __typename ... on Offer { id status campaign { name } } ... on Problem { code message } } }"""
PREVIEW = """query($rule: AudienceRule!) { previewAudience(rule: $rule) {
  ... on AudiencePreview { count addressable { channel count } byTier { code count } sample { id } } } }"""
WRITTEN = """select (select jsonb_agg(m order by customer_id) from member m) as members,
  (select count(*) from response) as responses, (select count(*) from outbox) as events,
  (select count(*) from idempotency) as keys, (select count(*) from audit_entry) as entries"""


@pytest.fixture
async def running(bank, campaigns):
    """Three customers at three branches, two below one region, and an offer for each of them."""
    await bank.opens()
    await bank.tell_all(
        [
            *(bank.branch(code, parent) for code, parent in
              (("H", None), ("R", "H"), ("B2", "R"), ("B3", "H"), ("B9", None))),
            bank.branch("B1", "R", version=2),
            bank.customer("1"),
            bank.customer("2", branch_code="B2", manager_number="M2"),
            bank.customer("3", branch_code="B3", manager_number=None),
            *(bank.consent(one, "online") for one in "123"),
            *(bank.consent(one, "counter") for one in "123"),
        ]
    )  # fmt: skip
    return await campaigns.launched(holdOutPpm=0, channels=["ONLINE", "COUNTER"])


@pytest.fixture
def offers(service):
    """Give each customer's offers online."""

    async def read(*customers, reach=None):
        who = [{"__typename": "Customer", "id": one} for one in customers]
        found = await service.ask(OFFERS, "teller", reach=reach, who=who)
        return [one["offers"] for one in found["_entities"]]

    return read


async def test_offers_are_shown_of_customers_within_reach_alone(running, offers, of):
    everyone = [of(one) for one in "123"]
    as_ever = await offers(*everyone)
    assert [len(one) for one in as_ever] == [1, 1, 1]
    to_customers = {"campaign": {"id": running["id"], "name": "A card for you"}}
    for reach, within in CALLERS:
        own = to_customers if reach == OWN else {}
        assert await offers(str(uuid4()), reach=reach) == [[]]
        assert await offers(*everyone, reach=reach) == [
            [offer | own] if number in within else []
            for number, [offer] in zip("123", as_ever, strict=True)
        ]


async def test_nobody_beyond_reach_is_answered_for(running, service, offers, of, rows):
    made = dict(zip("123", await offers(*(of(one) for one in "123")), strict=True))

    async def respond(offer, reach):
        values = {"offer": offer, "channel": "ONLINE", "key": uuid4().hex}
        answer = await service.whole(RESPOND, "teller", reach=reach, **values)
        return str(answer).replace(offer, "OFFER")

    before = await rows(WRITTEN)
    for reach, within in CALLERS:
        missing = await respond(str(uuid4()), reach)
        assert "OFFER_NOT_FOUND" in missing
        for number in set("123") - within:
            assert await respond(made[number][0]["id"], reach) == missing
    assert await rows(WRITTEN) == before
    for number, reach in (("1", BOOK), ("2", BRANCH), ("3", OWN)):
        assert "'DECLINED'" in await respond(made[number][0]["id"], reach)
    [after] = await rows(WRITTEN)
    assert after["responses"] == 3


async def test_a_customer_answers_in_the_channel_it_came_by_and_reads_its_own_words(
    running, service, offers, of
):
    [[offer]] = await offers(of("3"), reach=OWN)
    assert await offers(of("3"), reach=OWN | {"channel": "mobile"}) == [[]]

    async def respond(channel, number="3"):
        values = {"offer": offer["id"], "channel": channel, "key": uuid4().hex}
        reach = OWN | {"customer_number": number}
        return (await service.ask(RESPOND, "teller", reach=reach, **values))["recordResponse"]

    assert await respond("COUNTER") == {
        "__typename": "OfferNotFound", "code": "OFFER_NOT_FOUND",
        "message": f"There is no offer {offer['id']} in this channel.",
    }  # fmt: skip
    assert (await respond("ONLINE", "1"))["code"] == "OFFER_NOT_FOUND"
    assert await respond("ONLINE") == {
        "__typename": "Offer", "id": offer["id"], "status": "DECLINED",
        "campaign": {"name": "A card for you"},
    }  # fmt: skip


async def test_an_audience_is_counted_within_reach(running, service, of):
    for reach, within in STAFF:
        found = (await service.ask(PREVIEW, reach=reach, rule=EVERYONE))["previewAudience"]
        online = {one["channel"]: one["count"] for one in found["addressable"]}["ONLINE"]
        assert (found["count"], online) == (len(within), len(within))
        assert found["sample"] == [{"id": one} for one in sorted(of(number) for number in within)]


async def test_who_moves_is_seen_by_the_new_branch_and_manager_alone(running, bank, offers, of):
    async def seen(reach):
        return [bool(one) for one in await offers(*(of(one) for one in "123"), reach=reach)]

    await bank.tell(bank.customer("3", 2, branch_code="B2"))
    assert await seen(BRANCH) == [False, True, True]
    assert await seen(BOOK) == [True, False, True]
    await bank.tell(bank.customer("3", 3, branch_code="B3", manager_number=None))
    assert await seen(BRANCH) == [False, True, False]
    assert await seen(BOOK) == [True, False, False]
    await bank.tell(bank.branch("B2", "B3", version=2))
    assert await seen(REGION) == [True, False, False]
    assert await seen({"reach": "branches", "branch_codes": ["B3"]}) == [False, True, True]


async def test_a_feed_that_is_read_again_fills_what_was_not_kept(running, bank, db, offers, of):
    async with db.transaction("A") as session:
        connection = await session.connection()
        await connection.execute(text("update branch set parent_code = null"))
        await connection.execute(text("update prospect set number = null"))
    everyone = [of(one) for one in "123"]
    assert await offers(*everyone, reach=REGION) == [[], [], []]
    assert await offers(*everyone, reach=OWN) == [[], [], []]
    again = [bank.branch("B2", "R"), bank.branch("B1", "R", version=2)]
    again += [bank.customer("3", branch_code="B3", manager_number=None)]
    await bank.tell_all(again)
    assert [len(one) for one in await offers(*everyone, reach=REGION)] == [1, 1, 0]
    assert [len(one) for one in await offers(*everyone, reach=OWN)] == [0, 0, 1]


@pytest.mark.parametrize(("moved", "code"), [("M2", "OFFER_NOT_FOUND"), ("M1", None)])
async def test_who_leaves_the_book_while_an_answer_waits_is_not_answered_for(
    running, service, db, offers, of, rows, moved, code
):
    [[offer]] = await offers(of("1"))
    values = {"offer": offer["id"], "channel": "ONLINE", "key": "k"}
    async with db.transaction("A") as session:
        connection = await session.connection()
        move = text("update prospect set manager_number = :moved where customer_id = :who")
        await connection.execute(move, {"moved": moved, "who": of("1")})
        asked = asyncio.create_task(service.ask(RESPOND, "teller", reach=BOOK, **values))
        waiting = """select count(*) as n from pg_stat_activity where wait_event_type = 'Lock'
            and datname = current_database()"""
        while await rows(waiting) == [{"n": 0}]:
            await asyncio.sleep(0.01)
    assert (await asked)["recordResponse"].get("code") == code
    assert await rows("select count(*) as n from response") == [{"n": int(code is None)}]


async def test_a_narrower_reach_costs_no_statement_more(running, service, offers, of, statements):
    [[first], [second]] = await offers(of("1"), of("2"))
    everywhere = {"reach": "branches", "branch_codes": ["H"]}

    async def cost(reach, offer):
        statements.clear()
        await offers(of("1"), of("2"), of("3"), reach=reach)
        shown = len(statements)
        values = {"offer": offer["id"], "channel": "ONLINE", "key": uuid4().hex}
        await service.ask(RESPOND, "teller", reach=reach, **values)
        answered = len(statements) - shown
        await service.ask(PREVIEW, reach=reach, rule=EVERYONE)
        told = [one for one in statements if "RECURSIVE" in one]
        return shown, answered, len(statements) - shown - answered, bool(told)

    whole, narrow = await cost(None, first), await cost(everywhere, second)
    assert narrow == (*whole[:3], True)
    assert not whole[3]


@st.composite
def banks(draw):
    """Draw a forest of branches, each by its parent, and prospects by branch and manager."""
    size = draw(st.integers(1, 7))
    parents = [draw(st.integers(-1, one - 1)) for one in range(size)]
    place = st.tuples(
        st.none() | st.integers(0, size - 1), st.sampled_from([None, "M1", "M2"])
    )  # fmt: skip
    people = draw(st.lists(place, min_size=1, max_size=8))
    return parents, people, draw(st.frozensets(st.integers(0, size), min_size=1, max_size=3))


def beneath(parents, branch, asked) -> bool:
    """Walk up from a branch until one that was asked for, or the top."""
    while branch is not None and branch >= 0:
        if branch in asked:
            return True
        branch = parents[branch]
    return False


def caller(reach, **measure) -> Principal:
    return Principal(
        subject="s", role="r", channel="counter", institution="A", reach=reach, scopes=frozenset(),
        **measure,
    )  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(banks())
async def test_the_set_that_is_seen_is_the_set_by_definition(db, made):
    parents, people, asked = made
    nothing = {"customer_version": 1, "tier_version": 0, "contribution_version": 0, "products": [],
               "lines": [], "consents": [], "institution": "A"}  # fmt: skip
    prospects = [
        nothing | {"customer_id": UUID(int=one), "number": str(one), "manager_number": manager,
                   "branch_code": None if branch is None else str(branch)}
        for one, (branch, manager) in enumerate(people)
    ]  # fmt: skip
    branches = [
        {"institution": "A", "code": str(one), "version": 1,
         "parent_code": None if parent < 0 else str(parent)}
        for one, parent in enumerate(parents)
    ]  # fmt: skip
    everyone = range(len(people))
    wanted = [
        (caller(Reach.INSTITUTION), set(everyone)),
        (caller(Reach.BRANCHES, branch_codes=frozenset(map(str, asked))),
         {one for one in everyone if beneath(parents, people[one][0], asked)}),
        (caller(Reach.BOOK, staff_number="M1"), {one for one in everyone if people[one][1] == "M1"}),
        (caller(Reach.SELF, customer_number="0"), {0}),
        (caller(Reach.UNION), set()),
    ]  # fmt: skip
    async with db.read("A") as session:
        connection = await session.connection()
        await connection.execute(insert(BranchRow.__table__), branches)
        await connection.execute(insert(ProspectRow.__table__), prospects)
        for who, expected in wanted:
            query = select(ProspectRow.customer_id).where(*reached(who))
            found = (await connection.execute(query)).scalars()
            assert {one.int for one in found} == expected
        await connection.rollback()
