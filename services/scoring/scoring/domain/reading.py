"""Reads a document of plain values field by field; everything that is wrong is named by its path.

A wrong value is noted and something harmless is read in its place, so that one reading finds all;
what was read counts only once `Findings.settle` raised nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")
_SOME_DAY = date(2000, 1, 1)
_MOST_FINDINGS = 50
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}$")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where; the path of the whole document is empty."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class Unreadable(ValueError):  # noqa: N818  (it says what the document is)
    """The document does not say what it must; the message names each path with its reason.

    A finding may be given as it is written: `path: reason`.
    """

    def __init__(self, *findings: Finding | str) -> None:
        super().__init__("; ".join(str(one) for one in findings))
        self.findings = tuple(
            Finding(*_parts(one)) if isinstance(one, str) else one for one in findings
        )


def _parts(written: str) -> tuple[str, str]:
    path, colon, reason = written.partition(": ")
    return (path, reason) if colon else ("", written)


@dataclass(slots=True)
class Findings:
    """What one reading found wrong, in the order of reading, each thing once."""

    found: list[Finding] = field(default_factory=list)

    def note(self, path: str, reason: str) -> None:
        """Note one thing; what comes after a good many tells nobody more."""
        finding = Finding(path, reason)
        if finding not in self.found and len(self.found) < _MOST_FINDINGS:
            self.found.append(finding)

    def below(self, path: str) -> bool:
        """Tell whether anything is wrong at `path` or inside it."""
        return any(not path or f"{one.path}.".startswith(f"{path}.") for one in self.found)

    def settle(self) -> None:
        """Refuse the document where anything is wrong."""
        if self.found:
            raise Unreadable(*self.found)


@dataclass(slots=True)
class Fields:
    """The fields of one mapping in a document; `close` notes those nobody asked for."""

    of: Mapping[str, Any]
    path: str
    findings: Findings
    asked: set[str] = field(default_factory=set)
    absent: bool = False

    @classmethod
    def at(cls, value: object, path: str, findings: Findings) -> "Fields":
        """Take `value` as a mapping of names."""
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return cls(value, path, findings)
        findings.note(path, "must be a mapping")
        return cls({}, path, findings, absent=True)

    def under(self, name: str) -> str:
        """Return the path of the field `name`."""
        return f"{self.path}.{name}" if self.path else name

    def has(self, name: str) -> bool:
        """Tell whether an optional field is there."""
        self.asked.add(name)
        return self.of.get(name) is not None

    def value(self, name: str) -> object:
        """Return a field that must be there; None where it is not."""
        if not self.has(name):
            self.wrong(name, "is missing")
            return None
        return self.of[name]

    def whole(self, name: str, least: int, most: int) -> int:
        """Return an integer from `least` through `most`."""
        value = self.value(name)
        if value is None:
            return least
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(name, "must be a whole number")
        elif not least <= value <= most:
            self.wrong(name, f"must be from {least} to {most}")
        else:
            return value
        return least

    def text(self, name: str, most: int = 100) -> str:
        """Return a text that is not empty."""
        value = self.value(name)
        if value is None:
            return ""
        if not isinstance(value, str) or not 1 <= len(value.strip()) <= most:
            self.wrong(name, f"must be a text of 1 to {most} characters")
        elif not value.isprintable():
            self.wrong(name, "must have printable characters only")
        else:
            return value.strip()
        return ""

    def day(self, name: str) -> date:
        """Return a date, given as one or as ISO text."""
        value = self.value(name)
        if type(value) is date:
            return value
        try:
            return date.fromisoformat(value if isinstance(value, str) and _DAY.match(value) else "")
        except ValueError:
            if value is not None:
                self.wrong(name, "must be a date like 2024-01-01")
            return _SOME_DAY

    def one_of(self, name: str, words: type[E]) -> E:
        """Return a word from a fixed list."""
        value = self.value(name)
        return next(iter(words)) if value is None else self._word(name, value, words)

    def _word(self, name: str, value: object, words: type[E]) -> E:
        try:
            return words(str(value))
        except ValueError:
            self.wrong(name, f"must be one of {', '.join(words)}")
            return next(iter(words))

    def fields(self, name: str) -> "Fields":
        """Return a mapping inside this one."""
        value = self.value(name)
        if value is None:
            return Fields({}, self.under(name), self.findings, absent=True)
        return Fields.at(value, self.under(name), self.findings)

    def each(self, name: str, read: Callable[["Fields"], T]) -> tuple[T, ...]:
        """Return what `read` makes of each mapping in a list; wrong ones are left out."""
        value = self.value(name)
        if not isinstance(value, list):
            if value is not None:
                self.wrong(name, "must be a list")
            return ()
        found = []
        for number, item in enumerate(value):
            inside = Fields.at(item, f"{self.under(name)}.{number}", self.findings)
            with inside.noting():
                one = read(inside)
                inside.close()
                if inside.sound():
                    found.append(one)
        return tuple(found)

    def by_word(self, words: type[E], least: int, most: int) -> dict[E, int]:
        """Return the whole mapping as integers by words from a fixed list."""
        return {self._word(key, key, words): self.whole(key, least, most) for key in self.of}

    def by_code(self, least: int, most: int) -> dict[str, int]:
        """Return the whole mapping as integers by the bank's own codes."""
        return {code: self.whole(code, least, most) for code in self.of}

    def each_code(self, read: Callable[["Fields"], T]) -> dict[str, T]:
        """Return what `read` makes of the mapping at each of the bank's own codes."""
        found = {}
        for code in self.of:
            inside = self.fields(code)
            with inside.noting():
                found[code] = read(inside)
                inside.close()
        return found

    def wrong(self, name: str, what: str) -> None:
        """Note that a field is wrong; of a mapping that is not there, it is noted already."""
        if not self.absent:
            self.findings.note(self.under(name), what)

    def refuse(self, what: str) -> Unreadable:
        """Return the error that this mapping as a whole is wrong."""
        return Unreadable(Finding(self.path, what))

    def sound(self, name: str | None = None) -> bool:
        """Tell whether nothing is wrong so far, in this mapping or in one of its fields."""
        return not self.absent and not self.findings.below(
            self.path if name is None else self.under(name)
        )

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note an `Unreadable` raised inside and go on behind it."""
        try:
            yield
        except Unreadable as error:
            for one in error.findings:
                self.findings.note(one.path, one.reason)

    def close(self) -> None:
        """Note fields that nobody asked for."""
        for name in self.of:
            if name not in self.asked:
                self.wrong(name, "is not a field here")
