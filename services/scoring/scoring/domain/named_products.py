"""Products that a scheme's document names and the institution does not have."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from scoring.domain.reading import Finding

_MAPPINGS = (
    ("products",),
    ("transfer", "products"),
    ("cost_to_serve", "balance_ppm"),
    ("capital", "weights", "products"),
    ("points", "per_10000"),
)
"""Where a document that could be read maps products' codes to something."""


def unknown_products(document: Mapping[str, Any], known: Collection[str]) -> list[Finding]:
    """Return a finding for each place that names a product which is not `known`."""
    return [
        Finding(path, f"there is no product '{code}' in this institution")
        for path, code in _named(document)
        if code not in known
    ]


def _named(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for places in _MAPPINGS:
        inside: Any = document
        for place in places:
            inside = inside.get(place) or {}
        for code in inside:
            yield ".".join((*places, code)), code
    tax = document.get("tax") or {}
    for number, entry in enumerate(tax.get("turnover") or ()):
        if entry.get("product") is not None:
            yield f"tax.turnover.{number}.product", entry["product"].strip()
