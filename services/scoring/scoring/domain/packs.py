"""Spells a scheme's tiers out where its document names a rule pack."""

from collections.abc import Mapping
from typing import Any

from scoring.domain.reading import Unreadable

Packs = Mapping[str, Mapping[str, Any]]


def spelled_out(document: Mapping[str, Any], packs: Packs) -> Mapping[str, Any]:
    """Return the document with every field of its pack that it does not give itself.

    The name stays and says where the rules came from. What is stored is spelled out, so that a
    scheme means the same for ever, whatever becomes of the pack.
    """
    tiers = document.get("tiers")
    if not isinstance(tiers, Mapping) or tiers.get("pack") is None:
        return document
    name = tiers["pack"]
    if not isinstance(name, str) or name not in packs:
        raise Unreadable(f"tiers.pack: must be one of {', '.join(sorted(packs))}")
    return {**document, "tiers": {**packs[name], **tiers}}
