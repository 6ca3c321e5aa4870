"""Failures a caller can act on."""

from typing import ClassVar


class Problem(Exception):  # noqa: N818  (a Problem is an outcome, not a crash)
    """A refusal the caller can act on; anything else that escapes is a bug.

    `code` is part of the public contract: tests, dashboards and clients match on
    it, so it never changes once released. The message is for people and may.
    `status` is the HTTP status where a whole request is refused.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 400


class Unauthenticated(Problem):
    """The caller did not prove who they are."""

    code: ClassVar[str] = "UNAUTHENTICATED"
    status: ClassVar[int] = 401


class Forbidden(Problem):
    """The caller is known and may not do this."""

    code: ClassVar[str] = "FORBIDDEN"
    status: ClassVar[int] = 403


class BadRequest(Problem):
    """The request as a whole cannot be understood."""

    code: ClassVar[str] = "BAD_REQUEST"


class TooLarge(Problem):
    """The body is larger than this endpoint takes at once."""

    code: ClassVar[str] = "TOO_LARGE"
    status: ClassVar[int] = 413


class Overloaded(Problem):
    """The service cannot take this request now; later it can."""

    code: ClassVar[str] = "OVERLOADED"
    status: ClassVar[int] = 503


class IdempotencyKeyReused(Problem):
    """The same key came with other parameters."""

    code: ClassVar[str] = "IDEMPOTENCY_KEY_REUSED"
    status: ClassVar[int] = 409


class AuditUnavailable(Problem):
    """What was read cannot be put on record, so it is not shown."""

    code: ClassVar[str] = "AUDIT_UNAVAILABLE"
    status: ClassVar[int] = 503


class CardNumberRefused(Problem):
    """A text that would be kept seems to hold the number of a card."""

    code: ClassVar[str] = "CARD_NUMBER_REFUSED"


class SecretRefused(Problem):
    """A text that would be kept seems to hold what proves who one is."""

    code: ClassVar[str] = "SECRET_REFUSED"
