"""The public keys that tokens are checked with: a JWKS file, read again when it changes."""

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from kit.problem import Unauthenticated

log = logging.getLogger(__name__)
LEEWAY_SECONDS = 5
_LOOK_AGAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must be like; with `strict`, meant for this audience and no other beside it."""

    issuer: str
    audience: str
    needs: Sequence[str] = ()
    algorithms: Sequence[str] = ("ES256",)
    strict: bool = True


class Keys:
    """Public keys by `kid`; a file that breaks later leaves the last good keys."""

    def __init__(self, jwks: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = jwks, clock
        self._seen, self._keys = self._stamp(), self._read()
        self._looked = clock()

    def claims(self, token: str, expected: Expected) -> dict[str, Any]:
        """Return what `token` says, or refuse it and say what is wrong with it."""
        try:
            key = self._current().get(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise Unauthenticated(
                    "The token is signed by a key that this system does not know."
                )
            return jwt.decode(
                token,
                key,
                algorithms=expected.algorithms,
                issuer=expected.issuer,
                audience=expected.audience,
                options={"require": list(expected.needs), "strict_aud": expected.strict},
                leeway=LEEWAY_SECONDS,
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired; ask the issuer for a new one.") from None
        except jwt.InvalidTokenError as error:
            raise Unauthenticated(f"The token is not valid: {error}.") from None

    def _current(self) -> dict[str | None, jwt.PyJWK]:
        now = self._clock()
        if now - self._looked < _LOOK_AGAIN_SECONDS:
            return self._keys
        self._looked = now
        try:
            if (stamp := self._stamp()) != self._seen:
                self._keys, self._seen = self._read(), stamp
        except (OSError, ValueError, jwt.PyJWTError) as error:
            log.warning("The token keys cannot be read (%s): the last good ones stay.", type(error))
        return self._keys

    def _stamp(self) -> tuple[int, int, int]:
        found = self._path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> dict[str | None, jwt.PyJWK]:
        found = jwt.PyJWKSet.from_dict(json.loads(self._path.read_text())).keys
        return {key.key_id: key for key in found if key.key_id}
