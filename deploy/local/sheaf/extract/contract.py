"""The bank extract contract: the kinds of record a bank hands over, their columns, their order."""

from dataclasses import dataclass
from typing import Literal

CONTRACT = "sheaf-bank-extract/1"

Service = Literal["customer", "scoring"]
Form = Literal["text", "integer", "date", "instant", "boolean"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a kind; a required one must be in the file, an optional one may be absent."""

    name: str
    form: Form = "text"
    required: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record.

    `in_flight` is the number of batches that may be under way at once. It is 1 where a row may
    refer to an earlier row or replace it, so that the file's order is the order of arrival.
    """

    name: str
    service: Service
    columns: tuple[Column, ...]
    in_flight: int = 1

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


_FORMS: dict[str, Form] = {
    "": "text",
    "integer": "integer",
    "date": "date",
    "instant": "instant",
    "boolean": "boolean",
}


def _columns(text: str) -> tuple[Column, ...]:
    """Columns from the contract's shorthand: `name:form`, a trailing `?` marks optional."""
    columns = []
    for word in text.split():
        name, _, form = word.rstrip("?").partition(":")
        columns.append(Column(name, _FORMS[form], required=not word.endswith("?")))
    return tuple(columns)


KINDS: tuple[Kind, ...] = (
    Kind(
        "institutions",
        "customer",
        _columns("code name currency time_zone as_of:date union_code?"),
    ),
    Kind("products", "customer", _columns("code name line on_offer:boolean")),
    Kind("branches", "customer", _columns("code name parent_code? kind")),
    Kind("staff", "customer", _columns("number name branch_code role")),
    Kind(
        "customers",
        "customer",
        _columns(
            "number kind name id_type? id_number? born_on:date? sex? phone? email? address? "
            "branch_code manager_number? since:date"
        ),
    ),
    Kind("groups", "customer", _columns("code kind name parent_code?")),
    Kind(
        "group_members",
        "customer",
        _columns("group_code customer_number role since:date until:date?"),
    ),
    Kind(
        "accounts",
        "customer",
        _columns(
            "number product_code currency branch_code opened_on:date closed_on:date? "
            "matures_on:date?"
        ),
    ),
    Kind("account_holders", "customer", _columns("account_number customer_number role")),
    Kind(
        "cards",
        "customer",
        _columns("reference account_number customer_number kind issued_on:date"),
    ),
    Kind(
        "consents",
        "customer",
        _columns("customer_number purpose channel given_on:date withdrawn_on:date?"),
    ),
    Kind("scheme", "scoring", ()),
    Kind(
        "rates",
        "scoring",
        _columns("product_code rate_kind effective_from:date rate_ppm:integer"),
    ),
    Kind("fx_rates", "scoring", _columns("currency day:date rate")),
    Kind(
        "account_rates",
        "scoring",
        _columns("account_number effective_from:date rate_ppm:integer"),
    ),
    Kind(
        "loans",
        "scoring",
        _columns(
            "account_number settlement_account_number? principal_minor:integer granted_on:date "
            "term_months:integer instalment_minor:integer grade balance_basis"
        ),
    ),
    Kind(
        "postings",
        "scoring",
        _columns(
            "id account_number amount_minor:integer currency value_date:date booked_at:instant "
            "channel kind purpose? counterparty?"
        ),
        in_flight=2,
    ),
    Kind(
        "general_ledger",
        "scoring",
        _columns(
            "gl_account name month:date measure currency amount_minor:integer line? "
            "product_code? branch_code?"
        ),
    ),
)
"""Every kind, in the order in which they are loaded."""

KIND_BY_NAME = {kind.name: kind for kind in KINDS}
FILE_KINDS = tuple(kind for kind in KINDS if kind.name != "scheme")
