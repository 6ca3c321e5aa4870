"""Whoever a test wants to be: the gateway's principals and programs' credentials, with their keys."""

import base64
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from kit.identity import GATEWAY, SERVICES
from sheaf.signing import thumbprint

ISSUER = "https://issuer.example"


@dataclass(frozen=True)
class Signer:
    """One key of whom a service trusts, its public half in a JWKS file."""

    jwks: Path
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def __post_init__(self) -> None:
        public = jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        public |= {"kid": self.kid, "alg": "ES256"}
        self.jwks.write_text(json.dumps({"keys": [public]}))

    @property
    def kid(self) -> str:
        """Name the key as the gateway names its own."""
        return thumbprint(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True))

    @property
    def pem(self) -> Path:
        """Write the private half where a gateway may read it."""
        file = self.jwks.with_suffix(".pem")
        file.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return file

    def sign(self, claims: dict, *, seconds: int, key=None, algorithm="ES256") -> str:
        """Sign `claims`, valid from now for `seconds`; a claim that is None is left out."""
        now = datetime.now(UTC)
        body = {"iat": now, "exp": now + timedelta(seconds=seconds)} | claims
        body = {name: value for name, value in body.items() if value is not None}
        return jwt.encode(body, key or self.key, algorithm=algorithm, headers={"kid": self.kid})


class Callers:
    """The gateway and the programs' issuer of a test, and what they say of callers."""

    def __init__(self, folder: Path) -> None:
        self.gateway = Signer(folder / "gateway.json")
        self.issuer = Signer(folder / "issuer.json")
        self.master_keys = folder / "master-keys.json"
        self.master_keys.write_text(json.dumps({"keys": [a_master_key("master-1")]}))
        self.settings = {
            "jwks_file": self.issuer.jwks,
            "issuer": ISSUER,
            "gateway_jwks_file": self.gateway.jwks,
        }

    def principal(self, service: str, *scopes: str, **claims) -> str:
        """Say of a caller what the gateway would say to `service`, for one request."""
        said = {
            "iss": GATEWAY, "aud": f"sheaf-{service}", "jti": uuid4().hex, "sub": "s1",
            "role": "some", "channel": "counter", "institution": "A",
            "reach": "institution", "scopes": list(scopes),
        }  # fmt: skip
        return self.gateway.sign(said | claims, seconds=60)

    def credential(self, role: str = "loader", institution: str = "A", **claims) -> str:
        """Give a program that loads or reads feeds its token."""
        said = {
            "iss": ISSUER, "aud": SERVICES, "sub": "program", "role": role, "institution": institution,
        }  # fmt: skip
        return self.issuer.sign(said | claims, seconds=3600)

    def environment(self, prefix: str) -> dict[str, str]:
        """Give the settings as a service's process reads them."""
        return {f"{prefix}_{name.upper()}": str(value) for name, value in self.settings.items()}


def a_master_key(name: str) -> dict[str, str]:
    """Make a key that the customer service can seal with."""
    return {"id": name, "key": base64.b64encode(os.urandom(32)).decode()}


def bearer(token: str) -> dict[str, str]:
    """Give the header that carries a token."""
    return {"authorization": f"Bearer {token}"}
