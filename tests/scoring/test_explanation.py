"""The explanation adds up at every node, from the total down to the postings, in each one's unit."""

import re
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from itertools import chain
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring.domain.account import Account, AccountId, Activity, CustomerId, History
from scoring.domain.balance import daily, moments_of, scheduled_balance
from scoring.domain.contribution import by_line, price, total
from scoring.domain.exchange import FxBook, FxRate
from scoring.domain.explained_inputs import Book, Entry, explained_inputs
from scoring.domain.explanation import MINOR, NodeKind, at, explain, segment, walk
from scoring.domain.holders import whole_of
from scoring.domain.leaf import Input, Leaf
from scoring.domain.line import Line, View
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms, movements
from scoring.domain.money import half_away
from scoring.domain.months import Period, last_day, month_of
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.posting import Channel, Kind
from scoring.domain.scheme_document import scheme_of
from scoring.domain.weighing import by_day
from scoring.domain.worked import worked

START, TODAY = date(2024, 1, 1), date(2024, 3, 20)
PERIOD = Period(START, date(2024, 3, 1))
SECTIONS = {
    "tax": {
        "turnover": [
            {"line": "loan", "base": "interest", "ppm": 50_000},
            {"line": "settlement", "base": "fees", "ppm": 60_000},
        ],
        "income_ppm": 250_000,
        "on_loss": "credit",
    },
    "capital": {
        "ratio_ppm": 105_000, "hurdle_ppm": 120_000, "weights": {"lines": {"loan": 1_000_000}},
    },
}  # fmt: skip
COSTS = {
    "channels": {"counter": 400, "online": 60, "pos": 10},
    "account_month_minor": 100,
    "acts": [{"channel": "pos", "kind": "fee", "minor": 7}],
    "balance_ppm": {"p": 800},
}
EXAMPLE: dict = {}


@pytest.fixture(autouse=True, scope="module")
def example(example_scheme):
    EXAMPLE.update(example_scheme)


def a_policy(rates, fx=(), **scheme) -> Policy:
    return Policy(
        institution="A", currency="CNY", time_zone="Asia/Shanghai", business_date=TODAY,
        schemes=[scheme_of(EXAMPLE | scheme)], rates=RateBook.of(rates), fx=FxBook.of(fx),
    )  # fmt: skip


def an_account(number, line=Line.DEPOSIT, **changes) -> Account:
    values = {
        "id": AccountId(UUID(int=ord(number))), "number": number, "product": "p", "line": line,
        "owner_id": CustomerId(UUID(int=1)), "currency": "CNY", "opened_on": START,
    }  # fmt: skip
    return Account(**(values | changes))


def history_of(account, entries, policy) -> History:
    """What the store would read of these postings."""
    moves, acts, days = defaultdict(list), defaultdict(list), defaultdict(list)
    for one in entries:
        month = month_of(one.value_date)
        if START <= one.value_date <= TODAY:
            moves[month].append((one.value_date.day, one.amount_minor))
            acts[month, one.channel, one.kind, one.purpose, 0].append(one.amount_minor)
            day = one.value_date.day
            days[month, one.channel, one.kind, one.purpose, day].append(one.amount_minor)

    def activity(found):
        kept = defaultdict(list)
        for (month, channel, kind, purpose, day), amounts in found.items():
            act = Activity(channel, kind, purpose, len(amounts), sum(amounts), day)
            kept[month].append(act)
        return kept

    return History(
        sum(one.amount_minor for one in entries if one.value_date < START),
        {month: moments_of(inside) for month, inside in moves.items()},
        activity(acts),
        (),
        {m: activity(days).get(m, []) for m in PERIOD if by_day(account, policy, m)},
    )


def book_of(account, entries, month) -> Book:
    last = min(last_day(month), TODAY)
    inside = [one for one in entries if month <= one.value_date <= last]
    if account.scheduled:
        moves = [one for one in movements(account.scheduled) if month <= one[0] <= last]
        return Book(scheduled_balance(account, month - timedelta(1)), last.day, inside, moves)
    opening = sum(one.amount_minor for one in entries if one.value_date < month)
    return Book(opening, last.day, inside)


DAYS = st.integers(-20, (TODAY - START).days).map(lambda n: START + timedelta(n))
ENTRIES = st.lists(
    st.builds(
        Entry,
        id=st.uuids().map(str),
        value_date=DAYS,
        channel=st.sampled_from([Channel.COUNTER, Channel.ONLINE, Channel.POS, Channel.INTERBANK]),
        kind=st.sampled_from(
            [Kind.FEE, Kind.TRANSFER_OUT, Kind.CARD_PAYMENT, Kind.FX_SALE, Kind.ADJUSTMENT]
        ),
        purpose=st.sampled_from(["", "card", "salary"]),
        amount_minor=st.integers(-(10**9), 10**9).filter(bool),
    ),
    max_size=12,
)
TERMS = st.builds(
    LoanTerms,
    principal_minor=st.integers(1, 10**9),
    granted_on=DAYS,
    term_months=st.integers(1, 24),
    instalment_minor=st.integers(0, 10**8),
    grade=st.sampled_from(Grade),
    balance_basis=st.sampled_from(BalanceBasis),
)
FX = [FxRate("USD", START + timedelta(7 * n - 30), 700_000_000 + n * 1_000_003) for n in range(20)]


@st.composite
def customers(draw):
    """(accounts with their postings, policy): own and foreign money, terms, prices that change."""
    since = st.sampled_from([date(2023, 12, 1), date(2024, 2, 1), date(2024, 2, 12)])
    rates = [
        Rate("p", kind, day, draw(st.integers(-10_000, 90_000)))
        for kind in RateKind
        for day in {date(2023, 12, 1), draw(since)}
    ]
    more = draw(st.sampled_from([{}, SECTIONS, SECTIONS | {"cost_to_serve": COSTS}]))
    shared = draw(st.sampled_from(["owner", "equal"]))
    policy = a_policy(rates, FX, **more, joint_holders=shared)
    accounts = [
        an_account(
            "d",
            draw(st.sampled_from([Line.DEPOSIT, Line.SETTLEMENT])),
            joint_ids=[CustomerId(UUID(int=2)), CustomerId(UUID(int=3))],
        ),
        an_account("u", currency="USD"),
        an_account("l", Line.LOAN, loan=draw(TERMS)),
    ]
    return [(one, draw(ENTRIES)) for one in accounts], policy


def leaves_of(owned, policy) -> list[Leaf]:
    histories = [(a, history_of(a, e, policy)) for a, e in owned]
    return price(histories, policy, PERIOD, CustomerId(UUID(int=1))).whole()


@settings(max_examples=150, deadline=None)
@given(customers())
def test_every_node_is_the_sum_of_its_children_down_to_the_postings(world):
    owned, policy = world
    leaves = leaves_of(owned, policy)
    root = explain(leaves)
    assert root.amount == total(by_line(leaves), View.ECONOMIC)
    gross, net, _ = root.children
    assert gross.amount == total(by_line(leaves), View.GROSS)
    assert gross.amount + net.amount == total(by_line(leaves), View.NET)
    nodes = [("", root), *((path, node) for path, _, node in walk(root, "", 99))]
    assert len({path for path, _ in nodes}) == len(nodes)
    assert sorted(map(id, (n.leaf for _, n in nodes if n.leaf))) == sorted(map(id, leaves))
    for path, node in nodes:
        assert at(root, path) == (node, [])
        if node.leaf is None:
            assert node.unit == MINOR
            assert node.amount == sum(child.amount for child in node.children)
        else:
            opened(node.leaf, leaves, {a.id: (a, e) for a, e in owned}, policy)


def opened(leaf, leaves, owned, policy) -> None:
    account, entries = owned[leaf.account.id]
    beside = [one for one in leaves if (one.account.id, one.month) == (account.id, leaf.month)]
    found = explained_inputs(leaf, book_of(account, entries, leaf.month), beside, policy)
    for node in found:
        assert node.amount == sum(child.amount for child in node.children)
        assert {child.unit for child in node.children} == {node.unit}
        keys = [segment(child.key) for child in node.children]
        assert len(set(keys)) == len(keys)
        if node.unit.endswith("x days"):
            assert node.children[0].kind is NodeKind.OPENING
    sums = {"items", "amount", "balance_days", "owed_days", "before_tax", "fees"}
    wanted = [
        one for one in leaf.inputs
        if one.name.rpartition(".")[2] in sums and one.value
    ]  # fmt: skip
    assert {one.name for one in wanted} <= {node.key for node in found}, leaf


@settings(max_examples=150, deadline=None)
@given(customers())
def test_a_formula_with_its_numbers_gives_its_amount(world):
    for leaf in leaves_of(*world):
        text, _, amount = worked(leaf).rpartition(" = ")
        assert int(amount) == whole_of(leaf)[0]
        assert not re.search(r"[a-z]", re.sub(r"\b(abs|max|x)\b", "", text)), text
        exact = eval(  # noqa: S307  (a formula of ours)
            re.sub(
                r"[0-9]+(\.[0-9]+)?",
                r'Fraction("\g<0>")',
                text.replace("10^", "10**").replace(" x ", " * "),
            ),
            {"Fraction": Fraction, "abs": abs, "max": max},
        )
        exact = Fraction(exact)
        assert half_away(exact.numerator, exact.denominator) == int(amount), text


def test_balance_days_of_a_day_loop_are_those_of_the_parts():
    """The parts of a month's balance-days, added up, are each day's balance, added up."""
    policy = a_policy([Rate("p", kind, date(2023, 12, 1), 1) for kind in RateKind])
    account = an_account("d")
    entries = [
        Entry(f"p{n}", day, Channel.COUNTER, Kind.ADJUSTMENT, "", amount)
        for n, (day, amount) in enumerate(
            [(date(2023, 12, 31), 500), (date(2024, 1, 10), 70), (date(2024, 1, 31), -9)]
        )
    ]
    leaf = leaves_of([(account, entries)], policy)[0]
    [days] = [
        one for one in explained_inputs(leaf, book_of(account, entries, START), [], policy)
        if one.key == "balance_days"
    ]  # fmt: skip
    moves = [(one.value_date, one.amount_minor) for one in entries[1:]]
    assert days.amount == sum(daily(500, moves, START, date(2024, 1, 31)))
    assert [(one.label, one.amount, one.formula) for one in days.children] == [
        ("balance before 2024-01", 15_500, "500 x 31 days"),
        ("2024-01-10: adjustment by counter", 1_540, "70 x 22 days"),
        ("2024-01-31: adjustment by counter", -9, "(-9) x 1 day"),
    ]


def test_sums_in_a_formula_are_written_out_by_group():
    inputs = (
        Input("counter_cost", 400, "minor"),
        Input("online.items", 3, "items"), Input("pos.items", 2, "items"),
        Input("online.channel_cost", 60, "minor"), Input("pos.channel_cost", 10, "minor"),
        Input("credit_share", 500_000, "ppm"),
    )  # fmt: skip
    formula = "sum of items x (counter_cost - channel_cost) x credit_share / 10^6"
    leaf = Leaf(an_account("d"), START, Line.E_BANKING, "e_banking", 900, formula, inputs)
    assert worked(leaf) == ("(3 x (400 - 60) x 500000 + 2 x (400 - 10) x 500000) / 10^6 = 900")


def test_a_path_is_followed_as_far_as_the_tree_goes():
    root = explain([])
    assert at(root, "")[1] == []
    assert at(root, "gross/deposit")[0].label == "deposit"
    assert at(root, "gross/deposit/none/x")[1] == ["none", "x"]
    assert [one.amount for one in chain([root], root.children)] == [0, 0, 0, 0]
