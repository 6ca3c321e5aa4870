"""The ways money moves: channel, kind and purpose, and the hours of the day they keep."""

from dataclasses import dataclass

import numpy as np

from simulator.span import Integers


@dataclass(frozen=True, slots=True)
class Manner:
    """How money moves: through which channel, as what, for what, at which hours."""

    channel: str
    kind: str
    purpose: str = ""
    hours: str = ""


HOURS = {
    "batch": (0, 2, 5, 5, 3, 1) + (0,) * 18,
    "midnight": (1,) + (0,) * 23,
    "office": (0,) * 8 + (4, 9, 10, 7, 2, 3, 8, 8, 6, 2) + (0,) * 6,
    "shop": (0,) * 6 + (1, 3, 4, 5, 6, 8, 8, 5, 4, 4, 5, 8, 10, 10, 8, 5, 2, 1),
    "phone": (1, 0, 0, 0, 0, 0, 1, 3, 5, 5, 5, 6, 8, 6, 4, 4, 4, 5, 7, 9, 10, 9, 6, 3),
    "machine": (0,) * 6 + (1, 3, 5, 7, 8, 7, 5, 5, 6, 7, 7, 7, 5, 4, 3, 2, 1, 0),
    "morning": (0,) * 8 + (3, 5, 5, 4) + (0,) * 12,
    "closing": (0,) * 23 + (1,),
    "afternoon": (0,) * 13 + (5, 6, 6, 4, 2, 1) + (0,) * 5,
}
HOUR_NAMES = tuple(HOURS)
CUMULATED = np.array([np.cumsum(hours) / np.sum(hours) for hours in HOURS.values()])
_USUAL = {
    "counter": "office", "self_service": "machine", "pos": "shop", "phone": "office",
    "online": "office", "mobile": "phone", "interbank": "office", "system": "batch",
}  # fmt: skip
CATEGORIES = (
    "groceries", "dining", "clothing", "fuel", "medical", "education", "travel", "electronics",
    "farm_supplies", "entertainment",
)  # fmt: skip
_manners: list[Manner] = []


def _new(*manner: str) -> int:
    """Register a manner and return its number."""
    _manners.append(Manner(*manner))
    return len(_manners) - 1


def _payments(channel: str) -> int:
    """Register card payments by category; return the number of the first."""
    return min([_new(channel, "card_payment", category) for category in CATEGORIES])


OPENING = _new("system", "opening_balance", "", "midnight")
FIRST_DEPOSIT = _new("counter", "cash_deposit")
SALARY = _new("interbank", "transfer_in", "salary")
PENSION = _new("system", "transfer_in", "pension")
SUBSIDY = _new("system", "transfer_in", "subsidy")
HARVEST_CASH = _new("counter", "cash_deposit", "harvest")
HARVEST = _new("interbank", "transfer_in", "harvest")
ALLOWANCE = _new("mobile", "transfer_in", "allowance")
RECEIPT = _new("mobile", "transfer_in", "sales")
CASH_IN = _new("counter", "cash_deposit", "sales")
REVENUE = _new("interbank", "transfer_in", "sales")
BUDGET = _new("interbank", "transfer_in", "budget")
REMITTED = _new("mobile", "transfer_out", "remittance")
RECEIVED = _new("mobile", "transfer_in", "remittance")
RED_ENVELOPE = _new("mobile", "transfer_out", "red_envelope")
FESTIVAL_CASH = _new("counter", "cash_withdrawal", "festival")
UTILITY_SYSTEM = _new("system", "transfer_out", "utilities")
UTILITY_MOBILE = _new("mobile", "transfer_out", "utilities")
UTILITY_COUNTER = _new("counter", "transfer_out", "utilities")
PAY_MOBILE = _payments("mobile")
PAY_POS = _payments("pos")
PAY_ONLINE = _payments("online")
HOUSEHOLD_MOBILE = _new("mobile", "transfer_out", "household")
HOUSEHOLD_ONLINE = _new("online", "transfer_out", "household")
HOUSEHOLD_COUNTER = _new("counter", "transfer_out", "household")
HOUSEHOLD_PHONE = _new("phone", "transfer_out", "household")
CASH_COUNTER = _new("counter", "cash_withdrawal")
CASH_MACHINE = _new("self_service", "card_withdrawal")
WAGES = _new("online", "transfer_out", "wages")
SUPPLIES_ONLINE = _new("online", "transfer_out", "supplies")
SUPPLIES_INTERBANK = _new("interbank", "transfer_out", "supplies")
SUPPLIES_COUNTER = _new("counter", "transfer_out", "supplies")
TAX = _new("online", "transfer_out", "tax")
CARD_FEE = _new("system", "fee", "card")
ONLINE_FEE = _new("system", "fee", "online")
TRADE_FEE = _new("system", "fee", "trade_finance")
TRANSFER_FEE = _new("system", "fee", "transfer")
INTEREST = _new("system", "interest_paid", "interest")
DIVIDEND = _new("system", "transfer_in", "dividend")
SAVED = _new("counter", "cash_deposit", "savings", "morning")
BROUGHT = _new("interbank", "transfer_in", "savings", "morning")
MATURED = _new("system", "transfer_out", "maturity", "office")
FROM_MATURITY = _new("system", "transfer_in", "maturity", "office")
MOVED_AWAY = _new("interbank", "transfer_out", "investment", "afternoon")
EMPTIED = _new("interbank", "transfer_out", "other_bank", "closing")
WEALTH_BOUGHT = _new("mobile", "wealth_purchase", "wealth", "morning")
WEALTH_BOUGHT_COUNTER = _new("counter", "wealth_purchase", "wealth", "morning")
WEALTH_PAID = _new("system", "transfer_out", "wealth", "afternoon")
WEALTH_SOLD = _new("mobile", "wealth_redemption", "wealth", "afternoon")
WEALTH_BACK = _new("system", "transfer_in", "wealth", "afternoon")
PREMIUM = _new("counter", "insurance_premium", "insurance", "morning")
PREMIUM_AGAIN = _new("system", "insurance_premium", "insurance")
PREMIUM_PAID = _new("system", "transfer_out", "insurance", "afternoon")
SHARES = _new("counter", "cash_deposit", "member_share")
DRAWN = _new("counter", "loan_drawdown", "loan", "morning")
DRAWN_MOBILE = _new("mobile", "loan_drawdown", "loan", "morning")
PAID_OUT = _new("system", "transfer_in", "loan", "morning")
SPENT_LOAN = _new("interbank", "transfer_out", "loan_use", "afternoon")
TOP_UP = _new("counter", "cash_deposit", "loan", "morning")
REPAID = _new("system", "loan_repayment", "loan", "afternoon")
INSTALMENT = _new("system", "loan_repayment", "instalment", "afternoon")
LOAN_INTEREST = _new("system", "interest_charged", "loan", "afternoon")
WINDOW_IN = _new("interbank", "transfer_in", "window_dressing", "office")
WINDOW_OUT = _new("interbank", "transfer_out", "window_dressing", "office")
FX_SOLD = _new("counter", "fx_sale", "export", "morning")
FX_BOUGHT = _new("online", "fx_purchase", "import", "afternoon")
TRADED = _new("counter", "trade_finance", "letter_of_credit", "morning")
TRADED_BACK = _new("system", "trade_finance", "letter_of_credit", "afternoon")
EXPORT_PAID = _new("system", "transfer_out", "export", "afternoon")
IMPORT_PAID = _new("system", "transfer_in", "import", "morning")
SWEPT_IN = _new("system", "transfer_in", "sweep", "morning")
SWEPT_OUT = _new("system", "transfer_out", "sweep", "afternoon")

MANNERS = tuple(_manners)
HOURS_OF: Integers = np.array(
    [HOUR_NAMES.index(one.hours or _USUAL[one.channel]) for one in MANNERS], dtype=np.int64
)
