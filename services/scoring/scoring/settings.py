"""Everything that may differ between two deployments of this service."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, PostgresDsn
from pydantic_settings import BaseSettings, SettingsConfigDict


class Place(BaseSettings):
    """Where the database is and where to listen; all that a migration needs."""

    model_config = SettingsConfigDict(env_prefix="SCORING_", frozen=True)

    database_url: PostgresDsn
    host: str = "127.0.0.1"
    port: int = 9102


class KeptPlace(Place):
    """Where closed months go, too; without a folder all postings stay in the database.

    `open_months` counts the business month.
    """

    archive_dir: Path | None = None
    open_months: Annotated[int, Field(ge=1)] = 3


class Settings(KeptPlace):
    """Read once, at start-up, from `SCORING_*`; `feeds` are base URLs by producer."""

    jwks_file: Path
    issuer: str
    gateway_jwks_file: Path
    audit_heads: Path | None = None
    token_file: Path
    feeds: dict[str, str] = {}
