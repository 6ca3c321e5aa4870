"""The development issuer: tokens for people at the gateway, credentials for programs."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import uuid4

import gateway
from sheaf.signing import SigningKey
from sheaf.trouble import Trouble

ISSUER = "https://issuer.sheaf.invalid"
AUDIENCE = "sheaf"
SERVICES = "sheaf-services"
PROGRAMS = ("loader", "service")
"""The roles of credentials; all others are the policy's."""


@dataclass(frozen=True)
class Caller:
    """Who a token speaks for."""

    subject: str
    role: str
    channel: str
    institution: str
    branches: tuple[str, ...] = ()
    staff_number: str | None = None
    customer_number: str | None = None

    def __post_init__(self) -> None:
        channels = _channels_by_role()
        roles = [*channels, *PROGRAMS]
        if self.role not in roles:
            known = ", ".join(roles)
            raise Trouble(f"There is no role {self.role!r}.", f"Choose one of: {known}.")
        anywhere = {one for them in channels.values() for one in them}
        if self.channel not in anywhere:
            known = ", ".join(sorted(anywhere))
            raise Trouble(f"There is no channel {self.channel!r}.", f"Choose one of: {known}.")


@cache
def _channels_by_role() -> dict[str, list[str]]:
    """Give the policy's roles, as the gateway reads them."""
    roles = json.loads(gateway.roles().read_text("utf-8"))
    return {name: role["channels"] for name, role in roles.items()}


def gateway_key(data_dir: Path) -> SigningKey:
    """Give the key that the gateway signs principals with; services get its public half."""
    secrets = data_dir / "secrets"
    return SigningKey(secrets / "gateway" / "principal.pem", secrets / "public" / "gateway.json")


class Issuer:
    """Signs tokens with the data directory's key, which it makes at first use."""

    def __init__(self, data_dir: Path) -> None:
        secrets = data_dir / "secrets"
        self._key = SigningKey(secrets / "issuer.pem", secrets / "public" / "issuer.json")

    @property
    def jwks_file(self) -> Path:
        """Give the public half, as who verifies reads it."""
        return self._key.public_file

    def ensure(self) -> None:
        """Make the key and publish its public half, unless both are there."""
        self._key.ensure()

    def token(self, caller: Caller, *, at: datetime, lifetime: timedelta) -> str:
        """Sign a token for this caller, valid from `at` for `lifetime`.

        A program gets a credential for the services, anybody else a token for the gateway.
        """
        claims = {
            "iss": ISSUER,
            "aud": SERVICES if caller.role in PROGRAMS else AUDIENCE,
            "sub": caller.subject,
            "role": caller.role,
            "channel": caller.channel,
            "institution": caller.institution,
            "branch_codes": list(caller.branches),
            "staff_number": caller.staff_number,
            "customer_number": caller.customer_number,
            "iat": int(at.timestamp()),
            "exp": int((at + lifetime).timestamp()),
            "jti": str(uuid4()),
        }
        return self._key.signed(
            {name: value for name, value in claims.items() if value is not None}
        )
