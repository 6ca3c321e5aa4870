"""A question as of a past moment is answered as it would have been answered then."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from scoring.operations.archiving import Keeping, archive_closed

pytestmark = pytest.mark.anyio

PERIOD = 'from: "2024-01", to: "2024-03"'
FIRST, LAST = date(2024, 1, 1), date(2024, 3, 20)


async def clock(bank) -> datetime:
    """Return an instant between what was recorded and what will be."""
    [row] = await bank.sql("select clock_timestamp() as at")
    return row.at


def known_at(instant) -> str:
    return f'asOf: {{knownAt: "{instant.astimezone(UTC).isoformat()}"}}'


def total(as_of="") -> str:
    return f"contribution({PERIOD} {as_of}) {{ total {{ amount }} }}"


def of_account(as_of="") -> str:
    """Everything that may be asked of an account as of a moment; days that may have come."""
    return f"""balance{"(" + as_of + ")" if as_of else ""} {{ amount }}
      old: balance(on: "2024-02-14" {as_of}) {{ amount }}
      averageDailyBalance({PERIOD} {as_of}) {{ amount }}
      dailyBalances(from: "2024-02-10", to: "2024-03-05" {as_of}) {{ date balance {{ amount }} }}
      {of_customer(as_of)}"""


def of_customer(as_of="") -> str:
    return f"""contribution({PERIOD} {as_of}) {{ total {{ amount }} months {{ month lines {{
      line amount {{ amount }} products {{ product accounts {{ account {{ id }} rules {{
      rule amount {{ amount }} inputs {{ name value }} }} }} }} }} }} }}"""


def tiers(as_of="") -> str:
    given = f"({as_of})" if as_of else ""
    return f"""tier{given} {{ code since }} tierHistory{given} {{
      code since until reason {{ rule value {{ amount }} }} }}"""


async def known(bank) -> list[dict[str, str]]:
    return [
        {"__typename": kind, "id": str(row.id)}
        for kind, table in (("Customer", "customer"), ("Account", "account"))
        for row in await bank.sql(f"select id from {table} order by number")
    ]


async def everything(bank, keys, as_of="") -> tuple:
    """What the bank says of these customers and accounts, refusals among it."""
    document = f"""query($r: [_Any!]!) {{ _entities(representations: $r) {{
      ... on Customer {{ {of_customer(as_of)} {tiers(as_of)} }} ... on Account {{ {of_account(as_of)} }} }} }}"""
    body = await bank.ask(document, r=keys)
    refused = [(one["path"], one["message"]) for one in body.get("errors", ())]
    return keys, body["data"], sorted(refused, key=str)


async def test_only_what_was_recorded_by_then_counts(ready):
    await ready.post(ready.posting("d", 3_600_000, "2024-01-01"))
    then = await clock(ready)
    before = await ready.of_customer("c", total())
    await ready.post(ready.posting("d", 36_000_000, "2024-01-31"))
    assert await ready.of_customer("c", total()) != before
    assert await ready.of_customer("c", total(known_at(then))) == before


async def test_a_past_business_date_cuts_its_month_as_the_current_one_is_cut(ready):
    await ready.post(
        ready.posting("d", 3_600_000, "2024-01-01"),
        ready.posting("d", -500, "2024-02-09", kind="fee", channel="counter"),
        ready.posting("d", -700, "2024-02-11", kind="fee", channel="counter"),
    )
    as_of = 'asOf: {businessDate: "2024-02-10"}'
    found = await ready.of_account("d", of_account(as_of))
    assert found["balance"] == {"amount": "35995.00"}
    assert found["averageDailyBalance"] == {"amount": "35999.76"}
    amounts = [
        {line["line"]: line["amount"]["amount"] for line in month["lines"]}
        for month in found["contribution"]["months"]
    ]
    assert [one["DEPOSIT"] for one in amounts] == ["46.50", "15.00", "0.00"]
    assert [one["COST_TO_SERVE"] for one in amounts] == ["-1.00", "-5.00", "0.00"]
    assert [one["INTERMEDIARY"] for one in amounts] == ["0.00", "0.00", "0.00"]


async def test_an_answer_as_of_a_business_date_is_the_one_of_that_day(ready):
    """Known then on that day, or known now of that day, where nothing was late."""
    await ready.post(
        ready.posting("d", 3_600_000, "2024-01-01"), ready.posting("d", -7, "2024-03-19")
    )
    await ready.settle()
    keys, then = await known(ready), await clock(ready)
    before = await everything(ready, keys)
    await ready.learn(ready.institution_news(as_of="2024-05-02", version=2))
    await ready.post(*(ready.posting("d", 1_000, f"2024-0{month}-25") for month in (3, 4)))
    assert await everything(ready, keys, 'asOf: {businessDate: "2024-03-20"}') == before
    assert await everything(ready, keys, known_at(then)) == before
    assert (await everything(ready, keys))[1] != before[1]


async def test_a_past_business_date_may_lie_in_a_month_that_is_filed_away(ready):
    await ready.post(
        ready.posting("d", 3_600_000, "2024-01-01"),
        ready.posting("d", -700, "2024-02-11", kind="fee", channel="counter"),
    )
    as_of = 'asOf: {businessDate: "2024-02-10"}'
    before = await ready.of_account("d", of_account(as_of))
    keeping = Keeping(ready.db, ready.archive, 1)
    assert await archive_closed(keeping, at=ready.now, everything=True) == 2
    assert await ready.of_account("d", of_account(as_of)) == before
    assert before["contribution"]["total"] == {"amount": "59.50"}


class Life:
    """One random fact after another, with what tells of it."""

    def __init__(self, bank, dice) -> None:
        self.bank, self.dice = bank, dice
        self.version, self.scheme_version, self.day = 1, 1, LAST
        self.sent: list[dict] = []
        self.filed = 0

    async def go_on(self, example_scheme) -> None:
        await self.dice.choices(
            [self.post, self.reverse, self.rate, self.terms, self.account, self.move_on,
             lambda: self.scheme(example_scheme), self.file_away],
            [6, 2, 2, 2, 3, 1, 1, 3],
        )[0]()  # fmt: skip

    async def file_away(self) -> None:
        """All months but the current one move into files."""
        self.filed += await archive_closed(
            Keeping(self.bank.db, self.bank.archive, 1), at=self.bank.now, everything=True
        )

    def some_day(self) -> date:
        return FIRST + timedelta(self.dice.randrange((self.day - FIRST).days + 15))

    async def post(self) -> None:
        """Postings as they come: of long ago, of today, of days to come."""
        records = [
            self.bank.posting(
                self.dice.choice("deel"),
                self.dice.choice((-1, 1)) * self.dice.randrange(1, 9_999_999),
                self.some_day(),
                booked_at=f"{self.dice.choice((LAST, self.day))}T10:00:00+08:00",
                channel=self.dice.choice(("online", "counter", "pos")),
                kind=self.dice.choice(("fee", "transfer_out", "cash_deposit", "adjustment")),
            )
            for _ in range(self.dice.randrange(1, 4))
        ]
        self.sent += records
        await self.bank.post(*records)

    async def reverse(self) -> None:
        """A posting taken back by its opposite, and another sent twice."""
        if self.sent:
            one = self.dice.choice(self.sent)
            back = one | {
                "id": f"r{len(self.sent)}",
                "amount_minor": str(-int(one["amount_minor"])),
            }
            self.sent.append(back)
            await self.bank.post(back, one)

    async def rate(self) -> None:
        since = self.dice.choice(("2024-01-01", "2024-02-01", "2024-03-01"))
        product = self.dice.choice(("deposit_product", "loan_product"))
        await self.bank.rates(product, self.dice.randrange(90_000), 20_000, since=since)

    async def terms(self) -> None:
        await self.bank.ingest(
            "loans",
            {"account_number": "l", "principal_minor": str(self.dice.randrange(1, 9_999_999)),
             "granted_on": "2024-01-17", "term_months": "7", "instalment_minor": "1428571",
             "grade": self.dice.choice(("normal", "substandard")),
             "balance_basis": self.dice.choice(("schedule", "postings"))},
        )  # fmt: skip

    async def account(self) -> None:
        self.version += 1
        number = self.dice.choice("del")
        await self.bank.learn(
            self.bank.account_news(
                number,
                self.dice.choice("cx"),
                line="loan" if number == "l" else self.dice.choice(("deposit", "settlement")),
                product=f"{'loan' if number == 'l' else 'deposit'}_product",
                closed_on=self.dice.choice((None, "2024-03-01")),
                version=self.version,
            )
        )

    async def move_on(self) -> None:
        self.version += 1
        self.day += timedelta(self.dice.randrange(20))
        self.bank.now = datetime.combine(self.day, datetime.min.time(), UTC) + timedelta(days=1)
        await self.bank.learn(self.bank.institution_news(str(self.day), self.version))

    async def scheme(self, example_scheme) -> None:
        self.scheme_version += 1
        since = date(2023 + self.scheme_version // 12, self.scheme_version % 12 + 1, 1)
        await self.bank.ingest(
            "scheme",
            example_scheme | {"version": self.scheme_version, "effective_from": str(since),
                              "day_count_basis": self.dice.choice((360, 365))},
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_was_said_live_is_said_again_as_of_then(ready, example_scheme, seed):
    print("seed", seed)
    await ready.learn(ready.customer_news("x"), ready.account_news("e", "x"))
    await ready.settle()
    life = Life(ready, Random(seed))
    await life.post()
    await life.file_away()
    said: list[tuple[datetime, tuple]] = []
    for _ in range(16):
        await life.go_on(example_scheme)
        await ready.settle()
        said.append((await clock(ready), await everything(ready, await known(ready))))
    assert life.filed > 0
    assert len({str(answer) for _, answer in said}) > 2
    for instant, answer in said:
        assert await everything(ready, answer[0], known_at(instant)) == answer


async def test_tiers_are_replayed_and_a_tier_by_hand_counts_when_it_was_given(ready):
    await ready.post(ready.posting("d", 36_000_000, "2024-01-01"))
    await ready.settle()
    then, before = await clock(ready), await ready.of_customer("c", tiers())
    assert before["tier"]["code"] == "GOLD"
    key = (await ready.sql("select id from customer"))[0].id
    given = await ready.data(
        f"""mutation {{ overrideTier(tier: {{customerId: "{key}", code: "DIAMOND", reason: "founder",
        until: "2024-06-01"}}, idempotencyKey: "k") {{ __typename }} }}""",
        scopes=("tier:override", "contribution:read"),
    )
    assert given["overrideTier"]["__typename"] == "Customer"
    await ready.settle()
    assert (await ready.of_customer("c", tiers()))["tier"]["code"] == "DIAMOND"
    assert await ready.of_customer("c", tiers(known_at(then))) == before
    early = await ready.of_customer("c", tiers('asOf: {businessDate: "2024-01-10"}'))
    assert early["tier"]["code"] == "SILVER"


async def test_tiers_by_rank_are_not_replayed(bank, example_scheme):
    ladder = [
        {"code": "A", "name": "A", "share_ppm": 900_000},
        {"code": "B", "name": "B", "share_ppm": 100_000},
    ]
    by_rank = {"window_months": 1, "by": "rank", "schedule": "quarterly", "ladder": ladder}
    await bank.ingest("scheme", example_scheme | {"tiers": by_rank})
    await bank.learn(bank.institution_news(), bank.customer_news("c"), bank.account_news("d", "c"))
    as_of = known_at(await clock(bank))
    document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Customer {{ {tiers(as_of)} }} }} }}"
    key = (await bank.sql("select id from customer"))[0].id
    body = await bank.ask(document, r=[{"__typename": "Customer", "id": str(key)}])
    assert {one["extensions"]["code"] for one in body["errors"]} == {"TIERS_NOT_REPLAYED"}


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        ('{knownAt: "2999-01-01T00:00:00Z"}', "knownAt: must not lie in the future."),
        (
            '{businessDate: "2024-03-21"}',
            "businessDate: must not be after 2024-03-20, the business date.",
        ),
    ],
)
async def test_what_has_not_come_is_refused(ready, as_of, message):
    await ready.learn(ready.institution_news(as_of="2024-03-20", version=2))
    key = (await ready.sql("select id from account"))[0].id
    for field in (
        f"contribution({PERIOD} asOf: {as_of}) {{ total {{ amount }} }}",
        f"balance(asOf: {as_of}) {{ amount }}",
        f"averageDailyBalance({PERIOD} asOf: {as_of}) {{ amount }}",
        f'dailyBalances(from: "2024-01-01", to: "2024-01-02" asOf: {as_of}) {{ date }}',
    ):
        document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Account {{ {field} }} }} }}"
        body = await ready.ask(document, r=[{"__typename": "Account", "id": str(key)}])
        [error] = body["errors"]
        assert error["extensions"] == {"code": "AS_OF_INVALID"}
        assert error["message"] == message


async def test_a_business_date_after_the_one_known_then_is_refused(ready):
    then = await clock(ready)
    await ready.learn(ready.institution_news(as_of="2024-03-25", version=2))
    both = known_at(then).replace("}", ', businessDate: "2024-03-22"}')
    document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Customer {{ {total(both)} }} }} }}"
    key = (await ready.sql("select id from customer"))[0].id
    body = await ready.ask(document, r=[{"__typename": "Customer", "id": str(key)}])
    assert body["errors"][0]["message"] == (
        "businessDate: must not be after 2024-03-20, the business date known at knownAt."
    )


async def test_who_was_not_known_then_is_null(ready):
    then = await clock(ready)
    await ready.learn(ready.customer_news("new"), ready.account_news("n", "new"))
    as_of = known_at(then)
    assert await ready.of_customer("new", total(as_of)) == {"contribution": None}
    assert await ready.of_account("n", f"balance({as_of}) {{ amount }}") == {"balance": None}
    assert await ready.of_customer("new", total()) != {"contribution": None}


async def test_before_anything_was_known_all_is_null(ready):
    as_of = known_at(datetime(2020, 1, 1, tzinfo=UTC))
    assert await ready.of_customer("c", total(as_of)) == {"contribution": None}


@pytest.mark.parametrize("customers", [1, 30])
async def test_a_question_as_of_a_moment_costs_the_same_whatever_its_size(
    ready, statements, customers
):
    for n in range(customers):
        await ready.learn(ready.customer_news(f"s{n}"), ready.account_news(f"s{n}a", f"s{n}"))
    as_of = known_at(await clock(ready))
    document = f"""query($r: [_Any!]!) {{ _entities(representations: $r) {{
      ... on Customer {{ {total(as_of)} }} ... on Account {{ {total(as_of)}
      balance({as_of}) {{ amount }} averageDailyBalance({PERIOD} {as_of}) {{ amount }} }} }} }}"""
    keys = await known(ready)
    with statements() as sent:
        data = await ready.data(document, r=keys)
    assert all(one["contribution"] for one in data["_entities"])
    assert len(sent) == 15, sent
