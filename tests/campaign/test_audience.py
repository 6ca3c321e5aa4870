"""Audience rules: read with every fault named, and the same answer in Python and in SQL."""

from datetime import date
from uuid import UUID

import pytest
from campaign.domain.audience import (
    Age,
    All,
    AnyOf,
    Consents,
    Contribution,
    Holds,
    InBranch,
    Not,
    OfKind,
    Tier,
    WithManager,
    matches,
)
from campaign.domain.problems import InvalidAudience
from campaign.domain.prospect import Channel, CustomerKind, Line, Prospect, age, born_by, marketing
from campaign.domain.reading import Known, read
from campaign.store.audiences import where
from campaign.tables import ProspectRow
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

KNOWN = Known(
    currency="CZK",
    tiers={"gold": 5, "silver": 4},
    branches=frozenset({"B1", "B2"}),
    products=frozenset({"saver", "card"}),
)
ON = date(2026, 2, 28)


def faults(tree) -> list[tuple[str, str]]:
    with pytest.raises(InvalidAudience) as refused:
        read(tree, KNOWN)
    return [(fault.path, fault.reason) for fault in refused.value.faults]


def test_reads_every_kind_of_condition():
    tree = {
        "all": [
            {"tier": {"atLeast": "silver", "in": ["gold"]}},
            {"contribution": {"atLeast": "-10.05", "lessThan": "1500"}},
            {
                "holds": {
                    "products": {"any": ["saver"], "none": ["card"]},
                    "lines": {"none": ["LOAN"]},
                }
            },
            {"any": [{"age": {"atLeast": 18, "lessThan": 30}}, {"kind": "ENTERPRISE"}]},
            {"not": {"branch": {"in": ["B2"]}}},
            {"managers": {"in": ["M1"]}},
            {"consent": {"channel": "SELF_SERVICE"}},
        ]
    }
    assert read(tree, KNOWN) == All(
        (
            Tier(at_least=4, codes=frozenset({"gold"})),
            Contribution(currency="CZK", at_least=-1005, less_than=150_000),
            Holds(
                any_products=frozenset({"saver"}),
                no_products=frozenset({"card"}),
                no_lines=frozenset({Line.LOAN}),
            ),
            AnyOf((Age(at_least=18, less_than=30), OfKind(CustomerKind.ENTERPRISE))),
            Not(InBranch(frozenset({"B2"}))),
            WithManager(frozenset({"M1"})),
            Consents(Channel.SELF_SERVICE),
        )
    )


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({}, ("audience", "give exactly one of all, any, not, or a condition")),
        ({"all": []}, ("audience.all", "give at least one rule")),
        ({"not": {"any": []}}, ("audience.not.any", "give at least one rule")),
        ({"tier": {}}, ("audience.tier", "an empty condition says nothing")),
        ({"tier": {"atLeast": "tin"}}, ("audience.tier.atLeast", "there is no tier 'tin'")),
        ({"tier": {"in": ["gold", "tin"]}}, ("audience.tier.in", "there is no tier 'tin'")),
        ({"tier": {"in": []}}, ("audience.tier.in", "give 1 to 1000 names")),
        ({"branch": {"in": ["B9"]}}, ("audience.branch.in", "there is no branch 'B9'")),
        (
            {"all": [{"kind": "INDIVIDUAL"}, {"holds": {"products": {"any": ["x"]}}}]},
            ("audience.all[1].holds.products.any", "there is no product 'x'"),
        ),
        ({"holds": {"lines": {}}}, ("audience.holds.lines", "an empty condition says nothing")),
        ({"managers": {"in": ["\x00"]}}, ("audience.managers.in", "there is no name '\x00'")),
        (
            {"contribution": {"atLeast": "1.005"}},
            ("audience.contribution.atLeast", "CZK has 2 decimal places"),
        ),
        (
            {"contribution": {"lessThan": "1e9"}},
            ("audience.contribution.lessThan", "write an amount as a decimal such as '1500.00'"),
        ),
        (
            {"contribution": {"atLeast": "5", "lessThan": "5.00"}},
            ("audience.contribution", "atLeast must be below lessThan, or nobody is meant"),
        ),
        ({"age": {"atLeast": 151}}, ("audience.age.atLeast", "give 0 to 150 years")),
        ({"age": {"lessThan": -1}}, ("audience.age.lessThan", "give 0 to 150 years")),
    ],
)
def test_refuses_a_faulty_rule_at_its_place(tree, expected):
    assert faults(tree) == [expected]


def test_names_every_fault_at_once():
    tree = {"all": [{"tier": {"atLeast": "tin"}}, {"branch": {"in": ["B8", "B1", "B9"]}}]}
    assert [path for path, _ in faults(tree)] == [
        "audience.all[0].tier.atLeast", "audience.all[1].branch.in", "audience.all[1].branch.in",
    ]  # fmt: skip


def nested(depth: int):
    return {"kind": "INDIVIDUAL"} if depth == 1 else {"not": nested(depth - 1)}


def test_eight_levels_are_read_and_nine_refused():
    read(nested(8), KNOWN)
    assert faults(nested(9)) == [("audience" + ".not" * 8, "rules nest at most 8 deep")]


def test_two_hundred_rules_are_read_and_one_more_refused():
    read({"any": [{"kind": "INDIVIDUAL"}] * 199}, KNOWN)
    assert faults({"any": [{"kind": "INDIVIDUAL"}] * 200}) == [
        ("audience.any[199]", "an audience has at most 200 rules")
    ]


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(1980, 5, 17), date(2026, 5, 16), 45),
        (date(1980, 5, 17), date(2026, 5, 17), 46),
        (date(2000, 2, 29), date(2026, 2, 28), 25),
        (date(2000, 2, 29), date(2026, 3, 1), 26),
        (date(2001, 2, 28), date(2024, 2, 29), 23),
    ],
)
def test_age_counts_completed_years(born, on, years):
    assert age(born, on) == years


days = st.dates(date(1900, 1, 1), date(2026, 12, 31))


@given(born=days, on=st.dates(date(2020, 1, 1), date(2030, 12, 31)), years=st.integers(0, 150))
def test_born_by_is_where_age_begins(born, on, years):
    assert (age(born, on) >= years) == (born <= born_by(on, years))


def test_what_is_unknown_meets_no_condition_and_every_negation():
    stranger = Prospect(customer_id=UUID(int=1))
    conditions = [
        Tier(at_least=0), Tier(codes=frozenset({"gold"})), Contribution(currency="CZK", less_than=1),
        Age(at_least=0), OfKind(CustomerKind.INDIVIDUAL), InBranch(frozenset({"B1"})),
        WithManager(frozenset({"M1"})), Consents(Channel.PHONE),
        Holds(any_products=frozenset({"saver"})),
    ]  # fmt: skip
    assert [matches(one, stranger, ON) for one in conditions] == [False] * 9
    assert [matches(Not(one), stranger, ON) for one in conditions] == [True] * 9
    assert matches(Holds(no_products=frozenset({"saver"})), stranger, ON)


def maybe(strategy):
    return st.none() | strategy


def names(pool):
    return st.frozensets(st.sampled_from(pool), min_size=1, max_size=2)


CODES, PRODUCTS, BRANCHES = ["t1", "t2", "t3"], ["p1", "p2", "p3"], ["B1", "B2"]
CONSENTS = [marketing(Channel.COUNTER), marketing(Channel.PHONE), "research/counter"]
BIRTHDAYS = [date(year, month, day) for year in (2007, 2008) for month, day in ((2, 28), (3, 1))]
near = st.sampled_from([*BIRTHDAYS, date(2008, 2, 29)])


@st.composite
def prospects(draw):
    count = draw(st.integers(1, 12))
    return [
        Prospect(
            customer_id=UUID(int=number),
            kind=draw(maybe(st.sampled_from(list(CustomerKind)))),
            born_on=draw(maybe(near)),
            branch_code=draw(maybe(st.sampled_from(BRANCHES))),
            manager_number=draw(maybe(st.sampled_from(["M1", "M2"]))),
            tier_rank=draw(maybe(st.integers(1, 3))),
            tier_code=draw(maybe(st.sampled_from(CODES))),
            contribution_minor=draw(maybe(st.integers(-3, 3))),
            currency=draw(maybe(st.sampled_from(["CZK", "EUR"]))),
            products=draw(st.frozensets(st.sampled_from(PRODUCTS))),
            lines=draw(st.frozensets(st.sampled_from(list(Line)))),
            consents=draw(st.frozensets(st.sampled_from(CONSENTS))),
        )
        for number in range(1, count + 1)
    ]


conditions = st.one_of(
    st.builds(Tier, at_least=maybe(st.integers(1, 3)), codes=maybe(names(CODES))),
    st.builds(
        Contribution,
        currency=st.just("CZK"),
        at_least=maybe(st.integers(-3, 3)),
        less_than=maybe(st.integers(-3, 3)),
    ).filter(lambda rule: rule.at_least is not None or rule.less_than is not None),
    st.builds(
        Holds,
        any_products=maybe(names(PRODUCTS)),
        no_products=maybe(names(PRODUCTS)),
        any_lines=maybe(names(list(Line))),
        no_lines=maybe(names(list(Line))),
    ),
    st.builds(
        Age, at_least=maybe(st.integers(18, 21)), less_than=maybe(st.integers(18, 21))
    ).filter(lambda rule: rule.at_least is not None or rule.less_than is not None),
    st.builds(OfKind, st.sampled_from(list(CustomerKind))),
    st.builds(InBranch, names(BRANCHES)),
    st.builds(WithManager, names(["M1", "M2"])),
    st.builds(Consents, st.sampled_from(list(Channel))),
)
rules = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(All, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=10,
)


@pytest.mark.anyio
@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    people=prospects(), rule=rules, on=st.sampled_from([ON, date(2026, 3, 1), date(2028, 2, 29)])
)
async def test_sql_and_python_choose_the_same_prospects(db, people, rule, on):
    async with db.read("A") as session:
        connection = await session.connection()
        await connection.execute(insert(ProspectRow.__table__), [as_row(one) for one in people])
        found = await connection.execute(select(ProspectRow.customer_id).where(where(rule, on)))
        chosen = {row.customer_id for row in found}
        negated = await connection.execute(
            select(ProspectRow.customer_id).where(where(Not(rule), on))
        )
        rest = {row.customer_id for row in negated}
        await connection.rollback()
    assert chosen == {one.customer_id for one in people if matches(rule, one, on)}
    assert rest == {one.customer_id for one in people} - chosen


def as_row(one: Prospect) -> dict:
    facts = {name: getattr(one, name) for name in Prospect.__slots__}
    facts |= {name: sorted(facts[name]) for name in ("products", "lines", "consents")}
    return facts | {
        "institution": "A", "customer_version": 1, "tier_version": 1, "contribution_version": 1,
    }  # fmt: skip
