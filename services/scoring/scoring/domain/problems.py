"""Every way the scoring service says no.

Problem
├── PeriodInvalid       the caller asked for months or days that make no period
├── AsOfInvalid         the caller asked for a day or an instant that has not come
├── TooManyCustomers    a sum as of a past moment would take longer than one may wait
├── TiersNotReplayed    a ladder by rank rests on everybody, and is known as of now only
├── NotComputable       a month cannot be priced, and nothing is guessed
│   ├── RatesMissing    a product with balance-days has no rate for the month
│   ├── SchemeMissing   no scheme is in force for the month
│   ├── CurrencyNotPriced  no rate of an account's currency was ever published
│   ├── FxRatesMissing     a day on which foreign money is priced has no rate
│   └── LoanTermsMissing   a loan account has balance-days and no terms
├── ArchiveUnavailable  a file of a closed month is missing or damaged, and nothing is guessed
├── ArchiveFull         the archive cannot be written: nothing of the file went in
├── SchemeInvalid       a scheme's document is wrong, each finding by its path
├── SchemeNotFound      the institution has no such version
├── SchemeConflict      the version, or its first month, is taken
├── StaleRevision       the draft has changed since the caller read it
├── NotDraft            the version is past the step asked for
├── NotSimulated        no shadow run has finished on the draft as it is
├── SamePerson          whoever wrote a scheme cannot approve it
├── MonthClosed         the scheme would price a month that is over
├── SchemeInForce       what is in force cannot be taken back
├── NothingToSimulate   the institution's business date is not known yet
├── CustomerNotKnown    a tier is given by hand to nobody
├── TierNotKnown        the ladder in force has no such tier
├── OverrideInvalid     a tier is given by hand without a reason, or for too long or no time
├── NoOverride          no tier given by hand is in force
└── IdempotencyKeyReused   (kit) the same key came with other parameters
"""

from typing import ClassVar

from kit.problem import Problem

from scoring.domain.reading import Finding, Unreadable


class PeriodInvalid(Problem):
    """The months or days asked for make no period, or one that is too long."""

    code: ClassVar[str] = "PERIOD_INVALID"


class AsOfInvalid(Problem):
    """A business date or an instant of knowledge that has not come."""

    code: ClassVar[str] = "AS_OF_INVALID"


class TooManyCustomers(Problem):
    """More customers and months than are added up at once as of a past moment."""

    code: ClassVar[str] = "TOO_MANY_CUSTOMERS"


class TiersNotReplayed(Problem):
    """Tiers as of a past moment, on a ladder by rank."""

    code: ClassVar[str] = "TIERS_NOT_REPLAYED"


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


class SchemeInvalid(Problem):
    """A scheme's document is wrong; every finding names its path."""

    code: ClassVar[str] = "SCHEME_INVALID"

    def __init__(self, *findings: Finding) -> None:
        super().__init__(str(Unreadable(*findings)))
        self.findings = findings


class SchemeNotFound(Problem):
    """The caller's institution has no scheme of this version."""

    code: ClassVar[str] = "SCHEME_NOT_FOUND"


class SchemeConflict(Problem):
    """The version, or the month that it begins with, is stored with other content."""

    code: ClassVar[str] = "SCHEME_CONFLICT"


class StaleRevision(Problem):
    """The draft has changed since the caller read it."""

    code: ClassVar[str] = "STALE_REVISION"


class NotDraft(Problem):
    """The version is approved or withdrawn, and no longer changes."""

    code: ClassVar[str] = "NOT_DRAFT"


class NotSimulated(Problem):
    """No shadow run has finished on exactly this content."""

    code: ClassVar[str] = "NOT_SIMULATED"


class SamePerson(Problem):
    """Whoever wrote any revision of a scheme cannot approve it."""

    code: ClassVar[str] = "SAME_PERSON"


class MonthClosed(Problem):
    """The scheme would begin with a month that was computed under another one."""

    code: ClassVar[str] = "MONTH_CLOSED"


class SchemeInForce(Problem):
    """The scheme prices months already."""

    code: ClassVar[str] = "SCHEME_IN_FORCE"


class NothingToSimulate(Problem):
    """Nothing has arrived yet about the caller's institution, not even its business date."""

    code: ClassVar[str] = "NOTHING_TO_SIMULATE"


class CustomerNotKnown(Problem):
    """The institution has no such customer, or its event has not arrived yet."""

    code: ClassVar[str] = "CUSTOMER_NOT_KNOWN"


class TierNotKnown(Problem):
    """The ladder in force has no tier of that code."""

    code: ClassVar[str] = "TIER_NOT_KNOWN"


class OverrideInvalid(Problem):
    """A tier given by hand needs a reason and a day on which it ends."""

    code: ClassVar[str] = "OVERRIDE_INVALID"


class NoOverride(Problem):
    """No tier given by hand is in force for the customer."""

    code: ClassVar[str] = "NO_OVERRIDE"
