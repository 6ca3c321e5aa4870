"""What must never be kept, wherever text is free: numbers of cards, and what proves who one is.

JR/T 0171 calls it class C3: passwords, PINs, verification values, what a magnetic stripe holds,
templates of faces, fingers and voices. A line that seems to hold such a thing is refused whole.
"""

import re

SUSPECT = (
    r"[0-9]([ -]?[0-9]){12}|[A-Za-z0-9+/]{64}"
    r"|密码|口令|密碼|安全码|验证码|校验码|指纹|人脸|虹膜|声纹"
    r"|(?i:cv[vcn]|passw|passc|pwd|\bpin\b|data:image|(finger|face|voice)print)"
)
"""A plain pattern, for engines that know no more, of all that `secret` looks at more closely."""

_SUSPECT = re.compile(SUSPECT)
_CARD = re.compile(r"(?<![0-9])[34568-9](?:[ -]?[0-9]){12,18}(?![0-9])")
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


def secret(text: str) -> str | None:
    """Return which kind of thing a text seems to hold that must not be kept; mostly None."""
    if not _SUSPECT.search(text):
        return None
    if _SECRET.search(text):
        return SECRET
    if any(luhn(re.sub("[ -]", "", found[0])) for found in _CARD.finditer(text)):
        return CARD_NUMBER
    return None


def luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of ISO/IEC 7812-1."""
    doubled = (int(digit) * (1 + i % 2) for i, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
