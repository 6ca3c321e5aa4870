"""Everything that may differ between two deployments of this service."""

from pathlib import Path

from pydantic import PostgresDsn
from pydantic_settings import BaseSettings, SettingsConfigDict


class Place(BaseSettings):
    """Where the database is and where to listen; all that a migration needs."""

    model_config = SettingsConfigDict(env_prefix="SCORING_", frozen=True)

    database_url: PostgresDsn
    host: str = "127.0.0.1"
    port: int = 9102


class Settings(Place):
    """Read once, at start-up, from `SCORING_*`; `feeds` are base URLs by producer."""

    jwks_file: Path
    issuer: str
    audience: str = "sheaf"
    token_file: Path
    feeds: dict[str, str] = {}
