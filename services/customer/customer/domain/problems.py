"""Every way the customer service can say no.

Problem
  InstitutionNotRecorded, WrongInstitution
  Invalid > UnknownCurrency, BadResidentId, BadUscc, IdentifierIncomplete, BornInFuture,
            ClosedBeforeOpened, MaturesBeforeOpened, WithdrawnBeforeGiven, LeftBeforeJoined*
  Unknown > UnknownBranch, UnknownManager, UnknownProduct, UnknownAccount, UnknownCustomer,
            UnknownGroup*
  BranchCycle, LineFixed, OwnerTaken
  GroupCycle*, HouseholdAbove*, GroupKindFixed*, AlreadyMember*
  CustomerNotFound, ConsentNotGiven, ConsentAlreadyGiven

Those with a star are about households and groups and stand in group_problems; those about personal
data stand in personal_problems.
"""

from typing import ClassVar

from kit.problem import Problem


class InstitutionNotRecorded(Problem):
    """Records came before the record of the institution that they belong to."""

    code: ClassVar[str] = "INSTITUTION_NOT_RECORDED"

    def __init__(self, institution: str) -> None:
        super().__init__(
            f"Institution '{institution}' is not recorded yet; send its record "
            "(kind 'institutions') first."
        )


class WrongInstitution(Problem):
    """The record is of another institution than the caller's."""

    code: ClassVar[str] = "WRONG_INSTITUTION"

    def __init__(self, told: str, own: str) -> None:
        super().__init__(
            f"The token speaks for institution '{own}', not '{told}'; "
            "send each institution's records with its own token."
        )


class Invalid(Problem):
    """A record's values contradict each other or themselves."""

    code: ClassVar[str] = "INVALID"


class UnknownCurrency(Invalid):
    """The currency is none of ISO 4217's."""

    code: ClassVar[str] = "UNKNOWN_CURRENCY"

    def __init__(self, currency: str) -> None:
        super().__init__(
            f"'{currency}' is not a currency code of ISO 4217; write for example CNY or EUR."
        )


class BadResidentId(Invalid):
    """The number is no citizen identification number of GB 11643."""

    code: ClassVar[str] = "BAD_RESIDENT_ID"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"id_number is not a resident_id of GB 11643: {why}. Correct it, or name the "
            "kind of document that it comes from in id_type."
        )


class BadUscc(Invalid):
    """The number is no unified social credit code of GB 32100."""

    code: ClassVar[str] = "BAD_USCC"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"id_number is not a uscc of GB 32100: {why}. Correct it, or name the kind of "
            "document that it comes from in id_type."
        )


class IdentifierIncomplete(Invalid):
    """One of `id_type` and `id_number` came without the other."""

    code: ClassVar[str] = "IDENTIFIER_INCOMPLETE"

    def __init__(self) -> None:
        super().__init__("id_type and id_number belong together; send both or neither.")


class BornInFuture(Invalid):
    """Born or founded after the bank's business date."""

    code: ClassVar[str] = "BORN_IN_FUTURE"

    def __init__(self) -> None:
        super().__init__(
            "born_on lies after the institution's as_of; correct the date, or send the "
            "institution's record with its new as_of first."
        )


class ClosedBeforeOpened(Invalid):
    """The account ends before it begins."""

    code: ClassVar[str] = "CLOSED_BEFORE_OPENED"

    def __init__(self) -> None:
        super().__init__("closed_on lies before opened_on; correct one of them.")


class MaturesBeforeOpened(Invalid):
    """The account's term ends before the account begins."""

    code: ClassVar[str] = "MATURES_BEFORE_OPENED"

    def __init__(self) -> None:
        super().__init__("matures_on lies before opened_on; correct one of them.")


class WithdrawnBeforeGiven(Invalid):
    """The consent ends before it begins."""

    code: ClassVar[str] = "WITHDRAWN_BEFORE_GIVEN"

    def __init__(self) -> None:
        super().__init__("withdrawn_on lies before given_on; correct one of them.")


class Unknown(Problem):
    """A record refers to one that is not here."""

    kind: ClassVar[str]
    file: ClassVar[str]

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no {self.kind} '{name}'; send it (kind '{self.file}') before this record, "
            "or correct the reference."
        )


class UnknownBranch(Unknown):
    code: ClassVar[str] = "UNKNOWN_BRANCH"
    kind, file = "branch", "branches"


class UnknownManager(Unknown):
    code: ClassVar[str] = "UNKNOWN_MANAGER"
    kind, file = "member of staff", "staff"


class UnknownProduct(Unknown):
    code: ClassVar[str] = "UNKNOWN_PRODUCT"
    kind, file = "product", "products"


class UnknownAccount(Unknown):
    code: ClassVar[str] = "UNKNOWN_ACCOUNT"
    kind, file = "account", "accounts"


class UnknownCustomer(Unknown):
    code: ClassVar[str] = "UNKNOWN_CUSTOMER"
    kind, file = "customer", "customers"


class BranchCycle(Problem):
    """A branch would stand above itself."""

    code: ClassVar[str] = "BRANCH_CYCLE"

    def __init__(self, code: str, parent: str) -> None:
        super().__init__(
            f"Branch '{code}' cannot stand under '{parent}', which stands under it; "
            "correct parent_code."
        )


class LineFixed(Problem):
    """A product that has accounts cannot move to another line of business."""

    code: ClassVar[str] = "LINE_FIXED"

    def __init__(self, product: str, line: str) -> None:
        super().__init__(
            f"Product '{product}' has accounts whose history is booked under the line '{line}'; "
            "give the other line a product code of its own and send the accounts with it."
        )


class OwnerTaken(Problem):
    """The account has an owner already."""

    code: ClassVar[str] = "OWNER_TAKEN"

    def __init__(self, account: str) -> None:
        super().__init__(
            f"Account '{account}' already has another owner; send this customer as joint or "
            "authorised, or first send the present owner in another role."
        )


class CustomerNotFound(Problem):
    """No customer has this id, or the caller may not know that one does."""

    code: ClassVar[str] = "CUSTOMER_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such customer in your institution; look the id up again.")


class ConsentNotGiven(Problem):
    """There is no consent in force for this purpose and channel to withdraw."""

    code: ClassVar[str] = "CONSENT_NOT_GIVEN"

    def __init__(self, purpose: str, channel: str) -> None:
        super().__init__(
            f"The customer has no consent in force for {purpose} by {channel}; "
            "there is nothing to withdraw."
        )


class ConsentAlreadyGiven(Problem):
    """The consent for this purpose and channel is in force."""

    code: ClassVar[str] = "CONSENT_ALREADY_GIVEN"

    def __init__(self, purpose: str, channel: str) -> None:
        super().__init__(
            f"The customer's consent for {purpose} by {channel} is already in force; "
            "there is nothing to do."
        )
