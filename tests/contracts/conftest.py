"""Places where every mutation of the three schemas can be carried out for real."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

import tests.campaign.wishes
import tests.customer.wishes
import tests.scoring.wishes
from tests.contracts.mutations import MUTATIONS
from tests.contracts.places import Place

OPENED = {
    "customer": tests.customer.wishes.opened,
    "scoring": tests.scoring.wishes.opened,
    "campaign": tests.campaign.wishes.opened,
}


@pytest.fixture(scope="module")
async def places(anyio_backend, templates, tmp_path_factory) -> AsyncIterator[dict[str, Place]]:
    """Three services, each with a bank in it that all these tests share."""
    async with AsyncExitStack() as stack:
        found, made = {}, []
        for name, opened in OPENED.items():
            database, url = templates.clone(name)
            made.append(database)
            place = opened(url, tmp_path_factory.mktemp(name))
            found[name] = await stack.enter_async_context(place)
        yield found
    for database in made:
        templates.drop(database)


@pytest.fixture(params=MUTATIONS, ids=lambda one: one[1])
def place(request, places) -> tuple[Place, str]:
    service, name = request.param
    return places[service], name
