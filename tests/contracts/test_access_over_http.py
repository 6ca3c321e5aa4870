"""The policy's roles at the services' real doors: one is let in, another is refused and leaves nothing."""

import pytest

from tests.callers import bearer
from tests.contracts.places import ROLES

pytestmark = pytest.mark.anyio
ASKED = {
    "customer": ("{ institution { code } }", "teller", "auditor"),
    "scoring": ("{ tiers { code } }", "leader", "ops"),
    "campaign": ("{ campaigns { edges { cursor } } }", "marketer", "teller"),
}


def by(place, role) -> dict[str, str]:
    """Speak for a role as the gateway does, by what is compiled for it."""
    said = ROLES[role]
    return bearer(
        place.callers.principal(
            place.name, *said["scopes"], role=role, channel=said["channels"][0], reach=said["reach"]
        )
    )


@pytest.mark.parametrize("service", ASKED)
async def test_a_role_is_let_in_or_refused_as_the_policy_says(places, service):
    place = places[service]
    query, may, may_not = ASKED[service]
    answer = await place.http.post("/graphql", json={"query": query}, headers=by(place, may))
    assert "errors" not in answer.json()
    [shown] = answer.json()["data"].values()
    assert shown is not None
    before = await place.left()
    refused = await place.http.post("/graphql", json={"query": query}, headers=by(place, may_not))
    [error] = refused.json()["errors"]
    assert (error["extensions"], error["path"]) == ({"code": "FORBIDDEN"}, [*answer.json()["data"]])
    assert await place.left() == before
