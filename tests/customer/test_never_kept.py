"""Numbers of cards and whatever proves who one is have no way in."""

import pytest

from tests.customer.records import STAFF, a_customer
from tests.customer.test_ingest import rejected

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("kind", "values", "code"),
    [
        ("customers", {"name": "张小龙 6222021234567890128"}, "CARD_NUMBER_REFUSED"),
        ("customers", {"address": "Lifu 1, card 4111 1111 1111 1111"}, "CARD_NUMBER_REFUSED"),
        ("customers", {"address": "Lifu 1, PIN: 1234"}, "SECRET_REFUSED"),
        ("customers", {"name": "密码 888888"}, "SECRET_REFUSED"),
        ("groups", {"name": "pwd=hunter2"}, "SECRET_REFUSED"),
        ("staff", {"name": "cvv 123"}, "SECRET_REFUSED"),
    ],
)
async def test_what_must_never_be_kept_is_refused_wherever_text_is_free(
    organised, kind, values, code
):
    record = {
        "customers": a_customer(), "groups": {"code": "G", "kind": "household", "name": "x"},
        "staff": STAFF[0],
    }[kind]  # fmt: skip
    found, reason = await rejected(organised, kind, record | values)
    assert found == code
    assert next(iter(values.values())) not in reason
    assert "never kept" in reason
