"""Values on the wire: months, money and shares."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, NewType, Self, TypeAlias

import strawberry
from kit.problem import BadRequest
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.types.scalar import ScalarDefinition

from scoring.domain.as_of import NOW, AsOf
from scoring.domain.money import MILLION, decimal_text, minor_digits, share_text
from scoring.domain.months import Period, between
from scoring.domain.problems import PeriodInvalid

YearMonth = NewType("YearMonth", date)
LONGEST_MONTHS = 60
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def _parse(value: object) -> date:
    if not isinstance(value, str) or not _MONTH.fullmatch(value) or value < "1900":
        wrong = "A YearMonth is a text like '1994-03', from '1900-01' on."
        raise StrawberryInputCoercionError(wrong)
    return date.fromisoformat(f"{value}-01")


_SHARE = re.compile(r"[01](\.[0-9]{1,6})?")
SHARE = "Decimal number of six digits; 1.000000 is the whole. Null where the whole is not positive."


def share(part: int, whole: int) -> str | None:
    """Write a part of a whole; None where the whole is not positive."""
    return share_text(part, whole) if whole > 0 else None


def ppm(text: str, name: str) -> int:
    """Read a share of 0 to 1 that a caller gave as `name`, in parts per million."""
    if not _SHARE.fullmatch(text) or (found := int(Decimal(text) * MILLION)) > MILLION:
        raise BadRequest(f"'{name}' must be a decimal number from 0 to 1 of at most six digits.")
    return found


SCALARS: dict[object, ScalarDefinition] = {
    YearMonth: strawberry.scalar(
        name="YearMonth",
        description="A calendar month, as text like '1994-03'.",
        serialize=lambda month: f"{month:%Y-%m}",
        parse_value=_parse,
    )
}
From: TypeAlias = Annotated[
    YearMonth, strawberry.argument(name="from", description="The first month that counts.")
]
To: TypeAlias = Annotated[
    YearMonth, strawberry.argument(name="to", description="The last month that counts.")
]


@strawberry.input(
    description="What would have been said before. AS_OF_INVALID refuses what has not come."
)
class AsOfInput:
    business_date: date | None = strawberry.field(
        default=None,
        description="The day that counts as the business date: what is valued or lies after it "
        "has not come. By default the business date known at knownAt.",
    )
    known_at: datetime | None = strawberry.field(
        default=None,
        description="Only what was recorded by then counts: postings, accounts, terms, rates, "
        "schemes. By default everything does.",
    )

    def value(self) -> AsOf:
        """Return the moment; an instant without an offset is UTC."""
        known_at = self.known_at
        if known_at is not None and known_at.tzinfo is None:
            known_at = known_at.replace(tzinfo=UTC)
        return AsOf(self.business_date, known_at)


AsOfArgument: TypeAlias = Annotated[
    AsOfInput | None,
    strawberry.argument(name="asOf", description="As of a past moment; by default now."),
]


def moment(as_of: AsOfInput | None) -> AsOf:
    """Return the moment asked for."""
    return as_of.value() if as_of else NOW


def period(first: YearMonth, last: YearMonth) -> Period:
    """Return the months asked for, or refuse them."""
    if last < first:
        raise PeriodInvalid("'to' must not be before 'from'.")
    if len(between(first, last)) > LONGEST_MONTHS:
        raise PeriodInvalid(f"Ask for at most {LONGEST_MONTHS} months at once.")
    return Period(first, last)


@strawberry.federation.type(shareable=True, description="An exact amount of money.")
class Money:
    amount: str = strawberry.field(description="Decimal number, with the currency's decimals.")
    currency: str = strawberry.field(description="ISO 4217.")

    @classmethod
    def of(cls, minor: int, currency: str) -> Self:
        """Return an amount given in minor units."""
        return cls(amount=decimal_text(minor, minor_digits(currency)), currency=currency)
