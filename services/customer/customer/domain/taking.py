"""Records taken one after another: what changes, what was known already, what is refused."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from kit.problem import Problem

Key = TypeVar("Key")
Value = TypeVar("Value")
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Known(Generic[Value]):
    """A value and how often it has changed, beginning with 1."""

    value: Value
    version: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that cannot be taken, and why."""

    line: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the lines of one request; every line is counted once."""

    accepted: int
    unchanged: int
    refused: Sequence[Refused]


@dataclass(frozen=True, slots=True)
class Taken(Generic[Key, Value]):
    """The outcome, and every value that is another one afterwards, with its new version."""

    changed: dict[Key, Known[Value]]
    outcome: Outcome


def take(
    known: Mapping[Key, Known[Value]],
    told: Iterable[tuple[int, Told]],
    key: Callable[[Told], Key],
    fit: Callable[[Mapping[Key, Value], Told], Value],
) -> Taken[Key, Value]:
    """Go through `told` in its order; `fit` makes the new value from all values so far or refuses.

    Several lines may change one value: it counts as one change, to where the last line left it.
    """
    values = {name: one.value for name, one in known.items()}
    touched: dict[Key, None] = {}
    refused: list[Refused] = []
    accepted = unchanged = 0
    for line, record in told:
        try:
            value = fit(values, record)
        except Problem as problem:
            refused.append(Refused(line, problem))
            continue
        name = key(record)
        if values.get(name) == value:
            unchanged += 1
            continue
        accepted += 1
        values[name] = value
        touched[name] = None
    changed = {}
    for name in touched:
        before = known.get(name)
        if before is None or before.value != values[name]:
            changed[name] = Known(values[name], before.version + 1 if before else 1)
    return Taken(changed, Outcome(accepted, unchanged, refused))
