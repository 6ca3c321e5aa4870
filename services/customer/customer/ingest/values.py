"""What a single value of a record must look like; reasons never quote a value."""

import re
from datetime import date
from functools import lru_cache
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from kit.intake import NoSecrets
from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from customer.domain.identifiers import normal_id_number, normal_phone

_CODE = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}")
_INSTITUTION = re.compile(r"[A-Za-z0-9_-]{1,32}")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]{1,200}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PHONE = re.compile(r"\+?[0-9]{3,20}")
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,185}\.[^@\s.]{2,63}")


def _invalid(what: str) -> PydanticCustomError:
    return PydanticCustomError("invalid", "{what}", {"what": what})


def _shape(pattern: re.Pattern[str], what: str) -> AfterValidator:
    def check(value: str) -> str:
        if not value:
            raise _invalid("is required; fill it in")
        if not pattern.fullmatch(value):
            raise _invalid(what)
        return value

    return AfterValidator(check)


def _day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise _invalid("must be a day written YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _invalid("is a day that does not exist; correct it") from None


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value not in ("true", "false"):
        raise _invalid("must be true or false")
    return value == "true"


@lru_cache(maxsize=1024)
def _time_zone(value: str) -> str:
    try:
        return ZoneInfo(value).key
    except (OSError, ValueError, KeyError):
        raise _invalid("must be a time zone such as Asia/Shanghai") from None


def _phone(value: str) -> str:
    found = normal_phone(value)
    if not _PHONE.fullmatch(found):
        raise _invalid("must be one phone number of 3 to 20 digits, with + before a country code")
    return found


Code: TypeAlias = Annotated[
    str, _shape(_CODE, "must have 1 to 64 characters, none of them a space")
]
InstitutionCode: TypeAlias = Annotated[
    str, _shape(_INSTITUTION, "must have 1 to 32 letters, digits, _ or -")
]
Word: TypeAlias = Annotated[
    str, _shape(_WORD, "must be a word in snake_case of at most 32 characters")
]
Text: TypeAlias = Annotated[
    str,
    _shape(_LINE, "must have 1 to 200 characters on one line, no control characters"),
    NoSecrets,
]
Reference: TypeAlias = Annotated[Code, NoSecrets]
IdNumber: TypeAlias = Annotated[
    str,
    AfterValidator(normal_id_number),
    _shape(_CODE, "must have 1 to 64 characters besides separators"),
]
Phone: TypeAlias = Annotated[str, AfterValidator(_phone)]
Email: TypeAlias = Annotated[str, _shape(_EMAIL, "must be one address such as name@example.com")]
TimeZone: TypeAlias = Annotated[str, AfterValidator(_time_zone)]
Day: TypeAlias = Annotated[date, BeforeValidator(_day)]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag)]
