"""What is done leaves its one entry: by whom, to whom and why; what is refused leaves none."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.callers import bearer
from tests.contracts.mutations import KEY, document
from tests.contracts.places import Place, granted

pytestmark = pytest.mark.anyio
ABOUT_SOMEBODY = {
    "giveConsent", "withdrawConsent", "revealField", "recordVerification", "exportCustomer",
    "eraseCustomer", "overrideTier", "revokeTierOverride", "recordResponse",
}  # fmt: skip
"""Every mutation that is about one customer."""
FIELDS = {"revealField": ["phone"]}
NEVER_REFUSED = {"recompute"}
"""What may be done by whoever may ask it, whatever is there."""


def flat(given: dict[str, Any]) -> dict[str, Any]:
    """Give arguments by name, those within inputs too."""
    told = {}
    for name, value in given.items():
        told |= flat(value) if isinstance(value, dict) else {name: value}
    return told


async def customer_of(place: Place, told: dict[str, Any]) -> str:
    if "offerId" not in told:
        return told["customerId"]
    async with place.db.read("A") as session:
        query = text("select customer_id from member where offer_id = :id")
        found = await (await session.connection()).scalar(query, {"id": UUID(told["offerId"])})
    return str(found)


async def test_what_is_done_is_one_entry_that_says_by_whom_to_whom_and_why(place):
    at, name = place
    given = await at.wishes[name]()
    told = flat(given)
    before = await at.left()
    assert granted(await at.call(name, given, key=uuid4().hex, by="mia"))
    new = (await at.left()).audit[len(before.audit) :]
    [entry] = [one for one in new if one["kind"] == "write"]
    about = entry.pop("entities", [])
    reason = told.get("reason") or told.get("basis", "").lower()
    assert len(entry.pop("trace")) == 32
    assert entry == {
        "kind": "write", "operation": name, "subject": "mia", "role": "some", "channel": "counter",
        **({"reason": reason} if reason else {}),
        **({"fields": FIELDS[name]} if name in FIELDS else {}),
    }  # fmt: skip
    ids = {value for value in told.values() if isinstance(value, str) and is_id(value)}
    assert ids <= {*about}
    assert (name in ABOUT_SOMEBODY) == bool({"customerId", "offerId"} & {*told})
    if name in ABOUT_SOMEBODY:
        assert await customer_of(at, told) in about
    elif name != "recompute":
        assert about
    for shown in new:
        if shown["kind"] == "read":
            assert (shown["operation"], shown["subject"]) == (name, "mia")
            assert shown["entities"] == [await customer_of(at, told)]


async def test_who_may_not_do_it_leaves_nothing(place):
    at, name = place
    given = await at.wishes[name]()
    before = await at.left()
    answer = await at.http.post(
        "/graphql",
        json={"query": document(at.name, name, given), "variables": given | {KEY: "k"}},
        headers=bearer(at.callers.principal(at.name, "feed:read")),
    )
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert await at.left() == before


async def test_what_is_refused_leaves_nothing(place):
    at, name = place
    if name in NEVER_REFUSED:
        return
    given = beyond(await at.wishes[name]())
    before = await at.left()
    answer = await at.call(name, given, key=uuid4().hex, by="mia")
    assert not granted(answer), answer
    assert await at.left() == before


def beyond(given: dict[str, Any]) -> dict[str, Any]:
    """Ask the same of what is not there."""
    else_ = {"version": 9_999, "document": "{}", "product": "none"}
    told = {}
    for name, value in given.items():
        if isinstance(value, dict):
            told[name] = beyond(value)
        elif isinstance(value, str) and is_id(value):
            told[name] = str(uuid4())
        else:
            told[name] = else_.get(name, value)
    return told


def is_id(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False
