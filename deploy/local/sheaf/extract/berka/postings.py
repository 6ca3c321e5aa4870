"""What each Berka transaction is in the contract's words."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sheaf.extract.berka.asc import AscRow

PRAGUE = ZoneInfo("Europe/Prague")
NOON = time(12)

SIGN = {"PRIJEM": "+", "VYDAJ": "-", "VYBER": "-"}
PURPOSE = {
    "": "",
    " ": "",
    "SIPO": "household",
    "DUCHOD": "pension",
    "POJISTNE": "insurance",
    "UVER": "loan",
    "LEASING": "leasing",
    "UROK": "interest",
    "SLUZBY": "statement_fee",
    "SANKC. UROK": "penalty_interest",
}
BANKS_OWN = {"UROK": "interest_paid", "SANKC. UROK": "interest_charged", "SLUZBY": "fee"}
"""What the bank itself books, whatever the operation beside it says; nobody stood at a counter."""

OPERATION = {
    "VKLAD": "cash_deposit",
    "VYBER": "cash_withdrawal",
    "VYBER KARTOU": "card_withdrawal",
    "PREVOD Z UCTU": "transfer_in",
    "PREVOD NA UCET": "transfer_out",
}
CHANNEL = {
    "cash_deposit": "counter",
    "cash_withdrawal": "counter",
    "card_withdrawal": "self_service",
    # between banks; outgoing ones are nearly all standing orders, so no counter is charged
    "transfer_in": "interbank",
    "transfer_out": "interbank",
    "interest_paid": "system",
    "interest_charged": "system",
    "fee": "system",
}


class Clock:
    """Gives the rows of a day their place: noon, and a second more for each row before.

    The file has days only. The order of rows is kept as far as the rows of a day stand together,
    which they do in the bank's file.
    """

    def __init__(self) -> None:
        self._day = date.min
        self._rows = 0

    def booked_at(self, day: date) -> str:
        self._rows = self._rows + 1 if day == self._day else 0
        self._day = day
        local = datetime.combine(day, NOON, PRAGUE)
        last_moment = 12 * 3600 - 1
        return (local + timedelta(seconds=min(self._rows, last_moment))).isoformat()


def postings(transactions: Iterator[AscRow]) -> Iterator[tuple[object, ...]]:
    """Turn transactions into rows of the kind `postings`, in the file's order."""
    clock = Clock()
    for row in transactions:
        day = row.day("date")
        kind = BANKS_OWN.get(row["k_symbol"]) or row.code("operation", OPERATION)
        amount = row.hellers("amount")
        if row.code("type", SIGN) == "-":
            amount = -amount
        yield (
            row["trans_id"],
            row["account_id"],
            amount,
            "CZK",
            day.isoformat(),
            clock.booked_at(day),
            CHANNEL[kind],
            kind,
            row.code("k_symbol", PURPOSE),
            f"{row['bank']}/{row['account']}" if row["bank"] else "",
        )
