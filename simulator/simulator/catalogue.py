"""What the bank sells, what it pays and charges for it, and what its treasury pays for money."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from simulator.span import Integers, Month, Span

PRODUCTS = (
    ("demand_deposit", "活期存款", "deposit"),
    ("time_deposit", "定期存款", "deposit"),
    ("agreement_deposit", "协定存款", "deposit"),
    ("margin_deposit", "保证金存款", "deposit"),
    ("settlement_account", "单位结算账户", "settlement"),
    ("agricultural_loan", "农户贷款", "loan"),
    ("mortgage", "住房按揭贷款", "loan"),
    ("consumer_loan", "消费贷款", "loan"),
    ("sme_loan", "小微企业贷款", "loan"),
    ("member_share", "社员股金", "intermediary"),
    ("wealth_product", "理财产品", "intermediary"),
    ("agency_insurance", "代理保险", "intermediary"),
    ("fund", "代销基金", "intermediary"),
    ("bill_payment", "代收代付", "intermediary"),
    ("mobile_banking", "手机银行", "e_banking"),
    ("online_banking", "网上银行", "e_banking"),
    ("phone_banking", "电话银行", "e_banking"),
    ("self_service", "自助终端", "e_banking"),
    ("fx_account", "国际结算账户", "international"),
    ("letter_of_credit", "信用证", "international"),
)
CODES = tuple(product[0] for product in PRODUCTS)
LINES = ("deposit", "loan", "settlement", "intermediary", "e_banking", "international")
LINE_OF = {product[0]: product[2] for product in PRODUCTS}
LOANS = ("agricultural_loan", "mortgage", "consumer_loan", "sme_loan")
GRADES = ("normal", "special_mention", "substandard", "doubtful", "loss")
CUSTOMER_PPM = {
    "demand_deposit": 2_000,
    "time_deposit": 19_500,
    "agreement_deposit": 9_000,
    "margin_deposit": 3_000,
    "settlement_account": 2_000,
    "agricultural_loan": 52_000,
    "mortgage": 38_000,
    "consumer_loan": 59_000,
    "sme_loan": 47_000,
    "fx_account": 1_000,
    "letter_of_credit": 0,
}
TRANSFER_PPM = {
    "demand_deposit": 15_600,
    "time_deposit": 26_500,
    "agreement_deposit": 17_000,
    "margin_deposit": 16_000,
    "settlement_account": 15_000,
    "agricultural_loan": 25_000,
    "mortgage": 27_000,
    "consumer_loan": 26_000,
    "sme_loan": 24_000,
    "fx_account": 12_000,
    "letter_of_credit": 0,
}
CUT_PPM = {"time_deposit": 1_500, "agricultural_loan": 1_000, "mortgage": 2_000, "sme_loan": 1_000}
TRANSFER_CUT_PPM = 1_000
SINCE = "2010-01-01"
_SCHEME = Path(__file__).with_name("scheme.yaml")


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate of a product, from a month on."""

    product: str
    kind: str
    effective_from: str
    ppm: int


def rates(when: Span) -> list[Rate]:
    """Give the prices long known, and one cut in the middle of the history."""
    cut = str(when.months[len(when.months) // 2].first)
    found = []
    for product, customer in CUSTOMER_PPM.items():
        transfer = TRANSFER_PPM[product]
        found.append(Rate(product, "customer", SINCE, customer))
        found.append(Rate(product, "transfer", SINCE, transfer))
        if product in CUT_PPM and cut > SINCE:
            found.append(Rate(product, "customer", cut, customer - CUT_PPM[product]))
            found.append(Rate(product, "transfer", cut, transfer - TRANSFER_CUT_PPM))
    return found


def margins(when: Span, product: str) -> Integers:
    """Give what a unit of money in the product earns the bank, in ppm a year, for each month."""
    book = [rate for rate in rates(when) if rate.product == product]

    def at(month: Month, kind: str) -> int:
        known = [r for r in book if r.kind == kind and r.effective_from <= str(month.first)]
        return max(known, key=lambda rate: rate.effective_from).ppm if known else 0

    sign = -1 if LINE_OF[product] == "loan" else 1
    earned = [at(month, "transfer") - at(month, "customer") for month in when.months]
    return sign * np.array(earned, dtype=np.int64)


def scheme_text(first: Month) -> str:
    """Return the bank's contribution scheme, in force from the first month of its history."""
    return _SCHEME.read_text(encoding="utf-8").replace("FIRST_MONTH", str(first.first))


def scheme() -> dict[str, object]:
    """Return the scheme as plain values."""
    document: dict[str, object] = yaml.safe_load(_SCHEME.read_text(encoding="utf-8"))
    return document
