"""Amounts as people write them, turned into the whole minor units that events carry."""

import re
from decimal import Decimal

_WRITTEN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_DIGITS = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def minor(written: str, currency: str) -> int:
    """Return a decimal string in minor units (ISO 4217 digits; 2 where the list says nothing).

    Raises `ValueError`, with a reason fit to show, for what is no exact amount of `currency`.
    """
    if not _WRITTEN.fullmatch(written):
        raise ValueError("write an amount as a decimal such as '1500.00'")
    digits = _DIGITS.get(currency, 2)
    amount = Decimal(written).scaleb(digits)
    if amount != amount.to_integral_value():
        raise ValueError(f"{currency} has {digits} decimal places")
    return int(amount)
