"""Over random branches, managers and joint accounts, whoever is reached is seen and nobody else."""

from datetime import date

import pytest
from customer.domain.ids import account_id, customer_id
from customer.domain.reach import Within
from customer.store import views
from customer.store.customers import lock_customers
from customer.tables import METADATA
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

pytestmark = pytest.mark.anyio


@st.composite
def banks(draw):
    """Draw a forest of branches, each by its parent, and customers by branch, manager and partner.

    A customer holds an account together with its partner.
    """
    size = draw(st.integers(1, 7))
    parents = [draw(st.integers(-1, one - 1)) for one in range(size)]
    branch = st.integers(0, size - 1)
    count = draw(st.integers(1, 8))
    people = draw(
        st.lists(
            st.tuples(branch, st.sampled_from([None, "S0", "S1"]), st.integers(0, count - 1)),
            min_size=count, max_size=count,
        )
    )  # fmt: skip
    asked = draw(st.frozensets(st.integers(0, size), min_size=1, max_size=3))
    return parents, people, asked


def beneath(parents, branch, asked) -> bool:
    """Walk up from a branch until one that was asked for, or the top."""
    while branch >= 0:
        if branch in asked:
            return True
        branch = parents[branch]
    return False


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(banks())
async def test_the_set_that_is_seen_is_the_set_by_definition(organised, made):
    parents, people, asked = made
    branches = [
        {"institution": "A", "code": f"T{one}", "name": "-", "kind": "branch", "version": 1,
         "parent_code": None if parent < 0 else f"T{parent}"}
        for one, parent in enumerate(parents)
    ]  # fmt: skip
    staff = [
        {"institution": "A", "number": one, "name": "-", "branch_code": "B1", "version": 1,
         "role": "customer_manager"}
        for one in ("S0", "S1")
    ]  # fmt: skip
    rows = [
        {"institution": "A", "id": customer_id("A", f"T{one}"), "number": f"T{one}",
         "kind": "individual", "name": "-", "since": date(2020, 1, 1), "version": 1,
         "branch_code": f"T{branch}", "manager_number": manager}
        for one, (branch, manager, _) in enumerate(people)
    ]  # fmt: skip
    accounts = [
        {"institution": "A", "id": account_id("A", f"T{one}"), "number": f"T{one}",
         "product_code": "D1", "currency": "CNY", "branch_code": "B1", "version": 1,
         "opened_on": date(2020, 1, 1)}
        for one in range(len(people))
    ]  # fmt: skip
    holders = [
        {"institution": "A", "account_id": account_id("A", f"T{one}"), "role": role,
         "customer_id": customer_id("A", f"T{who}")}
        for one, (_, _, partner) in enumerate(people)
        for who, role in {partner: "joint", one: "owner"}.items()
    ]  # fmt: skip
    everyone = range(len(people))
    whole = {"institution": "A"}
    reaches = [
        (Within.whole("A"), set(everyone)),
        (Within(**whole, branch_codes=frozenset(f"T{one}" for one in asked)),
         {one for one in everyone if beneath(parents, people[one][0], asked)}),
        (Within(**whole, manager_number="S1"), {one for one in everyone if people[one][1] == "S1"}),
        (Within(**whole, customer_number="T0"), {0}),
        (Within(**whole), set()),
        (Within(institution="B", customer_number="T0"), set()),
    ]  # fmt: skip
    async with organised.db.read("A") as session:
        connection = await session.connection()
        told = (("branch", branches), ("staff", staff), ("customer", rows), ("account", accounts),
                ("account_holder", holders))  # fmt: skip
        for table, values in told:
            await connection.execute(insert(METADATA.tables[table]), values)
        for within, reached in reaches:
            wanted = [one["id"] for one in rows]
            people_seen = await lock_customers(session, within, wanted)
            assert people_seen == {customer_id("A", f"T{one}") for one in reached}
            mine = await views.positions_by_id(session, within, [one["id"] for one in accounts])
            assert set(mine) == {
                account_id("A", f"T{one}") for one in everyone if {one, people[one][2]} & reached
            }
        await connection.rollback()
