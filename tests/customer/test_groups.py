"""Households and groups: who belongs together, at most once at a time, without circles."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from customer.domain.group import Group, Joining, Member, Roll, fit_group
from customer.domain.group_problems import (
    AlreadyMember,
    GroupCycle,
    LeftBeforeJoined,
    UnknownGroup,
)
from customer.domain.ids import CustomerId, GroupId, customer_id, group_id
from customer.domain.taking import take
from customer.domain.vocabulary import GroupKind
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.customer.records import a_customer, an_account

pytestmark = pytest.mark.anyio
FIRST, SECOND = str(customer_id("A", "1")), str(customer_id("A", "2"))
FAMILY, HOLDING = str(group_id("A", "F1")), str(group_id("A", "G1"))


def a_group(code="F1", kind="household", **values):
    return {"code": code, "kind": kind, "name": f"Name of {code}", "parent_code": ""} | values


def a_member(group="F1", customer="1", role="head", **values):
    return {
        "group_code": group, "customer_number": customer, "role": role, "since": "2020-01-01",
        "until": "",
    } | values  # fmt: skip


@pytest.fixture
async def grouped(bank):
    """A household of both customers, and a group over a group that the first is in too."""
    groups = [a_group(), a_group("G1", "group"), a_group("G2", "group", parent_code="G1")]
    members = [
        a_member(),
        a_member(customer="2", role="spouse"),
        a_member("G2", role="legal_representative"),
    ]
    for kind, records in (("groups", groups), ("group_members", members)):
        answer = await bank.ingest(kind, *records)
        assert (answer["accepted"], answer["rejected"]) == (3, [])
    return bank


async def test_a_group_is_announced_with_its_members_and_without_its_name(grouped):
    found = await grouped.events("customer.group.recorded")
    assert [(one["subject"], one["version"]) for one in found if one["subject"] == FAMILY] == [
        (FAMILY, 1), (FAMILY, 2),
    ]  # fmt: skip
    [last] = [one for one in found if one["subject"] == FAMILY and one["version"] == 2]
    assert last["data"] == {
        "group_id": FAMILY, "code": "F1", "kind": "household", "parent_id": None,
        "members": sorted(
            [
                {"customer_id": FIRST, "role": "head", "since": "2020-01-01", "until": None},
                {"customer_id": SECOND, "role": "spouse", "since": "2020-01-01", "until": None},
            ],
            key=lambda one: one["customer_id"],
        ),
    }  # fmt: skip
    [under] = [one for one in found if one["data"]["code"] == "G2" and one["version"] == 1]
    assert under["data"]["parent_id"] == HOLDING


async def test_the_same_groups_and_members_again_change_nothing(grouped):
    before = await grouped.events()
    assert (await grouped.ingest("groups", a_group()))["unchanged"] == 1
    assert (await grouped.ingest("group_members", a_member()))["unchanged"] == 1
    assert await grouped.events() == before


@pytest.mark.parametrize(
    ("kind", "record", "code"),
    [
        ("groups", a_group("G1", "group", parent_code="G2"), "GROUP_CYCLE"),
        ("groups", a_group("G9", "group", parent_code="G9"), "GROUP_CYCLE"),
        ("groups", a_group("G9", "group", parent_code="F1"), "HOUSEHOLD_ABOVE"),
        ("groups", a_group("G9", "group", parent_code="G8"), "UNKNOWN_GROUP"),
        ("groups", a_group("F1", "group"), "GROUP_KIND_FIXED"),
        ("groups", a_group("G9", "clan"), "INVALID"),
        ("group_members", a_member("F9"), "UNKNOWN_GROUP"),
        ("group_members", a_member(customer="9"), "UNKNOWN_CUSTOMER"),
        ("group_members", a_member(until="2020-01-01"), "LEFT_BEFORE_JOINED"),
        ("group_members", a_member("G1", since="2019-01-01"), "ALREADY_MEMBER"),
        ("group_members", a_member("G1", since="2024-01-01", until="2024-02-01"), "ALREADY_MEMBER"),
        ("group_members", a_member(since="2021-01-01"), "ALREADY_MEMBER"),
        ("group_members", a_member(role="Head of all"), "INVALID"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_cannot_be_true_of_a_group_is_refused_and_changes_nothing(
    grouped, kind, record, code
):
    before = await grouped.events()
    answer = await grouped.ingest(kind, record)
    assert [one["code"] for one in answer["rejected"]] == [code]
    assert await grouped.events() == before


async def test_a_refusal_says_what_to_do(grouped):
    [one] = (await grouped.ingest("group_members", a_member("G1")))["rejected"]
    assert one["reason"] == (
        "Customer '1' is in the group 'G2' at that time, and may be in one group only; first send "
        "that membership with the day on which it ends."
    )


async def test_who_left_may_join_another_household_from_that_day_on(grouped):
    await grouped.ingest("groups", a_group("F2"))
    left = a_member(customer="2", role="spouse", until="2026-03-01")
    joined = a_member("F2", "2", since="2026-03-01")
    answer = await grouped.ingest("group_members", left, joined)
    assert (answer["accepted"], answer["rejected"]) == (2, [])
    data = await grouped.data(
        "query($id: UUID!) { customer(id: $id) { household { code } group { code } } "
        'old: customerGroup(code: "F1") { members { edges { node { customer { number } } } } } }',
        id=SECOND,
    )
    assert data["customer"] == {"household": {"code": "F2"}, "group": None}
    assert data["old"]["members"]["edges"] == [{"node": {"customer": {"number": "1"}}}]


async def test_a_customer_shows_household_and_group(grouped):
    data = await grouped.data(
        """query($id: UUID!) { customer(id: $id) {
          household { id code kind name parent { code }
            members(first: 1) { edges { cursor node { role since until customer { number } } }
              pageInfo { hasNextPage hasPreviousPage endCursor } } }
          group { code kind parent { code groups { code } } } } }""",
        id=FIRST,
    )
    household = data["customer"]["household"]
    assert (household["id"], household["code"], household["kind"]) == (FAMILY, "F1", "HOUSEHOLD")
    assert (household["name"], household["parent"]) == ("Name of F1", None)
    [edge] = household["members"]["edges"]
    first = min((FIRST, "1", "head"), (SECOND, "2", "spouse"))
    assert edge["node"] == {
        "role": first[2], "since": "2020-01-01", "until": None, "customer": {"number": first[1]},
    }  # fmt: skip
    assert household["members"]["pageInfo"] == {
        "hasNextPage": True, "hasPreviousPage": False, "endCursor": edge["cursor"],
    }  # fmt: skip
    assert data["customer"]["group"] == {
        "code": "G2", "kind": "GROUP", "parent": {"code": "G1", "groups": [{"code": "G2"}]},
    }  # fmt: skip
    after = await grouped.data(
        'query($after: String) { customerGroup(code: "F1") { members(after: $after) { '
        "edges { node { customer { number } } } pageInfo { hasNextPage } } } }",
        after=edge["cursor"],
    )
    other = {"1": "2", "2": "1"}[first[1]]
    assert after["customerGroup"]["members"] == {
        "edges": [{"node": {"customer": {"number": other}}}], "pageInfo": {"hasNextPage": False},
    }  # fmt: skip


async def test_pages_of_groups_end_and_go_on(grouped):
    await grouped.ingest("groups", *(a_group(f"S{n}", "group", parent_code="G1") for n in range(3)))
    page = 'customerGroup(code: "G1") { groups(first: 2, after: $after) { code } }'
    document = f"query($after: String) {{ {page} }}"
    first = await grouped.data(document)
    assert [one["code"] for one in first["customerGroup"]["groups"]] == ["G2", "S0"]
    second = await grouped.data(document, after="S0")
    assert [one["code"] for one in second["customerGroup"]["groups"]] == ["S1", "S2"]
    for wrong in ("members(first: 0)", "members(first: 101)", 'members(after: "x")'):
        asked = f'{{ customerGroup(code: "G1") {{ {wrong} {{ edges {{ cursor }} }} }} }}'
        [error] = (await grouped.ask(asked))["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_another_institution_and_a_caller_without_scope_see_no_group(grouped):
    document = (
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on CustomerGroup { code } } }"
    )
    key = [{"__typename": "CustomerGroup", "id": FAMILY}]
    assert (await grouped.data(document, r=key))["_entities"] == [{"code": "F1"}]
    assert (await grouped.data(document, r=key, institution="B"))["_entities"] == [None]
    asked = '{ customerGroup(code: "F1") { code } }'
    assert await grouped.data(asked, institution="B") == {"customerGroup": None}
    for one, variables in ((document, {"r": key}), (asked, {})):
        [error] = (await grouped.ask(one, scopes=("consent:write",), **variables))["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
    no_id = [{"__typename": "CustomerGroup", "id": "no id"}]
    assert (await grouped.data(document, r=no_id))["_entities"] == [None]


async def test_the_households_of_many_cost_what_one_costs(grouped, statements):
    document = """{ customers { edges { node { household { code members { edges { node { role
      customer { name } } } } groups { code } } group { parent { code } } } } } }"""
    await grouped.data(document)
    del statements[:]
    await grouped.data(document)
    few = len(statements)
    for n in range(10, 30):
        await grouped.ingest("customers", a_customer(number=str(n), id_type="", id_number=""))
        await grouped.ingest("groups", a_group(f"F{n}"))
        await grouped.ingest("group_members", a_member(f"F{n}", str(n)))
    del statements[:]
    await grouped.data(document)
    assert len(statements) == few <= 8  # one puts it on record


async def test_an_account_says_when_its_term_ends(organised):
    await organised.ingest("customers", a_customer())
    answer = await organised.ingest(
        "accounts",
        an_account(matures_on="2002-05-06"),
        an_account(number="9", matures_on="2001-05-05"),
    )
    assert answer["accepted"] == 1
    assert [one["code"] for one in answer["rejected"]] == ["MATURES_BEFORE_OPENED"]
    await organised.ingest(
        "account_holders", {"account_number": "100", "customer_number": "1", "role": "owner"}
    )
    [event] = await organised.events("customer.account.recorded")
    assert event["data"]["matures_on"] == "2002-05-06"
    found = await organised.data('{ customerByNumber(number: "1") { accounts { maturesOn } } }')
    assert found["customerByNumber"]["accounts"] == [{"maturesOn": "2002-05-06"}]


# whatever is told, in whatever order

GROUPS = [GroupId(UUID(int=n)) for n in range(6)]
days = st.integers(0, 8).map(lambda n: date(2024, 1, 1) + timedelta(n))


@st.composite
def joinings(draw):
    group, since = draw(st.sampled_from(GROUPS)), draw(days)
    until = draw(st.none() | days)
    member = Member(CustomerId(UUID(int=draw(st.integers(0, 2)))), since, "head", until)
    return Joining(group_id=group, group_code=str(group.int), customer_number="c", member=member)


def known_group(key: GroupId, kind: GroupKind, parent: GroupId | None = None) -> Group:
    code = str(key.int)
    return Group(
        id=key, code=code, kind=kind, name="n", parent_id=parent,
        parent_code=str(parent.int) if parent else None,
    )  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(joinings(), max_size=25))
def test_nobody_is_ever_in_two_of_a_kind_and_only_overlaps_are_refused(told):
    groups = {key: known_group(key, list(GroupKind)[key.int % 2]) for key in GROUPS}
    roll = Roll(groups.values(), {CustomerId(UUID(int=n)) for n in range(3)})
    for one in told:
        key, member = groups[one.group_id], one.member
        others = [
            (other.kind, held)
            for other in groups.values()
            for held in other.members
            if held.customer_id == member.customer_id
            and (other.id, held.since) != (key.id, member.since)
        ]
        every = [date(2024, 1, 1) + timedelta(n) for n in range(12)]
        clash = any(
            kind is key.kind and held.on(day) and member.on(day)
            for kind, held in others for day in every
        )  # fmt: skip
        possible = member.until is None or member.until > member.since
        try:
            groups[one.group_id] = roll.fit(groups, one)
        except LeftBeforeJoined:
            assert not possible
        except AlreadyMember:
            assert possible
            assert clash
        else:
            assert possible
            assert not clash
            assert member in groups[one.group_id].members


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(GROUPS), st.none() | st.sampled_from(GROUPS)), max_size=25)
)
def test_parents_never_make_a_circle_whatever_is_told(told):
    lines = [(n, known_group(key, GroupKind.GROUP, parent)) for n, (key, parent) in enumerate(told)]
    taken = take({}, lines, key=lambda one: one.id, fit=fit_group)
    groups = {key: one.value for key, one in taken.changed.items()}
    for group in groups.values():
        seen, above = {group.id}, group.parent_id
        while above is not None:
            assert above not in seen
            seen.add(above)
            above = groups[above].parent_id
    codes = {type(one.problem) for one in taken.outcome.refused}
    assert len(taken.outcome.refused) + taken.outcome.accepted + taken.outcome.unchanged == len(
        told
    )
    assert codes <= {GroupCycle, UnknownGroup}
