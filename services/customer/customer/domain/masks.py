"""How much of a person's data is shown to whom: patterns by field, sets of them, who gets which."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from customer.domain.customer import Customer
from customer.domain.identifiers import masked_email, masked_id_number, masked_phone
from customer.domain.vocabulary import CustomerKind

_FAMILIES = """
欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫
宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 令狐 呼延
"""
_TWO_CHARACTER_FAMILIES = frozenset(_FAMILIES.split())
_DISTRICT = re.compile(r".{1,30}?(?:自治县|自治旗|[区县旗])(?=.)|.{1,15}?[市州盟](?=.)")
_DOUBLE = 2


def masked_name(name: str) -> str:
    """Show the family name: its first character, or two of a family name that has two."""
    length = _DOUBLE if name[:_DOUBLE] in _TWO_CHARACTER_FAMILIES and len(name) > _DOUBLE else 1
    return f"{name[:length]}*"


def masked_address(address: str) -> str:
    """Show an address down to its district or county, or its city; of others nothing."""
    found = _DISTRICT.match(address)
    return f"{found[0]}***" if found else "***"


def _clear(value: str) -> str:
    return value


def _hidden(_: str) -> str:
    return "***"


PATTERNS: Mapping[str, Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "name": {"clear": _clear, "family": masked_name},
        "id_number": {"clear": _clear, "ends": masked_id_number, "hidden": _hidden},
        "phone": {"clear": _clear, "ends": masked_phone, "hidden": _hidden},
        "email": {"clear": _clear, "first": masked_email, "hidden": _hidden},
        "address": {"clear": _clear, "district": masked_address, "hidden": _hidden},
        "born_on": {"clear": _clear, "hidden": _hidden},
    }
)
"""Every way in which a field may be shown, by the name that the configuration has for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskSet:
    """How each field is shown, by the name of its pattern."""

    name: str
    id_number: str
    phone: str
    email: str
    address: str
    born_on: str

    def __post_init__(self) -> None:
        for field, known in PATTERNS.items():
            if getattr(self, field) not in known:
                raise ValueError(f"{field} is shown as one of {', '.join(known)}")

    def shown(self, customer: Customer) -> Customer:
        """Return the customer as it may leave the service. An enterprise's name is public."""
        name, born_on = customer.name, customer.born_on
        if customer.kind is CustomerKind.INDIVIDUAL:
            name = PATTERNS["name"][self.name](name) if name else name
            born_on = self._birth(born_on)
        return replace(
            customer,
            name=name,
            born_on=born_on,
            id_number=self._text("id_number", customer.id_number),
            phone=self._text("phone", customer.phone),
            email=self._text("email", customer.email),
            address=self._text("address", customer.address),
        )

    def _text(self, field: str, value: str | None) -> str | None:
        return PATTERNS[field][getattr(self, field)](value) if value else None

    def _birth(self, born_on: date | None) -> date | None:
        return born_on if self.born_on == "clear" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a caller stands to one customer."""

    verified: bool = False
    """The customer proved to be the one who is speaking."""
    own: bool = False
    """The caller is the customer's manager."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRule:
    """Who gets a set; what is None is not asked for."""

    set: str
    roles: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    verified: bool | None = None
    own: bool | None = None

    def fits(self, role: str, channel: str, standing: Standing) -> bool:
        """Tell whether all that the rule asks for is so."""
        return (
            (self.roles is None or role in self.roles)
            and (self.channels is None or channel in self.channels)
            and (self.verified is None or self.verified is standing.verified)
            and (self.own is None or self.own is standing.own)
        )

    @property
    def fits_everybody(self) -> bool:
        """Whether the rule names a set and asks for nothing."""
        return self == MaskRule(set=self.set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Masks:
    """Sets by name, and rules of which the first that fits decides; the last one fits everybody."""

    sets: Mapping[str, MaskSet]
    rules: Sequence[MaskRule]

    def __post_init__(self) -> None:
        unknown = sorted({one.set for one in self.rules} - self.sets.keys())
        if unknown:
            raise ValueError(f"no set is called {', '.join(unknown)}")
        if not self.rules or not self.rules[-1].fits_everybody:
            raise ValueError("the last rule must fit everybody: it names a set and nothing else")

    def of(self, role: str, channel: str, standing: Standing) -> MaskSet:
        """Return how such a caller sees a customer."""
        fitting = (one for one in self.rules if one.fits(role, channel, standing))
        return self.sets[next(fitting).set]

    def ask_whether_verified(self, role: str, channel: str) -> bool:
        """Tell whether it matters to such a caller that a customer proved who they are."""
        return any(
            self.of(role, channel, Standing(verified=True, own=own))
            != self.of(role, channel, Standing(verified=False, own=own))
            for own in (False, True)
        )
