"""OpenID Connect issuers over real HTTP; each can change its keys and fall into a bad mood."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_KINDS = {"ES256": jwt.algorithms.ECAlgorithm, "RS256": jwt.algorithms.RSAAlgorithm}


class Issuer:
    """Signs tokens. `mood`: well, down (503), nonsense, another (speaks for one), unsafe (keys elsewhere)."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.mood = "well"
        self.asked: list[str] = []
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.published = {"k1": self.described("k1")}
        self.jwks = folder / "jwks.json"
        self.publish(self.jwks, "k1")

    def described(self, kid: str, key: PrivateKeyTypes | None = None, **more: object) -> dict:
        """Give the public half as a JWKS has it."""
        key = key or self.key
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        public = json.loads(_KINDS[algorithm].to_jwk(key.public_key()))
        return {**public, "kid": kid, "alg": algorithm, "use": "sig"} | more

    def publish(self, path: Path, kid: str) -> None:
        """Write a JWKS file as the development issuer does."""
        path.write_text(json.dumps({"keys": [self.described(kid)]}))

    def token(
        self, subject: str = "M-1", *, kid: str = "k1", key=None, algorithm="ES256", **claims
    ) -> str:
        now = int(time.time())
        body = {
            "iss": self.url, "aud": "sheaf", "sub": subject, "iat": now, "exp": now + 300,
            "role": "developer", "channel": "console", "institution": "A",
        }  # fmt: skip
        body = {name: value for name, value in (body | claims).items() if value is not None}
        return jwt.encode(body, key or self.key, algorithm=algorithm, headers={"kid": kid})

    def answer(self, path: str) -> tuple[int, bytes]:
        """Answer a request as the mood is."""
        self.asked.append(path)
        if self.mood == "down":
            return 503, b""
        if self.mood == "nonsense":
            return 200, b"<h1>Welcome</h1>"
        if path == "/.well-known/openid-configuration":
            issuer = "https://other.example" if self.mood == "another" else self.url
            jwks = "http://far.example/jwks" if self.mood == "unsafe" else f"{self.url}/jwks"
            return 200, json.dumps({"issuer": issuer, "jwks_uri": jwks}).encode()
        if path == "/jwks":
            return 200, json.dumps({"keys": list(self.published.values())}).encode()
        return 404, b""


@contextmanager
def issuing(folder: Path) -> Iterator[Issuer]:
    """Run an issuer."""
    running: list[Issuer] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = running[0].answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        running.append(Issuer(f"http://127.0.0.1:{server.server_address[1]}", folder))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield running[0]
        server.shutdown()
        thread.join()
