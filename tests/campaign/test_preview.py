"""What a marketer learns of an audience before anyone is approached."""

import pytest

pytestmark = pytest.mark.anyio
PREVIEW = """query($rule: AudienceRule!) { previewAudience(rule: $rule) { __typename
  ... on AudiencePreview { on count addressable { channel count } byTier { code count } sample { id } }
  ... on InvalidAudience { code faults { path reason } } ... on InstitutionNotLoaded { code } } }"""


@pytest.fixture
def preview(service):
    async def ask(rule, role="marketer", institution="A") -> dict:
        data = await service.ask(PREVIEW, role, institution=institution, rule=rule)
        return data["previewAudience"]

    return ask


async def test_counts_an_audience_by_channel_and_tier(bank, preview, of):
    await bank.opens("1", "2", "3")
    await bank.tell(
        bank.customer("4", kind="enterprise"),
        bank.consent("1", "phone"),
        bank.consent("2", given=False, version=2),
        bank.tier("1", "gold", 5),
        bank.tier("2", "silver", 4),
        bank.tier("3", "gold", 5),
        bank.tier("unknown", "gold", 5),
    )
    everyone = {"any": [{"kind": "INDIVIDUAL"}, {"kind": "ENTERPRISE"}]}
    found = await preview(everyone)
    assert found.pop("sample") == [{"id": one} for one in sorted(of(n) for n in "1234")]
    assert found == {
        "__typename": "AudiencePreview", "on": "2026-02-28", "count": 4,
        "addressable": [
            {"channel": "COUNTER", "count": 2}, {"channel": "OUTLET", "count": 0},
            {"channel": "PHONE", "count": 1}, {"channel": "SELF_SERVICE", "count": 0},
            {"channel": "ONLINE", "count": 0}, {"channel": "MOBILE", "count": 0},
        ],
        "byTier": [
            {"code": "gold", "count": 2}, {"code": "silver", "count": 1}, {"code": None, "count": 1},
        ],
    }  # fmt: skip
    assert (await preview({"tier": {"atLeast": "silver"}}))["count"] == 3
    assert (await preview({"not": {"tier": {"atLeast": "silver"}}}))["count"] == 1
    nobody = await preview({"managers": {"in": ["nobody"]}})
    assert (nobody["count"], nobody["sample"], nobody["byTier"]) == (0, [], [])


async def test_a_customer_that_only_accounts_and_tiers_speak_of_is_not_addressable(bank, preview):
    await bank.opens()
    await bank.tell(bank.account("a", ("1", "owner")), bank.tier("1", "gold", 5), bank.consent("1"))
    assert (await preview({"tier": {"atLeast": "gold"}}))["count"] == 0
    await bank.tell(bank.customer("1"))
    assert (await preview({"tier": {"atLeast": "gold"}}))["count"] == 1


async def test_shows_ten_at_most_and_costs_the_same_for_many(bank, preview, statements):
    await bank.opens("1")
    statements.clear()
    await preview({"kind": "INDIVIDUAL"})
    few = len(statements)
    await bank.tell_all([bank.customer(str(n)) for n in range(2, 40)])
    statements.clear()
    found = await preview({"kind": "INDIVIDUAL"})
    assert (found["count"], len(found["sample"]), len(statements)) == (39, 10, few)
    assert few == 6


async def test_ages_are_those_of_the_business_date(bank, preview):
    await bank.opens("1")
    adult = {"age": {"atLeast": 46}}
    assert (await preview(adult))["count"] == 0
    await bank.tell(bank.recorded(version=2, as_of="2026-05-17"))
    assert (await preview(adult))["count"] == 1


async def test_contribution_is_compared_exactly(bank, preview):
    await bank.opens("1", "2")
    await bank.tell(bank.contribution("1", 150_000), bank.contribution("2", 149_999))
    assert (await preview({"contribution": {"atLeast": "1500"}}))["count"] == 1
    assert (await preview({"contribution": {"lessThan": "1500.00"}}))["count"] == 1


async def test_a_rule_that_names_what_does_not_exist_is_refused_by_name(bank, preview):
    await bank.opens("1")
    rule = {"all": [{"kind": "INDIVIDUAL"}, {"holds": {"products": {"none": ["carrd"]}}}]}
    assert await preview(rule) == {
        "__typename": "InvalidAudience", "code": "INVALID_AUDIENCE",
        "faults": [
            {"path": "audience.all[1].holds.products.none", "reason": "there is no product 'carrd'"}
        ],
    }  # fmt: skip


async def test_each_institution_counts_its_own(bank, preview):
    await bank.opens("1")
    other = type(bank)(bank.db, "B")
    await other.opens("1", "2")
    assert (await preview({"kind": "INDIVIDUAL"}))["count"] == 1
    assert (await preview({"kind": "INDIVIDUAL"}, institution="B"))["count"] == 2
    assert await preview({"kind": "INDIVIDUAL"}, institution="C") == {
        "__typename": "InstitutionNotLoaded", "code": "INSTITUTION_NOT_LOADED",
    }  # fmt: skip


async def test_an_audience_given_back_by_a_campaign_can_be_asked_again(
    bank, service, preview, campaigns
):
    await bank.opens("1")
    rule = {
        "all": [
            {"not": {"holds": {"lines": {"any": ["E_BANKING"]}, "products": {"none": ["card"]}}}},
            {"consent": {"channel": "SELF_SERVICE"}},
            {"contribution": {"atLeast": "0.10"}},
            {"age": {"lessThan": 99}},
            {"branch": {"in": ["B1"]}},
        ]
    }
    draft = await campaigns.draft(audience=rule)
    query = "query($id: UUID!) { campaign(id: $id) { audience } }"
    kept = (await service.ask(query, id=draft["id"]))["campaign"]["audience"]
    assert kept == rule
    assert (await preview(kept))["count"] == 0
