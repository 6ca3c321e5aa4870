"""Rows as PostgreSQL keeps them, by what they are about. Only `store` imports this package."""

from scoring.tables import (
    holdings,
    knowledge,
    ledger,
    organisation,
    postings,
    prices,
    results,
    shadow,
    tiers,
)
from scoring.tables.base import METADATA

__all__ = [
    "METADATA",
    "holdings",
    "knowledge",
    "ledger",
    "organisation",
    "postings",
    "prices",
    "results",
    "shadow",
    "tiers",
]
