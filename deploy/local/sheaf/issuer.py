"""The development issuer: an ES256 key of this data directory, roles to scopes, tokens."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from sheaf.state import write_private
from sheaf.trouble import Trouble

ISSUER = "https://issuer.sheaf.invalid"
AUDIENCE = "sheaf"
CHANNELS = (
    "counter", "outlet", "phone", "self_service", "online", "mobile", "console", "system",
)  # fmt: skip
_DESK = (
    "customer:read", "contribution:read", "offer:read", "offer:respond", "consent:write",
)  # fmt: skip
_DEVELOPER = (
    *_DESK, "campaign:read", "campaign:write", "campaign:approve", "operate",
    "scheme:read", "scheme:write", "scheme:approve", "tier:override",
)  # fmt: skip
SCOPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "teller": _DESK,
        "phone_agent": _DESK,
        "customer_manager": (*_DESK, "campaign:read"),
        "marketer": ("customer:read", "contribution:read", "campaign:read", "campaign:write"),
        "approver": (
            "campaign:read",
            "campaign:approve",
            "customer:read",
            "contribution:read",
            "scheme:read",
            "scheme:approve",
            "tier:override",
        ),
        "finance": ("contribution:read", "customer:read", "scheme:read", "scheme:write"),
        "loader": ("ingest:write", "customer:read", "contribution:read", "operate"),
        "ops": ("operate",),
        "service": ("feed:read",),
        "developer": _DEVELOPER,
    }
)


@dataclass(frozen=True)
class Caller:
    """Who a token speaks for."""

    subject: str
    role: str
    channel: str
    institution: str

    def __post_init__(self) -> None:
        if self.role not in SCOPES:
            known = ", ".join(SCOPES)
            raise Trouble(f"There is no role {self.role!r}.", f"Choose one of: {known}.")
        if self.channel not in CHANNELS:
            known = ", ".join(CHANNELS)
            raise Trouble(f"There is no channel {self.channel!r}.", f"Choose one of: {known}.")


class Issuer:
    """Signs tokens with the data directory's key, which it makes at first use."""

    def __init__(self, data_dir: Path) -> None:
        self._key_file = data_dir / "secrets" / "issuer.pem"
        self.jwks_file = data_dir / "secrets" / "jwks.json"

    def ensure(self) -> None:
        """Make the key and publish its public half, unless both are there."""
        if self._key_file.exists() and self.jwks_file.exists():
            return
        self._key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._key_file.exists():
            pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            write_private(self._key_file, pem.decode())
        public = self._public()
        write_private(self.jwks_file, json.dumps({"keys": [public]}, indent=2) + "\n", 0o644)

    def token(self, caller: Caller, *, at: datetime, lifetime: timedelta) -> str:
        """Sign a token for this caller, valid from `at` for `lifetime`."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": caller.subject,
            "role": caller.role,
            "channel": caller.channel,
            "institution": caller.institution,
            "scopes": list(SCOPES[caller.role]),
            "iat": int(at.timestamp()),
            "exp": int((at + lifetime).timestamp()),
            "jti": str(uuid4()),
        }
        headers = {"kid": self._public()["kid"]}
        return jwt.encode(claims, self._private(), algorithm="ES256", headers=headers)

    def _private(self) -> ec.EllipticCurvePrivateKey:
        if not self._key_file.exists():
            raise Trouble(
                f"{self._key_file} is not there, so no token can be signed.",
                "Start the system once with `sheaf up --detach`; it makes the key.",
            )
        key = serialization.load_pem_private_key(self._key_file.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Trouble(
                f"{self._key_file} does not hold an elliptic curve key.",
                "Move it away and start the system again.",
            )
        return key

    def _public(self) -> dict[str, str]:
        public = self._private().public_key()
        described = ECAlgorithm.to_jwk(public, as_dict=True)
        return described | {"alg": "ES256", "use": "sig", "kid": described["x"][:16]}
