"""Everything that may differ between two deployments of this service."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, PostgresDsn
from pydantic_settings import BaseSettings, SettingsConfigDict

from customer.domain.masks import MaskRule, Masks, MaskSet
from customer.domain.personal import Allowance, Personal

_Count = Annotated[int, Field(ge=1)]


class Place(BaseSettings):
    """Where the database is and where to listen; all that a migration needs."""

    model_config = SettingsConfigDict(env_prefix="CUSTOMER_", frozen=True)

    database_url: PostgresDsn
    host: str = "127.0.0.1"
    port: int = 9101


class KeyedPlace(Place):
    """Where the master keys are, too: without them personal values can be neither read nor kept."""

    master_key_file: Path


class Settings(KeyedPlace):
    """Read once, at start-up, from `CUSTOMER_*`; tokens are checked against `jwks_file`."""

    jwks_file: Path
    issuer: str
    gateway_jwks_file: Path
    audit_heads: Path | None = None
    personal_file: Path = Path(__file__).with_name("personal.yaml")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Masks(_Section):
    sets: Mapping[str, MaskSet]
    rules: Sequence[MaskRule]


class _Verification(_Section):
    minutes: _Count


class _Lists(_Section):
    freely: _Count


class _Personal(_Section):
    masks: _Masks
    reveals: Allowance
    verification: _Verification
    lists: _Lists


def personal(file: Path) -> Personal:
    """Read what the bank decided about personal data; `ValueError` says what is wrong with it."""
    told = _Personal.model_validate(yaml.safe_load(file.read_text()))
    return Personal(
        masks=Masks(sets=told.masks.sets, rules=told.masks.rules),
        reveals=told.reveals,
        verified_for=timedelta(minutes=told.verification.minutes),
        listed_freely=told.lists.freely,
    )
