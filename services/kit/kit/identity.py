"""Who is asking: signed tokens verified, never trusted headers."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from starlette.requests import HTTPConnection

from kit.problem import Forbidden, Unauthenticated

ALGORITHM = "ES256"
_CLAIMS = ["exp", "iat", "iss", "aud", "sub", "role", "channel", "institution"]


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, as an issuer that we trust describes them."""

    subject: str
    role: str
    channel: str
    institution: str
    scopes: frozenset[str]

    def must(self, scope: str) -> None:
        """Refuse a caller without `scope`."""
        if scope not in self.scopes:
            raise Forbidden(
                f"Role '{self.role}' may not do this: it needs the scope '{scope}'. "
                "Ask with a token whose role has it."
            )

    def must_belong(self) -> None:
        """Refuse a caller of no institution: every record belongs to one."""
        if not self.institution:
            raise Forbidden("The token names no institution; ask with one whose claim does.")


class Verifier:
    """Checks a token's signature, issuer, audience, times and required claims."""

    def __init__(self, jwks: Path, *, issuer: str, audience: str) -> None:
        keys = jwt.PyJWKSet.from_dict(json.loads(jwks.read_text())).keys
        self._keys = {key.key_id: key for key in keys}
        self._issuer = issuer
        self._audience = audience

    def principal(self, token: str) -> Principal:
        """Return who `token` speaks for, or refuse it and say what is wrong with it."""
        try:
            key = self._keys.get(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise Unauthenticated(
                    "The token is signed by a key that this system does not know."
                )
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                options={"require": _CLAIMS},
                leeway=5,
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired; ask the issuer for a new one.") from None
        except jwt.InvalidTokenError as error:
            raise Unauthenticated(f"The token is not valid: {error}.") from None
        return _principal(claims)

    def of(self, connection: HTTPConnection) -> Principal:
        """Return who sent this request, by its `Authorization: Bearer` header."""
        kind, _, token = connection.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Unauthenticated("Send a token in the header 'Authorization: Bearer ...'.")
        return self.principal(token)

    def needs(self, scope: str) -> Callable[[HTTPConnection], Awaitable[Principal]]:
        """Return a FastAPI dependency: the caller, who must hold `scope`."""

        async def principal(connection: HTTPConnection) -> Principal:
            found = self.of(connection)
            found.must(scope)
            return found

        return principal


def _principal(claims: dict[str, Any]) -> Principal:
    named = {name: claims[name] for name in ("role", "channel", "institution")}
    scopes = claims.get("scopes", [])
    if not all(isinstance(value, str) for value in (*named.values(), *scopes)):
        raise Unauthenticated("The token's claims have the wrong types.")
    return Principal(subject=str(claims["sub"]), scopes=frozenset(scopes), **named)
