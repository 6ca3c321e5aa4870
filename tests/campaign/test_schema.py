"""What is committed is what runs: the SDL and the migrations."""

import warnings
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from campaign.app import sdl

HOME = Path(__file__).parents[2] / "services/campaign"


def test_the_committed_sdl_is_that_of_the_code():
    assert (HOME / "schema.graphql").read_text() == sdl()


def test_every_field_that_the_gateway_promises_is_there():
    told = sdl()
    for line in (
        "productsOnOffer: [ProductOnOffer!]\n",
        "previewAudience(rule: AudienceRule!): PreviewAudienceResult\n",
        "campaigns(first: Int! = 20, after: String = null): CampaignConnection\n",
        "campaign(id: UUID!): Campaign",
        "offers(channel: Channel!): [Offer!]",
        'type Customer @key(fields: "id")',
        "input AudienceRule @oneOf",
    ):
        assert line in told


def test_migrations_make_exactly_the_tables_of_the_code(database):
    config = Config(str(HOME / "alembic.ini"))
    config.attributes["url"] = database("campaign")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Did not recognize type 'xid8'")
        command.check(config)


@pytest.mark.anyio
async def test_health_tells_that_the_service_is_ready(service):
    assert (await service.http.get("/health/live")).json() == {"status": "live"}
    answer = await service.http.get("/health/ready")
    assert (answer.status_code, answer.json()) == (
        200, {"status": "ready", "database": "up", "pending": 0, "feeds": {}},
    )  # fmt: skip


@pytest.mark.anyio
async def test_nobody_asks_without_a_token(service):
    answer = await service.http.post("/graphql", json={"query": "{ __typename }"})
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
