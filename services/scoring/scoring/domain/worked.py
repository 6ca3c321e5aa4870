"""A formula with its numbers put in, so that it can be worked through by hand.

Inputs whose name has a prefix (`pos.items`, `1-14.balance_days`) come in groups, and `sum of` in a
formula goes over them: the summand is written once for each group that has its first name.
"""

import re
from collections.abc import Mapping, Sequence

from scoring.domain.holders import whole_of
from scoring.domain.leaf import Input, Leaf

_NAME = re.compile(r"[a-z][a-z_]+")
_SUM = "sum of "
Values = Mapping[str, str]


def worked(leaf: Leaf) -> str:
    """Return the leaf's formula in numbers, with what it comes to in minor units, rounded once.

    Of a leaf that is shared, the whole is worked through.
    """
    amount, text, inputs = whole_of(leaf)
    whole, groups = _by_group(inputs)
    while (start := text.find(_SUM)) >= 0:
        end = _end(text, start + len(_SUM))
        terms = _terms(text[start + len(_SUM) : end], whole, groups)
        enclosed = text[start - 1 : start] == "(" and text[end : end + 1] == ")"
        several = len(terms) > 1 and not enclosed
        found = " + ".join(terms)
        text = f"{text[:start]}{f'({found})' if several else found}{text[end:]}"
    return f"{_put_in(text, whole)} = {amount}"


def _by_group(inputs: Sequence[Input]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    whole: dict[str, str] = {}
    groups: dict[str, dict[str, str]] = {}
    for one in inputs:
        group, _, name = one.name.rpartition(".")
        into = groups.setdefault(group, {}) if group else whole
        into[name] = f"({one.value})" if str(one.value).startswith("-") else str(one.value)
    return whole, groups


def _end(text: str, start: int) -> int:
    """Return where a summand ends: at what closes around it, or where its sum is divided."""
    depth = 0
    for place in range(start, len(text)):
        if text[place] == "(":
            depth += 1
        elif not depth and (text[place] in "),/"):
            return place - 1 if text[place] == "/" else place
        elif text[place] == ")":
            depth -= 1
    return len(text)


def _terms(summand: str, whole: Values, groups: Mapping[str, Values]) -> list[str]:
    first = next(iter(_NAME.findall(summand)))
    found = [_put_in(summand, {**whole, **group}) for group in groups.values() if first in group]
    return found or [_put_in(summand, whole)] if first in whole or found else ["0"]


def _put_in(text: str, values: Values) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[0]
        ending = next((v for n, v in values.items() if n.endswith(f"_{name}")), name)
        return values.get(name, ending)

    return _NAME.sub(value, text)
