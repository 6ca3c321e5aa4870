"""A real bank, asked through the gateway: its counts, its balances and its money add up."""

import csv
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest

from tests.system.system import BERKA, DOCUMENTS

pytestmark = pytest.mark.system
FROM, TO = "1993-01", "1994-03"
MONTHS = [f"{1993 + n // 12}-{n % 12 + 1:02}" for n in range(15)]
LINES = {
    "DEPOSIT", "LOAN", "SETTLEMENT", "INTERMEDIARY", "E_BANKING", "INTERNATIONAL", "COST_TO_SERVE",
    "TAX", "CAPITAL",
}  # fmt: skip
CUSTOMER_360 = (DOCUMENTS / "counter/customer360.graphql").read_text()
EVERYONE = """
query Everyone($after: String, $from: YearMonth!, $to: YearMonth!) {
  customers(first: 100, after: $after, purpose: DATA_QUALITY) {
    pageInfo { hasNextPage endCursor }
    edges { node {
      number
      contribution(from: $from, to: $to) { months { month total { amount } lines { line amount { amount } } } }
      accounts {
        number line
        loan { principal { amount } }
        contribution(from: $from, to: $to) { months { month total { amount } lines { line amount { amount } } } }
      }
    } }
  }
}"""


@pytest.fixture(scope="module")
def everyone(berka):
    """All customers with their contributions by month and line, and their accounts'."""
    people, after = [], None
    while True:
        page = berka.data(EVERYONE, {"after": after, "from": FROM, "to": TO})["customers"]
        people += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return people
        after = page["pageInfo"]["endCursor"]


def test_the_import_says_that_every_posting_went_in(berka):
    printed = (berka.data_dir / "import.txt").read_text()
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines()]
    [postings] = [row for row in cells if row and row[0] == "postings"]
    _, rows, accepted, unchanged, parked, rejected, _ = postings
    assert (rows, accepted, unchanged, parked, rejected) == ("49,102", "49,102", "0", "0", "0")


def test_customers_accounts_loans_and_cards_are_all_there(berka):
    counts = berka.data("{ institution { counts { customers accounts loans cards } } }")
    assert counts["institution"]["counts"] == {
        "customers": 5369, "accounts": 5182, "loans": 682, "cards": 892,
    }  # fmt: skip


def test_current_accounts_and_loans_are_the_banks_own(everyone):
    accounts = [account for person in everyone for account in person["accounts"]]
    assert len(everyone) == 5369
    assert sum(account["line"] == "DEPOSIT" for account in accounts) == 4500
    principals = [Decimal(a["loan"]["principal"]["amount"]) for a in accounts if a["loan"]]
    assert (len(principals), sum(principals)) == (682, Decimal("103261740.00"))


def printed_balances() -> dict[tuple[str, str], set[Decimal]]:
    """Return every balance that the bank printed for an account and day.

    The file is not in order within a day, so the day's last balance is one of those printed.
    """
    printed: dict[tuple[str, str], set[Decimal]] = defaultdict(set)
    with (BERKA / "trans_19930101_19940331_first49102.asc").open() as file:
        for row in csv.DictReader(file, delimiter=";"):
            day = f"19{row['date'][:2]}-{row['date'][2:4]}-{row['date'][4:]}"
            printed[row["account_id"], day].add(Decimal(row["balance"]))
    return printed


def test_balances_rebuilt_from_postings_agree_with_the_banks_own(berka, everyone):
    printed = printed_balances()
    assert len(printed) == 39_960
    wanted = defaultdict(set)
    for number, day in printed:
        wanted[number].add(day)
    owners = [p["number"] for p in everyone if any(a["number"] in wanted for a in p["accounts"])]
    halves = [("1993-01-01", "1993-08-31"), ("1993-09-01", "1994-03-31")]

    def ask(numbers: list[str]) -> int:
        asked = " ".join(
            f'c{n}: customerByNumber(number: "{number}") {{ accounts {{ number '
            + " ".join(
                f'd{i}: dailyBalances(from: "{a}", to: "{b}") {{ date balance {{ amount }} }}'
                for i, (a, b) in enumerate(halves)
            )
            + " } }"
            for n, number in enumerate(numbers)
        )
        found = 0
        for customer in berka.data("{ " + asked + " }").values():
            for account in customer["accounts"]:
                for day in [*account["d0"], *account["d1"]]:
                    rebuilt = Decimal(day["balance"]["amount"])
                    known = printed.get((account["number"], day["date"]), set())
                    found += any(abs(rebuilt - one) <= 1 for one in known)
        return found

    with ThreadPoolExecutor(4) as pool:
        agreeing = sum(pool.map(ask, [owners[n : n + 10] for n in range(0, len(owners), 10)]))
    assert agreeing >= 39_932


def by_month_and_line(contributions) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for contribution in contributions:
        for month in contribution["months"]:
            assert sum(Decimal(line["amount"]["amount"]) for line in month["lines"]) == Decimal(
                month["total"]["amount"]
            )
            for line in month["lines"]:
                sums[month["month"], line["line"]] += Decimal(line["amount"]["amount"])
    return {key: amount for key, amount in sums.items() if amount}


def test_customers_accounts_and_the_bank_agree_for_every_month_and_line(berka, everyone):
    customers = by_month_and_line(person["contribution"] for person in everyone)
    accounts = by_month_and_line(a["contribution"] for p in everyone for a in p["accounts"])
    bank = berka.data(
        "query($from: YearMonth!, $to: YearMonth!) { bankContribution(from: $from, to: $to) "
        "{ total { amount } months { month total { amount } lines { line amount { amount } } } } }",
        {"from": FROM, "to": TO},
    )["bankContribution"]
    assert customers == accounts == by_month_and_line([bank])
    assert sum(customers.values()) == Decimal(bank["total"]["amount"])
    assert {line for _, line in customers} >= {"DEPOSIT", "LOAN", "SETTLEMENT", "COST_TO_SERVE"}
    assert {month for month, _ in customers} == set(MONTHS)


def test_the_customer_document_answers_for_every_customer_number(berka, everyone):
    known = {person["number"]: person for person in everyone}

    def ask(number: str) -> None:
        answer = berka.data(CUSTOMER_360, {"number": number, "from": FROM, "to": TO})
        found = answer["customerByNumber"]
        assert (found["number"], found["kind"]) == (number, "INDIVIDUAL")
        assert found["branch"]["code"]
        assert found["offers"] == []
        contribution = found["contribution"]
        assert {line["line"] for line in contribution["lines"]} == LINES
        assert [month["month"] for month in contribution["months"]] == MONTHS
        total = Decimal(contribution["total"]["amount"])
        assert contribution["total"]["currency"] == "CZK"
        assert total == sum(Decimal(line["amount"]["amount"]) for line in contribution["lines"])
        assert total == sum(Decimal(month["total"]["amount"]) for month in contribution["months"])
        assert total == sum(
            Decimal(month["total"]["amount"]) for month in known[number]["contribution"]["months"]
        )
        assert len(found["accounts"]) == len(known[number]["accounts"])
        for account in found["accounts"]:
            assert date.fromisoformat(account["openedOn"]).year >= 1993
            assert Decimal(account["balance"]["amount"]).as_tuple().exponent == -2

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, sorted(known)))


def test_an_account_opened_later_than_the_period_has_nothing_in_it(berka):
    answer = berka.ask(CUSTOMER_360, {"number": "2", "from": "1980-01", "to": "1980-02"})
    for account in answer["data"]["customerByNumber"]["accounts"]:
        assert Decimal(account["averageDailyBalance"]["amount"]) == 0
    assert Decimal(answer["data"]["customerByNumber"]["contribution"]["total"]["amount"]) == 0
