"""A shadow run that a bug stops: it fails after some tries, says nothing personal, and others go on."""

import pytest
from scoring.operations import shadow
from sqlalchemy import text

from tests.scoring.shadow_runs import READ, approve, go_through, run_of, simulate

pytestmark = pytest.mark.anyio
FAILURE = "query($id: UUID!) { shadowRun(id: $id) { state failure traceId phase } }"


@pytest.fixture
async def spoilt(drafted):
    """One of the customers has a loan of a grade that no code knows: working it out is a bug."""
    await drafted.learn(drafted.account_news("lf", "f", line="loan"))
    async with drafted.db.transaction("A") as session:
        connection = await session.connection()
        await connection.execute(
            text(
                "insert into loan (institution, recorded_at, account_id, settlement_account_number, "
                "principal_minor, granted_on, term_months, instalment_minor, grade, balance_basis) "
                "select institution, now(), id, number, 1, date '2024-01-01', 1, 1, 'odd', 'schedule' "
                "from account where number = 'lf'"
            )
        )
    return drafted


async def test_it_fails_after_some_tries_with_a_code_and_a_trace(spoilt, caplog):
    found = await simulate(spoilt)
    assert await go_through(spoilt, batch=1) >= shadow.MOST_TRIES
    said = (await spoilt.data(FAILURE, scopes=(READ,), id=found["id"]))["shadowRun"]
    assert (said["state"], said["failure"]) == ("FAILED", "INTERNAL")
    assert len(said["traceId"]) == 32
    lines = [one.getMessage() for one in caplog.records if "shadow run stopped" in one.getMessage()]
    assert len(lines) == shadow.MOST_TRIES
    assert said["traceId"] in lines[-1]
    assert all("ValueError" in one and "odd" not in one for one in lines)
    run = await run_of(spoilt, found)
    assert (run["whole"]["customers"], run["whole"]["tiers"]) == (0, [])
    assert (await approve(spoilt))["code"] == "NOT_SIMULATED"


async def test_a_run_behind_it_goes_on_and_it_can_be_simulated_again_once_that_is_mended(spoilt):
    await simulate(spoilt)
    for _ in range(shadow.MOST_TRIES - 1):
        assert await shadow.advance(spoilt.db, spoilt.policies)
    async with spoilt.db.transaction("A") as session:
        await (await session.connection()).execute(text("update loan set grade = 'normal'"))
    found = await simulate(spoilt, key="s2")
    await go_through(spoilt)
    states = await spoilt.sql("select state, tries, trace_id from shadow_run order by recorded_at")
    assert [tuple(one) for one in states] == [("finished", 0, None), ("finished", 0, None)]
    assert (await run_of(spoilt, found))["state"] == "FINISHED"
