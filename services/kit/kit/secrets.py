"""What must never be kept, wherever text is free: what proves who one is, and cards' numbers.

JR/T 0171 calls the first class C3: passwords, PINs, verification values, what a magnetic stripe
holds, templates of faces, fingers and voices. Text that seems to hold such a thing is refused. A
card's number is C2: it says whom to pay, so where business says that it is kept masked.
"""

import re
from types import MappingProxyType

from kit.problem import CardNumberRefused, SecretRefused

SUSPECT = (
    r"[0-9]([ -]?[0-9]){12}|[A-Za-z0-9+/]{64}"
    r"|密码|口令|密碼|安全码|验证码|校验码|指纹|人脸|虹膜|声纹"
    r"|(?i:cv[vcn]|passw|passc|pwd|\bpin\b|data:image|(finger|face|voice)print)"
)
"""A plain pattern, for engines that know no more, of all that `secret` looks at more closely."""

_SUSPECT = re.compile(SUSPECT)
_DIGITS = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")
_CARD = re.compile(  # who issues cards numbers them so, in so many digits
    r"4([0-9]{12}|[0-9]{15}|[0-9]{18})|3[47][0-9]{13}|3[0689][0-9]{12}"
    r"|(5[0-9]|35|6[0-9]|81|9[0-9])[0-9]{14,17}|2[2-7][0-9]{14}"
)
_SECRET = re.compile(
    r"[Bb][0-9]{13,19}\^|;[0-9]{13,19}="  # a magnetic stripe's two tracks
    r"|\bcv[vcn]2?\b\W{0,3}[0-9]{3,4}\b|(?:安全码|验证码|校验码)\D{0,4}[0-9]{3,8}"
    r"|\b(?:password|passwd|passcode|pwd|pin)\b\s*(?:is\b|[:=\uff1a])\s*\S"
    r"|(?:密码|口令|密碼)\s*(?:是|为|[:=\uff1a])?\s*[!-~]{4}"
    r"|data:image/|(?:指纹|人脸|虹膜|声纹|fingerprint|faceprint|voiceprint)\W{0,3}[A-Za-z0-9+/=]{24}"
    r"|[A-Za-z0-9+/]{64}",
    re.IGNORECASE,
)
CARD_NUMBER, SECRET = "card_number_refused", "secret_refused"
WHY = MappingProxyType(
    {
        CARD_NUMBER: "seems to hold the number of a card, which is never kept; leave it out",
        SECRET: "seems to hold a password, a code or what else proves who one is, which is never "
        "kept; leave it out",
    }
)
"""What is said of a text that is refused."""
_SHOWN_FIRST, _SHOWN_LAST = 6, 4


def secret(text: str) -> str | None:
    """Return which kind of thing a text seems to hold that must not be kept; mostly None."""
    if not _SUSPECT.search(text):
        return None
    if _SECRET.search(text):
        return SECRET
    runs = (_digits(found) for found in _DIGITS.finditer(text))
    return CARD_NUMBER if any(_is_card(one) for one in runs) else None


def refuse(name: str, text: str) -> None:
    """Refuse a text that would be kept and must not be; the message does not quote it."""
    found = secret(text)
    if found == CARD_NUMBER:
        raise CardNumberRefused(f"{name} {WHY[found]}.")
    if found == SECRET:
        raise SecretRefused(f"{name} {WHY[found]}.")


def kept(text: str) -> str | None:
    """Return a text as it may be kept where business says whom it pays; None where it may not be.

    Of a card's number the first six digits stay, which say who issued it, and the last four.
    """
    found = secret(text)
    if found == SECRET:
        return None
    return _DIGITS.sub(_masked, text) if found else text


def _masked(found: re.Match[str]) -> str:
    digits = _digits(found)
    if not _is_card(digits):
        return found[0]
    hidden = range(_SHOWN_FIRST, len(digits) - _SHOWN_LAST)
    places = (place for place, letter in enumerate(found[0]) if letter.isdigit())
    stars = {place for n, place in enumerate(places) if n in hidden}
    return "".join("*" if place in stars else letter for place, letter in enumerate(found[0]))


def _digits(found: re.Match[str]) -> str:
    return found[0].replace(" ", "").replace("-", "")


def _is_card(digits: str) -> bool:
    return bool(_CARD.fullmatch(digits)) and luhn(digits)


def luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of ISO/IEC 7812-1."""
    doubled = (int(digit) * (1 + i % 2) for i, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
