"""Batches of pairs: a thing, and the period or day that it is asked for."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from kit.problem import Problem

Key = TypeVar("Key")
Value = TypeVar("Value")
Second = TypeVar("Second")
Asked = ParamSpec("Asked")


def by_second(
    load: Callable[[list[Key], Second], Awaitable[list[Value]]],
) -> Callable[[list[tuple[Key, Second]]], Awaitable[list[Value]]]:
    """Load pairs by groups of equal second parts: one batch for each period or day asked for."""

    async def grouped(keys: list[tuple[Key, Second]]) -> list[Value]:
        groups: dict[Second, list[Key]] = {}
        for first, second in keys:
            groups.setdefault(second, []).append(first)
        found: dict[tuple[Key, Second], Value] = {}
        for second, firsts in groups.items():
            loaded = await load(firsts, second)
            found |= dict(zip(((first, second) for first in firsts), loaded, strict=True))
        return [found[key] for key in keys]

    return grouped


def or_refusal(
    work: Callable[Asked, Value], *args: Asked.args, **kwargs: Asked.kwargs
) -> Value | Problem:
    """Return what comes of `work`, or the refusal that stands in its place among the batch."""
    try:
        return work(*args, **kwargs)
    except Problem as refusal:
        return refusal
