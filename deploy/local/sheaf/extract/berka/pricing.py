"""Prices for a bank that published none: assumptions, in the koruna's rates of 1993.

The repo rate stood near 8 to 9.5 percent a year, retail current accounts paid far less, consumer
loans cost about 14 to 16. The transfer price of current accounts is a blend of overnight and
one-year money, that of personal loans is two- to three-year money. They are made up to make the
worked example complete and are not the bank's own.
"""

EFFECTIVE_FROM = "1993-01-01"

PRODUCTS = (
    ("current_account_monthly", "Current account, monthly statement", "deposit"),
    ("current_account_weekly", "Current account, weekly statement", "deposit"),
    (
        "current_account_per_transaction",
        "Current account, statement after each transaction",
        "deposit",
    ),
    ("personal_loan", "Personal loan", "loan"),
)
CUSTOMER_PPM = {
    "current_account_monthly": 30_000,
    "current_account_weekly": 30_000,
    "current_account_per_transaction": 30_000,
    "personal_loan": 150_000,
}
TRANSFER_PPM = {
    "current_account_monthly": 75_000,
    "current_account_weekly": 75_000,
    "current_account_per_transaction": 75_000,
    "personal_loan": 100_000,
}
