"""The rule packs that come with the service."""

from functools import cache
from importlib.resources import files

import yaml

from scoring.domain.packs import Packs

_FOLDER = files("scoring") / "packs"


@cache
def packs() -> Packs:
    """Return every pack's `tiers` by its name."""
    return {
        one.name.removesuffix(".yaml"): yaml.safe_load(one.read_text(encoding="utf-8"))
        for one in _FOLDER.iterdir()
        if one.name.endswith(".yaml")
    }
