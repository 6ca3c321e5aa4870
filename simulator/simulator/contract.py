"""The kinds and columns of the bank extract contract, as this writer makes them."""

import pyarrow as pa

CONTRACT = "sheaf-bank-extract/1"
MANIFEST = "extract.json"
BOOKED = pa.timestamp("s", tz="+08:00")
_FORMS = {"": pa.string(), "day": pa.date32(), "int": pa.int64(), "flag": pa.bool_(), "at": BOOKED}
_COLUMNS = {
    "institutions": "code name currency time_zone as_of:day union_code",
    "products": "code name line on_offer:flag",
    "branches": "code name parent_code kind",
    "staff": "number name branch_code role",
    "customers": (
        "number kind name id_type id_number born_on:day sex phone email address branch_code "
        "manager_number since:day"
    ),
    "groups": "code kind name parent_code",
    "group_members": "group_code customer_number role since:day until:day",
    "accounts": "number product_code currency branch_code opened_on:day closed_on:day",
    "account_holders": "account_number customer_number role",
    "cards": "reference account_number customer_number kind issued_on:day",
    "consents": "customer_number purpose channel given_on:day withdrawn_on:day",
    "rates": "product_code rate_kind effective_from:day rate_ppm:int",
    "loans": (
        "account_number settlement_account_number principal_minor:int granted_on:day "
        "term_months:int instalment_minor:int grade balance_basis"
    ),
    "postings": (
        "id account_number amount_minor:int currency value_date:day booked_at:at channel kind "
        "purpose counterparty"
    ),
    "general_ledger": (
        "gl_account name month:day measure currency amount_minor:int line product_code branch_code"
    ),
}


def _schema(columns: str) -> pa.Schema:
    fields = [column.partition(":") for column in columns.split()]
    return pa.schema([(name, _FORMS[form]) for name, _, form in fields])


SCHEMAS = {kind: _schema(columns) for kind, columns in _COLUMNS.items()}
KINDS = tuple(SCHEMAS)
