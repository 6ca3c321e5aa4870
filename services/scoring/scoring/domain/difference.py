"""What differs between two documents, path by path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One place with what is there before and after; None where nothing is."""

    path: str
    before: str | int | bool | None
    after: str | int | bool | None


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return every place whose value differs, by path; a list's items are told by their place."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    return [
        Difference(".".join(str(part) for part in path), old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys(), key=_order)
        if old.get(path) != new.get(path)
    ]


Path = tuple[str | int, ...]


def _order(path: Path) -> list[tuple[int, str]]:
    return [(part, "") if isinstance(part, int) else (-1, part) for part in path]


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401  (whatever a document holds)
    if isinstance(value, Mapping):
        for key, inside in value.items():
            yield from _leaves(inside, (*path, key))
    elif isinstance(value, list):
        for number, inside in enumerate(value):
            yield from _leaves(inside, (*path, number))
    elif value is not None:
        yield path, value
