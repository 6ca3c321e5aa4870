"""What the bank pays and charges, and what its treasury pays for money, month by month."""

from collections.abc import Iterator
from pathlib import Path

from simulator.span import Month, Span

CUSTOMER_PPM = {
    "demand_deposit": 2_000,
    "time_deposit": 19_500,
    "settlement_account": 2_000,
    "agricultural_loan": 52_000,
    "mortgage": 38_000,
    "sme_loan": 47_000,
    "fx_account": 1_000,
}
TRANSFER_PPM = {
    "demand_deposit": 16_000,
    "time_deposit": 24_500,
    "settlement_account": 15_000,
    "agricultural_loan": 25_000,
    "mortgage": 27_000,
    "sme_loan": 24_000,
    "fx_account": 12_000,
}
CUT_PPM = {"time_deposit": 1_500, "agricultural_loan": 1_000, "mortgage": 2_000, "sme_loan": 1_000}
TRANSFER_CUT_PPM = 1_000
SINCE = "2010-01-01"
_SCHEME = Path(__file__).with_name("scheme.yaml")


def rates(when: Span) -> Iterator[tuple[object, ...]]:
    """Rows of the kind `rates`: prices long known, and one cut in the middle of the history."""
    cut = str(when.months[len(when.months) // 2].first)
    for product, customer_ppm in CUSTOMER_PPM.items():
        yield (product, "customer", SINCE, customer_ppm)
        yield (product, "transfer", SINCE, TRANSFER_PPM[product])
        if product in CUT_PPM and cut > SINCE:
            yield (product, "customer", cut, customer_ppm - CUT_PPM[product])
            yield (product, "transfer", cut, TRANSFER_PPM[product] - TRANSFER_CUT_PPM)


def scheme(first: Month) -> str:
    """Return the bank's contribution scheme, in force from the first month of its history."""
    return _SCHEME.read_text(encoding="utf-8").replace("FIRST_MONTH", str(first.first))
