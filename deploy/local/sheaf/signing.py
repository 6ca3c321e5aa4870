"""A signing key of a data directory: the private half for one reader, the public half for all."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from sheaf.state import write_private
from sheaf.trouble import Trouble


@dataclass(frozen=True)
class SigningKey:
    """An ES256 key in `private_file` (PEM, mode 0600); who verifies reads `public_file` (JWKS)."""

    private_file: Path
    public_file: Path

    def ensure(self) -> None:
        """Make the key and publish its public half, unless both are there."""
        if self.private_file.exists() and self.public_file.exists():
            return
        for file in (self.private_file, self.public_file):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.private_file.exists():
            pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            write_private(self.private_file, pem.decode())
        keys = {"keys": [self._public()]}
        write_private(self.public_file, json.dumps(keys, indent=2) + "\n", 0o644)

    def signed(self, claims: dict[str, Any]) -> str:
        """Sign these claims."""
        headers = {"kid": self._public()["kid"]}
        return jwt.encode(claims, self._private(), algorithm="ES256", headers=headers)

    def _private(self) -> ec.EllipticCurvePrivateKey:
        if not self.private_file.exists():
            raise Trouble(
                f"{self.private_file} is not there, so no token can be signed.",
                "Start the system once with `sheaf up --detach`; it makes the key.",
            )
        key = serialization.load_pem_private_key(self.private_file.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Trouble(
                f"{self.private_file} does not hold an elliptic curve key.",
                "Move it away and start the system again.",
            )
        return key

    def _public(self) -> dict[str, str]:
        described = ECAlgorithm.to_jwk(self._private().public_key(), as_dict=True)
        return described | {"alg": "ES256", "use": "sig", "kid": thumbprint(described)}


def thumbprint(jwk: dict[str, str]) -> str:
    """Name a key by its content (RFC 7638), as the gateway does with its own."""
    told = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(told.encode()).digest()).rstrip(b"=").decode()
