"""An extract's accounts and what was booked on them, as scoring's rules want them."""

from collections import defaultdict
from datetime import date
from uuid import NAMESPACE_URL, uuid5

from scoring.domain.account import Account, Activity, History, Moments
from scoring.domain.line import Line
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms
from scoring.domain.months import month_of
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.posting import Channel, Kind
from scoring.domain.scheme_document import scheme_of


def accounts_of(rows):
    lines = {p["code"]: Line(p["line"]) for p in rows["products"]}
    owner = {
        h["account_number"]: h["customer_number"]
        for h in rows["account_holders"]
        if h["role"] == "owner"
    }
    terms = {
        loan["account_number"]: LoanTerms(
            principal_minor=int(loan["principal_minor"]),
            granted_on=date.fromisoformat(loan["granted_on"]),
            term_months=int(loan["term_months"]),
            instalment_minor=int(loan["instalment_minor"]),
            grade=Grade(loan["grade"]),
            balance_basis=BalanceBasis(loan["balance_basis"]),
        )
        for loan in rows["loans"]
    }
    for one in rows["accounts"]:
        yield owner[one["number"]], Account(
            id=uuid5(NAMESPACE_URL, one["number"]),
            number=one["number"],
            owner_id=uuid5(NAMESPACE_URL, owner[one["number"]]),
            product=one["product_code"],
            line=lines[one["product_code"]],
            currency=one["currency"],
            opened_on=date.fromisoformat(one["opened_on"]),
            closed_on=date.fromisoformat(one["closed_on"]) if one["closed_on"] else None,
            loan=terms.get(one["number"]),
        )  # fmt: skip


def histories_of(rows, first):
    opening = defaultdict(int)
    moments = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    acts = defaultdict(lambda: defaultdict(lambda: defaultdict(lambda: [0, 0])))
    for one in rows["postings"]:
        account, amount = one["account_number"], int(one["amount_minor"])
        day = date.fromisoformat(one["value_date"])
        if day < first:
            opening[account] += amount
            continue
        sums = moments[account][month_of(day)]
        sums[0] += amount
        sums[1] += amount * day.day
        act = acts[account][month_of(day)][one["channel"], one["kind"], one["purpose"]]
        act[0] += 1
        act[1] += amount
    for one in rows["accounts"]:
        number = one["number"]
        yield (
            number,
            History(
                opening[number],
                {month: Moments(*sums) for month, sums in moments[number].items()},
                {
                    month: [
                        Activity(Channel(c), Kind(k), p, count, amount)
                        for (c, k, p), (count, amount) in by.items()
                    ]
                    for month, by in acts[number].items()
                },
            ),
        )


def policy_of(rows, as_of):
    (document,) = rows["scheme"]
    rates = [
        Rate(
            r["product_code"], RateKind(r["rate_kind"]), date.fromisoformat(r["effective_from"]),
            int(r["rate_ppm"]),
        )
        for r in rows["rates"]
    ]  # fmt: skip
    return Policy(
        institution="SHEAF", currency="CNY", time_zone="Asia/Shanghai", business_date=as_of,
        schemes=[scheme_of(document)], rates=RateBook.of(rates),
    )  # fmt: skip
