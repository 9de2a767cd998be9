"""A small OpenID Connect provider on loopback, with real keys and signatures. What its token says can be changed, to be wrong."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

from web.server import Server, open_socket

CLIENT, SECRET = "maquette", "a secret of the client"


@dataclass
class Provider:
    """claims: what the next token says besides what it must. key: signs it; `published` is what others may see."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "1", "preferred_username": "Mei"})
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "a"}))
    published: RSAKey | None = None
    algorithm: str = "RS256"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def grant(self, query: dict[str, str]) -> str:
        """What the person's browser brings back after it was sent to the provider with this query."""
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return code

    def token(self, query: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": query["nonce"]} | self.claims
        return jwt.encode({"alg": self.algorithm, "kid": "a"}, {k: v for k, v in claims.items() if v is not None}, self.key)


@contextmanager
def provided() -> Iterator[Provider]:
    provider = Provider()
    app = FastAPI()

    @app.get("/.well-known/openid-configuration")
    def metadata() -> dict[str, str]:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": provider.issuer} | {name: f"{provider.issuer}/{place}" for name, place in names.items()}

    @app.get("/keys")
    def keys() -> dict[str, Any]:
        return {"keys": [(provider.published or provider.key).as_dict(private=False)]}

    @app.post("/token")
    async def token(request: Request) -> JSONResponse:
        form = {name: str(value) for name, value in (await request.form()).items()}
        query = provider.codes.pop(form.get("code", ""), None)
        given = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if query is None or request.headers.get("authorization") != f"Basic {given}" or form["redirect_uri"] != query["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if challenge != query["code_challenge"] or query["code_challenge_method"] != "S256":
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": provider.token(query)})

    with Server(app, open_socket("127.0.0.1", 0)) as server:
        provider.issuer = f"http://127.0.0.1:{server.port}"
        yield provider
