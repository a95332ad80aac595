"""A small OpenID Connect provider on loopback, for tests: it signs whatever it is told to."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pytest_django import Settings

CLIENT, SECRET = "glexia", "a-secret-that-both-know-and-nobody-else"


@cache
def key(name: str = "ours") -> rsa.RSAPrivateKey:
    """A key to sign with: the same for the same name."""
    return rsa.generate_private_key(65537, 2048)


@dataclass
class Provider:
    """What the provider says: of its token, of the user, and what it was asked."""

    address: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)
    signed_with: Any = None
    algorithm: str = "RS256"
    fails_with: int = 0
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def token(self) -> str:
        """The ID token, with the claims as they should be and those that a test changes."""
        now = int(time.time())
        right = {
            "iss": self.address,
            "aud": CLIENT,
            "sub": "1234",
            "iat": now,
            "exp": now + 300,
        }
        claims = {n: v for n, v in (right | self.claims).items() if v is not None}
        signer = self.signed_with if self.signed_with is not None else key()
        return jwt.encode(claims, signer, algorithm=self.algorithm, headers={"kid": "one"})

    def answer(self, path: str) -> dict[str, Any]:
        """What an address answers."""
        public = RSAAlgorithm.to_jwk(key().public_key(), as_dict=True)
        answers: dict[str, dict[str, Any]] = {
            "/jwks": {"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]},
            "/token": {"access_token": "opaque", "id_token": self.token()},
            "/userinfo": {"sub": "1234", **self.user},
        }
        return answers[path]


def set_up(provider: Provider, settings: Settings) -> None:
    """Have the product sign in by a provider, which knows ann by a verified address."""
    settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = CLIENT, SECRET
    settings.OIDC_ISSUER = provider.address
    settings.OIDC_NAME = "Example Ltd"
    settings.OIDC_OP_AUTHORIZATION_ENDPOINT = f"{provider.address}/authorize"
    settings.OIDC_OP_TOKEN_ENDPOINT = f"{provider.address}/token"
    settings.OIDC_OP_USER_ENDPOINT = f"{provider.address}/userinfo"
    settings.OIDC_OP_JWKS_ENDPOINT = f"{provider.address}/jwks"
    settings.AUTHENTICATION_BACKENDS = [
        *settings.AUTHENTICATION_BACKENDS,
        "accounts.oidc.StaffBackend",
    ]
    provider.user = {"email": "ann@example.org", "email_verified": True}


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that answers on a port of this machine."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            provider.asked.append(parse_qs(self.rfile.read(length).decode()))
            self._answer()

        def _answer(self) -> None:
            body = json.dumps(provider.answer(self.path)).encode()
            self.send_response(provider.fails_with or 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
