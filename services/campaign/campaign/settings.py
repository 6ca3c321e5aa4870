"""Everything that may differ between two deployments of this service."""

from pathlib import Path

from pydantic import PostgresDsn
from pydantic_settings import BaseSettings, SettingsConfigDict


class Place(BaseSettings):
    """Where the database is and where to listen; all that a migration needs."""

    model_config = SettingsConfigDict(env_prefix="CAMPAIGN_", frozen=True)

    database_url: PostgresDsn
    host: str = "127.0.0.1"
    port: int = 9103


class Settings(Place):
    """Read once, at start-up, from `CAMPAIGN_*`.

    `feeds` maps each producer to its base URL; `token_file` holds the token to pull them with.
    """

    jwks_file: Path
    issuer: str
    gateway_jwks_file: Path
    audit_heads: Path | None = None
    token_file: Path
    feeds: dict[str, str]
