"""How ID numbers and phone numbers are compared, checked and shown."""

import re
from datetime import date

from customer.domain.problems import BadResidentId, BadUscc

_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECK = "10X98765432"
_USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_LENGTH = 18
_SEPARATORS = re.compile(r"[\s\-().]+")
_MAINLAND_MOBILE = re.compile(r"(?:\+86|0086)(1[0-9]{10})")
_PHONE_LENGTH = 8


def normal_id_number(value: str) -> str:
    """Return an ID number as it is compared: no separators, capital letters."""
    return _SEPARATORS.sub("", value).upper()


def normal_phone(value: str) -> str:
    """Return a phone number as it is compared: digits, and a plus before a country's code.

    The country code of a mainland mobile number is dropped, so that both ways of writing meet.
    """
    bare = _SEPARATORS.sub("", value)
    mobile = _MAINLAND_MOBILE.fullmatch(bare)
    if mobile:
        return mobile[1]
    return f"+{bare[2:]}" if bare.startswith("00") else bare


def check_resident_id(number: str) -> None:
    """Refuse what is no citizen number of GB 11643-1999: form, day of birth, ISO 7064 mod 11-2."""
    if not _RESIDENT.fullmatch(number):
        raise BadResidentId("it needs 17 digits and a check character (0 to 9 or X)")
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise BadResidentId("its digits 7 to 14 are not a day") from None
    total = sum(
        int(digit) * weight for digit, weight in zip(number, _RESIDENT_WEIGHTS, strict=False)
    )
    if _RESIDENT_CHECK[total % 11] != number[17]:
        raise BadResidentId("its check character does not fit")


def check_uscc(code: str) -> None:
    """Refuse what is no unified social credit code of GB 32100-2015: form, mod 31 with 3^i."""
    if len(code) != _USCC_LENGTH or any(digit not in _USCC_DIGITS for digit in code):
        raise BadUscc("it needs 18 characters of 0-9 and A-Z without I, O, S, V, Z")
    total = sum(_USCC_DIGITS.index(digit) * pow(3, i, 31) for i, digit in enumerate(code[:17]))
    if (total + _USCC_DIGITS.index(code[17])) % 31:
        raise BadUscc("its check character does not fit")


def masked_phone(phone: str) -> str:
    """Show the first three and the last four digits, of a short number the last two."""
    if len(phone) < _PHONE_LENGTH:
        return f"****{phone[-2:]}"
    return f"{phone[:3]}****{phone[-4:]}"


def masked_id_number(number: str) -> str:
    """Show the first and the last character and the length; of two or fewer nothing."""
    return f"{number[0]}{'*' * (len(number) - 2)}{number[-1]}" if len(number) > 2 else "**"  # noqa: PLR2004  (first and last)


def masked_email(email: str) -> str:
    """Show the first character and the domain."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}***@{domain}"
