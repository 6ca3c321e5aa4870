"""Every way the scoring service says no.

Problem
├── PeriodInvalid       the caller asked for months or days that make no period
├── NotComputable       a month cannot be priced, and nothing is guessed
│   ├── RatesMissing    a product with balance-days has no rate for the month
│   ├── SchemeMissing   no scheme is in force for the month
│   ├── CurrencyNotPriced  no rate of an account's currency was ever published
│   ├── FxRatesMissing     a day on which foreign money is priced has no rate
│   └── LoanTermsMissing   a loan account has balance-days and no terms
├── ArchiveUnavailable  a file of a closed month is missing or damaged, and nothing is guessed
├── ArchiveFull         the archive cannot be written: nothing of the file went in
└── IdempotencyKeyReused   (kit) the same key came with other parameters
"""

from typing import ClassVar

from kit.problem import Problem


class PeriodInvalid(Problem):
    """The months or days asked for make no period, or one that is too long."""

    code: ClassVar[str] = "PERIOD_INVALID"


class NotComputable(Problem):
    """A month cannot be priced; the message names everything that is missing."""

    code: ClassVar[str] = "NOT_COMPUTABLE"


class RatesMissing(NotComputable):
    """A product that has balance-days lacks its customer rate or its transfer price."""

    code: ClassVar[str] = "RATES_MISSING"


class SchemeMissing(NotComputable):
    """No scheme is in force for the month."""

    code: ClassVar[str] = "SCHEME_MISSING"


class CurrencyNotPriced(NotComputable):
    """The account's currency is not the scheme's, and no exchange rate of it is known at all."""

    code: ClassVar[str] = "CURRENCY_NOT_PRICED"


class FxRatesMissing(NotComputable):
    """A balance or an act in foreign money falls on a day without an exchange rate."""

    code: ClassVar[str] = "FX_RATES_MISSING"


class LoanTermsMissing(NotComputable):
    """A loan account has balance-days and its terms are not known."""

    code: ClassVar[str] = "LOAN_TERMS_MISSING"


class ArchiveUnavailable(Problem):
    """A file of closed months is missing or not what was written; the message says what to do."""

    code: ClassVar[str] = "ARCHIVE_UNAVAILABLE"
    status: ClassVar[int] = 503


class ArchiveFull(Problem):
    """The archive's folder cannot be written, mostly because the disk is full."""

    code: ClassVar[str] = "ARCHIVE_FULL"
    status: ClassVar[int] = 507
