"""Reads a document of plain values field by field; what is wrong is named by its path."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class Unreadable(ValueError):  # noqa: N818  (it says what the document is)
    """The document does not say what it must; the message begins with the path."""


def _no(path: str, what: str) -> Unreadable:
    return Unreadable(f"{path}: {what}" if path else what)


@dataclass(slots=True)
class Fields:
    """The fields of one mapping in a document; `close` refuses those nobody asked for."""

    of: Mapping[str, Any]
    path: str
    asked: set[str] = field(default_factory=set)

    @classmethod
    def at(cls, value: object, path: str) -> "Fields":
        """Take `value` as a mapping of names."""
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise _no(path, "must be a mapping")
        return cls(value, path)

    def under(self, name: str) -> str:
        """Return the path of the field `name`."""
        return f"{self.path}.{name}" if self.path else name

    def has(self, name: str) -> bool:
        """Tell whether an optional field is there."""
        self.asked.add(name)
        return self.of.get(name) is not None

    def value(self, name: str) -> object:
        """Return a field that must be there."""
        if not self.has(name):
            raise _no(self.under(name), "is missing")
        return self.of[name]

    def whole(self, name: str, least: int, most: int) -> int:
        """Return an integer from `least` through `most`."""
        value = self.value(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _no(self.under(name), "must be a whole number")
        if not least <= value <= most:
            raise _no(self.under(name), f"must be from {least} to {most}")
        return value

    def text(self, name: str, most: int = 100) -> str:
        """Return a text that is not empty."""
        value = self.value(name)
        if not isinstance(value, str) or not 1 <= len(value.strip()) <= most:
            raise _no(self.under(name), f"must be a text of 1 to {most} characters")
        if not value.isprintable():
            raise _no(self.under(name), "must have printable characters only")
        return value.strip()

    def day(self, name: str) -> date:
        """Return a date, given as one or as ISO text."""
        value = self.value(name)
        if type(value) is date:
            return value
        try:
            return date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            raise _no(self.under(name), "must be a date like 2024-01-01") from None

    def one_of(self, name: str, words: type[E]) -> E:
        """Return a word from a fixed list."""
        return word(self.value(name), words, self.under(name))

    def fields(self, name: str) -> "Fields":
        """Return a mapping inside this one."""
        return Fields.at(self.value(name), self.under(name))

    def each(self, name: str, read: Callable[["Fields"], T]) -> tuple[T, ...]:
        """Return what `read` makes of each mapping in a list."""
        value = self.value(name)
        if not isinstance(value, list):
            raise _no(self.under(name), "must be a list")
        found = []
        for number, item in enumerate(value):
            inside = Fields.at(item, f"{self.under(name)}.{number}")
            found.append(read(inside))
            inside.close()
        return tuple(found)

    def by_word(self, words: type[E], least: int, most: int) -> dict[E, int]:
        """Return the whole mapping as integers by words from a fixed list."""
        return {word(key, words, self.under(key)): self.whole(key, least, most) for key in self.of}

    def refuse(self, what: str) -> Unreadable:
        """Return the error that this mapping as a whole is wrong."""
        return _no(self.path, what)

    def close(self) -> None:
        """Refuse fields that nobody asked for."""
        for name in self.of:
            if name not in self.asked:
                raise _no(self.under(name), "is not a field here")


def word(value: object, words: type[E], path: str) -> E:
    """Return `value` as one of `words`."""
    try:
        return words(str(value))
    except ValueError:
        raise _no(path, f"must be one of {', '.join(words)}") from None
