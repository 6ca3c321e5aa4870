"""Everything that may differ between two deployments of this service."""

from pathlib import Path

from pydantic import PostgresDsn
from pydantic_settings import BaseSettings, SettingsConfigDict


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
