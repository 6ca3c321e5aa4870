"""A scheme version from draft to force, as the domain decides it."""

from dataclasses import replace
from datetime import date

import pytest
from scoring.domain import lifecycle, problems
from scoring.domain.difference import Difference, differences
from scoring.domain.lifecycle import Content, State

MARCH, APRIL = date(2024, 3, 1), date(2024, 4, 1)
IN_FORCE = [date(2024, 1, 1)]


def content(month=APRIL, name="Next") -> Content:
    return Content(name=name, effective_from=month, document={"name": name}, text=f"name: {name}")


def a_draft(month=APRIL, by="ann"):
    return lifecycle.drafted("A", 2, content(month), by=by, taken=IN_FORCE)


def a_simulated(month=APRIL):
    return lifecycle.simulated(a_draft(month), 1)


def approve(version, by="bob", revision=1, taken=IN_FORCE, month=MARCH):
    return lifecycle.approved(version, by=by, revision=revision, taken=taken, business_month=month)


def edit(version, by="ann", revision=1):
    return lifecycle.edited(
        version, content(name="Better"), by=by, revision=revision, taken=IN_FORCE
    )


def test_a_second_person_approves_what_was_simulated_and_it_is_in_force_from_its_month_on():
    version = approve(a_simulated())
    assert (version.state, version.approver, version.writers) == (State.APPROVED, "bob", ("ann",))
    assert version.state_in(MARCH) is State.APPROVED
    assert version.state_in(APRIL) is State.IN_FORCE
    assert version.state_in(None) is State.APPROVED


def test_only_what_was_simulated_as_it_is_can_be_approved():
    with pytest.raises(problems.NotSimulated, match="Revision 1 of version 2"):
        approve(a_draft())
    with pytest.raises(problems.NotSimulated, match="Revision 2"):
        approve(edit(a_simulated()), revision=2)


def test_a_shadow_run_of_another_revision_has_no_bearing():
    assert lifecycle.simulated(edit(a_draft()), 1) is None
    assert lifecycle.simulated(approve(a_simulated()), 1) is None


@pytest.mark.parametrize("by", ["ann", "eve"])
def test_nobody_who_wrote_any_revision_may_approve(by):
    edited = lifecycle.simulated(edit(edit(a_draft(), by="eve"), revision=2), 3)
    assert edited.writers == ("ann", "eve")
    with pytest.raises(problems.SamePerson):
        approve(edited, by=by, revision=3)
    assert approve(edited, revision=3).state is State.APPROVED


def test_a_step_needs_the_revision_that_the_caller_read():
    for step in (
        lambda: edit(a_draft(), revision=2),
        lambda: approve(a_simulated(), revision=2),
        lambda: lifecycle.simulatable(a_draft(), 2),
    ):
        with pytest.raises(problems.StaleRevision, match="revision 1, not 2"):
            step()


def test_what_is_approved_or_withdrawn_is_no_draft_any_more():
    for version in (
        approve(a_simulated()),
        lifecycle.withdrawn(a_draft(), business_month=MARCH),
        lifecycle.loaded("A", 2, content(), by="ann"),
    ):
        for step in (
            edit,
            approve,
            lambda one: lifecycle.simulatable(one, 1),
        ):
            with pytest.raises(problems.NotDraft):
                step(version)


def test_two_schemes_cannot_price_the_same_month():
    with pytest.raises(problems.SchemeConflict, match="from 2024-04 on"):
        approve(a_simulated(), taken=[*IN_FORCE, APRIL])
    with pytest.raises(problems.SchemeConflict):
        lifecycle.drafted("A", 3, content(IN_FORCE[0]), by="ann", taken=IN_FORCE)


def test_a_closed_month_keeps_its_scheme_and_the_current_one_may_have_another():
    with pytest.raises(problems.MonthClosed, match="can change is 2024-03"):
        approve(a_simulated(date(2024, 2, 1)))
    assert approve(a_simulated(MARCH)).state_in(MARCH) is State.IN_FORCE


def test_the_first_scheme_may_price_the_past():
    assert approve(a_simulated(date(2020, 1, 1)), taken=[]).state is State.APPROVED


def test_what_has_not_begun_can_be_withdrawn_and_what_is_in_force_cannot():
    assert lifecycle.withdrawn(a_simulated(), business_month=MARCH).state is State.WITHDRAWN
    approved = approve(a_simulated())
    assert lifecycle.withdrawn(approved, business_month=MARCH).state is State.WITHDRAWN
    with pytest.raises(problems.SchemeInForce, match="since 2024-04"):
        lifecycle.withdrawn(approved, business_month=APRIL)
    with pytest.raises(problems.NotDraft):
        lifecycle.withdrawn(replace(approved, state=State.WITHDRAWN), business_month=APRIL)


def test_documents_differ_by_path_in_the_order_of_their_places():
    before = {"name": "a", "fees": [{"share": 1}, {"share": 2}], "tiers": {"window": 3}}
    after = {"name": "b", "fees": [{"share": 1}, {"share": 4}, {"share": 5}], "same": None}
    assert differences(before, after) == [
        Difference("fees.1.share", 2, 4),
        Difference("fees.2.share", None, 5),
        Difference("name", "a", "b"),
        Difference("tiers.window", 3, None),
    ]
    assert differences(after, after) == []


def test_the_eleventh_item_comes_behind_the_second():
    found = differences({}, {"fees": list(range(12))})
    assert [one.path for one in found] == [f"fees.{number}" for number in range(12)]
