"""Who is asking: people by the gateway's principals, programs by credentials, never by headers."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from starlette.requests import HTTPConnection

from kit.keys import LEEWAY_SECONDS, Expected, Keys
from kit.problem import Forbidden, Overloaded, Unauthenticated

GATEWAY = "sheaf-gateway"
"""The issuer of principals."""
SERVICES = "sheaf-services"
"""The audience of credentials, whoever issues them."""
LONGEST_SECONDS = 60
"""No principal speaks for longer, whatever its expiry says."""
PROGRAMS = MappingProxyType(
    {"service": frozenset({"feed:read"}), "loader": frozenset({"ingest:write"})}
)
"""What programs may do, by role: read feeds, or bring records; nothing else."""
_REMEMBERED = 250_000
_SAID = ("exp", "iat", "iss", "aud", "sub", "role", "institution")


class Reach(StrEnum):
    """Whose records a role may look at; what lies beyond is as if it did not exist."""

    INSTITUTION = "institution"
    """Everybody's of the institution."""
    BRANCHES = "branches"
    """Of people in the care of where the caller works, and of what lies below it."""
    BOOK = "book"
    """Of people in the care of the caller (管户)."""
    SELF = "self"
    """Of nobody but the caller."""
    UNION = "union"
    """Sums over each member institution of a provincial union (省联社), and nobody's records."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, as an issuer that we trust describes them.

    `branch_codes` are where a member of staff works; `verified_caller` is who on the telephone
    proved to be themselves. None and empty mean that nothing was said, never that all is open.
    """

    subject: str
    role: str
    channel: str
    institution: str
    reach: Reach
    scopes: frozenset[str]
    branch_codes: frozenset[str] = frozenset()
    staff_number: str | None = None
    customer_number: str | None = None
    verified_caller: str | None = None

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
    """Checks the credentials of programs: those that read feeds, and those that bring records."""

    def __init__(self, jwks: Path, *, issuer: str, audience: str = SERVICES) -> None:
        self._keys = Keys(jwks)
        self._expected = Expected(issuer, audience, _SAID, ("ES256", "RS256"), strict=False)

    def principal(self, token: str) -> Principal:
        """Return which program `token` speaks for, or refuse it and say what is wrong with it."""
        claims = self._keys.claims(token, self._expected)
        role = claims["role"]
        if not isinstance(role, str) or role not in PROGRAMS:
            raise Unauthenticated(
                "The token is no program's: only those read feeds or send records."
            )
        return _principal(
            claims | {"channel": "system", "reach": "institution", "scopes": list(PROGRAMS[role])}
        )

    def of(self, connection: HTTPConnection) -> Principal:
        """Return which program sent this request, by its `Authorization: Bearer` header."""
        return self.principal(bearer(connection))

    def needs(self, scope: str) -> Callable[[HTTPConnection], Awaitable[Principal]]:
        """Return a FastAPI dependency: the caller, who must hold `scope`."""

        async def principal(connection: HTTPConnection) -> Principal:
            found = self.of(connection)
            found.must(scope)
            return found

        return principal


class Principals:
    """Checks what the gateway says of a caller: for this service, for a minute, for one request."""

    def __init__(self, jwks: Path, *, service: str) -> None:
        self._keys = Keys(jwks)
        needs = (*_SAID, "channel", "reach", "scopes", "jti")
        self._expected = Expected(GATEWAY, f"sheaf-{service}", needs)
        self._once = Once(LONGEST_SECONDS + 2 * LEEWAY_SECONDS)

    def principal(self, token: str) -> Principal:
        """Return who `token` speaks for; a second time it is refused."""
        claims = self._keys.claims(token, self._expected)
        if not claims["iat"] < claims["exp"] <= claims["iat"] + LONGEST_SECONDS:
            raise Unauthenticated(f"The token speaks for more than {LONGEST_SECONDS} seconds.")
        found = _principal(claims)
        self._once.use(claims["jti"])
        return found

    def of(self, connection: HTTPConnection) -> Principal:
        """Return whom the gateway asks for, by the `Authorization: Bearer` header."""
        return self.principal(bearer(connection))


class Once:
    """Remembers what was used for `seconds` at least, in two generations of bounded size.

    A name that could still be used again is in one of them. Each process has its own memory.
    """

    def __init__(
        self,
        seconds: float,
        *,
        most: int = _REMEMBERED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._now: set[str] = set()
        self._before: set[str] = set()
        self._since = clock()

    def use(self, name: str) -> None:
        """Refuse a name that was used; refuse all when there is no room to remember another."""
        passed = self._clock() - self._since
        if passed >= self._seconds:
            self._before = self._now if passed < 2 * self._seconds else set()
            self._now = set()
            self._since = self._clock()
        if name in self._now or name in self._before:
            raise Unauthenticated("The token was used before; each speaks for one request only.")
        if len(self._now) >= self._most:
            raise Overloaded("More requests came in a minute than this service can tell apart.")
        self._now.add(name)


def bearer(connection: HTTPConnection) -> str:
    """Return the token that came in the `Authorization: Bearer` header; no other is looked at."""
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Unauthenticated("Send a token in the header 'Authorization: Bearer ...'.")
    return token


def _principal(claims: dict[str, Any]) -> Principal:
    said = {name: claims[name] for name in ("role", "channel", "institution")}
    told = {
        name: claims[name]
        for name in ("staff_number", "customer_number", "verified_caller")
        if claims.get(name) is not None
    }
    scopes, codes = claims["scopes"], claims.get("branch_codes", [])
    strings = [*said.values(), *told.values(), claims.get("jti", "")]
    lists = [scopes, codes]
    if not all(isinstance(each, list) for each in lists) or not all(
        isinstance(each, str) for each in [*strings, *scopes, *codes]
    ):
        raise Unauthenticated("The token's claims have the wrong types.")
    return Principal(
        subject=claims["sub"],
        reach=_reach(claims["reach"], told, codes),
        scopes=frozenset(scopes),
        branch_codes=frozenset(codes),
        **said,
        **told,
    )


def _reach(said: object, told: dict[str, str], codes: list[str]) -> Reach:
    """Return how far the caller reaches, who must say what that is measured by."""
    measured = {
        Reach.INSTITUTION: True,
        Reach.BRANCHES: bool(codes),
        Reach.BOOK: "staff_number" in told,
        Reach.SELF: "customer_number" in told,
        Reach.UNION: True,
    }
    for reach, known in measured.items():
        if said == reach and known:
            return reach
    raise Unauthenticated("The token does not say how far its caller reaches.")
