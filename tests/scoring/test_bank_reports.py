"""Reports over the whole bank, a branch with what is beneath it, a manager; as last worked out."""

import pytest

pytestmark = pytest.mark.anyio

PERIOD = 'from: "2024-01", to: "2024-03"'


async def concentration(bank, arguments, fields="customers total { amount }"):
    return (await bank.data(f"{{ concentration({PERIOD}{arguments}) {{ {fields} }} }}"))[
        "concentration"
    ]


@pytest.mark.parametrize(
    ("arguments", "customers", "total"),
    [
        ("", 4, "1550.00"),
        (', branch: "00"', 4, "1550.00"),
        (', branch: "01"', 3, "1551.00"),
        (', branch: "01", beneath: false', 2, "354.00"),
        (', branch: "0101"', 1, "1197.00"),
        (', branch: "02"', 1, "-1.00"),
        (', branch: "nowhere"', 0, "0.00"),
        (', manager: "M1"', 2, "1434.00"),
        (', manager: "M1", branch: "01", beneath: false', 1, "237.00"),
        (", line: DEPOSIT", 4, "1560.00"),
        (", line: COST_TO_SERVE", 4, "-10.00"),
    ],
)
async def test_concentration_is_about_whom_and_what_is_asked_for(
    branched, arguments, customers, total
):
    found = await concentration(branched, arguments)
    assert (found["customers"], found["total"]["amount"]) == (customers, total)


async def test_gini_and_lorenz_give_way_to_a_whale_where_somebody_costs_more_than_they_bring(
    branched,
):
    fields = """profitable lossMaking losses { amount } gini giniUndefined lorenz { share }
      curve { customers share } smallestShareFor80 smallestShareFor(share: "0.99")
      best(customers: 2) { customers share } topShare(customers: "0.5") { customers share }"""
    found = await concentration(branched, "", fields)
    curve = [(one["customers"], one["share"]) for one in found.pop("curve")]
    assert found == {
        "profitable": 3, "lossMaking": 1, "losses": {"amount": "-1.00"}, "gini": None,
        "giniUndefined": "SIGNED_VALUES", "lorenz": None,
        "smallestShareFor80": "0.500000", "smallestShareFor": "0.750000",
        "best": {"customers": "0.500000", "share": "0.925161"},
        "topShare": {"customers": "0.500000", "share": "0.925161"},
    }  # fmt: skip
    assert curve[0] == ("0.000000", "0.000000")
    assert curve[15] == ("0.750000", "1.000645")
    assert curve[20] == ("1.000000", "1.000000")


async def test_gini_and_lorenz_where_nobody_costs_more_than_they_bring(branched):
    fields = "gini giniUndefined lorenz { customers share }"
    found = await concentration(branched, ', branch: "01", line: DEPOSIT', fields)
    assert (found["gini"], found["giniUndefined"]) == ("0.461538", None)
    lorenz = {one["customers"]: one["share"] for one in found["lorenz"]}
    assert (lorenz["0.000000"], lorenz["0.650000"]) == ("0.000000", "0.076923")
    assert lorenz["1.000000"] == "1.000000"


async def test_drift_compares_the_same_customers_with_another_period(branched):
    await branched.post(branched.posting("d", 36_000_000, "2024-03-01"))
    await branched.settle()
    fields = """drift(from: "2024-02", to: "2024-02", limit: "0.2") {
      gini smallestShareFor80 alarm topShares { customers change } }"""
    document = f"""{{ concentration(from: "2024-03", to: "2024-03", branch: "01",
      line: DEPOSIT) {{ {fields} }} }}"""
    found = (await branched.data(document))["concentration"]["drift"]
    assert found["topShares"][0] == {"customers": "0.010000", "change": "-0.290970"}
    assert (found["smallestShareFor80"], found["alarm"]) == ("0.000000", True)
    assert found["gini"] == "-0.200669"


@pytest.mark.parametrize(
    ("argument", "name"),
    [("1.5", "share"), ("-0.1", "share"), ("half", "share"), ("0.1234567", "share")],
)
async def test_a_share_that_is_none_is_refused(branched, argument, name):
    document = f'{{ concentration({PERIOD}) {{ smallestShareFor(share: "{argument}") }} }}'
    body = await branched.ask(document)
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert body["errors"][0]["message"] == (
        f"'{name}' must be a decimal number from 0 to 1 of at most six digits."
    )


async def test_the_best_of_a_branch_have_their_share_of_the_branch(branched):
    document = f"""{{ topCustomers({PERIOD}, branch: "01", beneath: false, view: ECONOMIC) {{
      rank contribution {{ amount }} share }} }}"""
    assert (await branched.data(document))["topCustomers"] == [
        {"rank": 1, "contribution": {"amount": "237.00"}, "share": "0.669492"},
        {"rank": 2, "contribution": {"amount": "117.00"}, "share": "0.330508"},
    ]


async def test_nobody_without_the_scope_is_told_of_concentration(branched):
    body = await branched.ask(f"{{ concentration({PERIOD}) {{ customers }} }}", scopes=())
    assert body["data"] == {"concentration": None}
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_the_kept_months_of_customers_are_the_sums_of_their_accounts(branched):
    await branched.post(branched.posting("d", -3_600_000, "2024-02-01"))
    await branched.settle()
    kept = await branched.sql(
        "select c.number, month, gross, net, economic, deposit, cost_to_serve from customer_month m "
        "join customer c on c.id = m.customer_id order by 1, 2"
    )
    summed = await branched.sql(
        "select c.number, month, sum(amount_minor), sum(amount_minor), sum(amount_minor), "
        "sum(amount_minor) filter (where line = 'deposit'), "
        "sum(amount_minor) filter (where line = 'cost_to_serve') from contribution m "
        "join customer c on c.id = m.customer_id group by 1, 2 order by 1, 2"
    )
    assert [tuple(row) for row in kept] == [
        tuple(0 if one is None else one for one in row) for row in summed
    ]
    assert len(kept) == 10


async def test_the_part_of_the_income_that_is_not_interest(branched):
    document = f"{{ bankContribution({PERIOD}) {{ income {{ amount }} nonInterestShare }} }}"
    found = (await branched.data(document))["bankContribution"]
    assert found == {"income": {"amount": "1560.00"}, "nonInterestShare": "0.000000"}
    await branched.learn(branched.account_news("s", "c", line="settlement"))
    await branched.rates("settlement_product", 0, 15_000)
    await branched.post(branched.posting("s", 15_600_000, "2024-01-01"))
    await branched.settle()
    found = (await branched.data(document))["bankContribution"]
    assert found == {"income": {"amount": "2080.00"}, "nonInterestShare": "0.250000"}
    nothing = '{ bankContribution(from: "2023-01", to: "2023-02") { nonInterestShare } }'
    assert (await branched.data(nothing))["bankContribution"]["nonInterestShare"] is None
