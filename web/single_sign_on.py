"""Signs people in through an OpenID Connect provider: authorisation code with PKCE, and an ID token that is checked (OpenID Connect
Core 1.0, 3.1). Needs the extra `oidc`.

Knows one provider, the configured one, and asks no other address: what its metadata names must lie on HTTPS, or on this machine.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import httpx
from itsdangerous import BadSignature, URLSafeTimedSerializer

from domain.errors import HostingError, NotSignedIn
from studio.people import People
from web.accounts import is_loopback

#: What a browser keeps while it is at the provider.
WAITING_COOKIE = "maquette_sign_on"
WAITING_SECONDS = 600
#: Signatures with a key pair alone: never "none", never a shared secret.
ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA")
_TIMEOUT = 10.0
_METADATA_SECONDS = 3600.0
_ANSWER_MAX_BYTES = 1_000_000
REFUSED = "The sign-in did not work."


@dataclass(frozen=True)
class Provider:
    """issuer: its address. client, secret: as registered there; secret "" for a public client. claim: which claim is a person's name
    here. adds: whether somebody it knows and the studio does not gets an account at the first sign-in."""

    issuer: str
    client: str
    secret: str = field(default="", repr=False)
    claim: str = "email"
    adds: bool = False


def require_usable(provider: Provider) -> None:
    """Raises HostingError for a provider that cannot be asked as it is configured."""
    if not _private(provider.issuer):
        raise HostingError(
            "The sign-in provider {issuer} is not reached by HTTPS.", hint="Set MAQUETTE_OIDC_ISSUER to its https:// address.",
            field="MAQUETTE_OIDC_ISSUER", issuer=provider.issuer,
        )  # fmt: skip
    if not provider.client:
        raise HostingError(
            "A client id is missing for {issuer}.", hint="Set MAQUETTE_OIDC_CLIENT to the one registered there.",
            field="MAQUETTE_OIDC_CLIENT", issuer=provider.issuer,
        )  # fmt: skip
    try:
        import authlib  # noqa: F401
    except ImportError as error:
        raise HostingError(
            "Sign-in through a provider needs the extra oidc.",
            hint="Install it: pip install 'maquette[oidc]'",
            field="MAQUETTE_OIDC_ISSUER",
        ) from error


class SingleSignOn:
    """secret: signs what a browser keeps while it is away."""

    def __init__(self, provider: Provider, people: People, secret: bytes) -> None:
        require_usable(provider)
        self._provider = provider
        self._people = people
        self._signer = URLSafeTimedSerializer(secret, salt="single sign-on")
        self._metadata: tuple[float, dict[str, Any]] | None = None

    async def begin(self, back: str) -> tuple[str, str]:
        """Where to send the browser, and the cookie it keeps meanwhile. back: our own address that the provider sends it back to.

        Raises HostingError when the provider does not answer.
        """
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        metadata = await self._found()
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        async with AsyncOAuth2Client(
            self._provider.client, scope="openid email profile", redirect_uri=back, code_challenge_method="S256"
        ) as client:
            url, _ = client.create_authorization_url(metadata["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier)
        return str(url), self._signer.dumps({"state": state, "nonce": nonce, "verifier": verifier, "back": back})

    async def finish(self, cookie: str, state: str, code: str) -> Identity:
        """Who came back. Raises NotSignedIn for what was not begun here, HostingError when the provider does not answer as it should."""
        try:
            waiting = self._signer.loads(cookie, max_age=WAITING_SECONDS)
        except BadSignature:
            waiting = None
        if waiting is None or not code or not secrets.compare_digest(state.encode(), str(waiting["state"]).encode()):
            raise NotSignedIn(REFUSED, hint="Begin again.", field="single_sign_on")
        metadata = await self._found()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": waiting["back"], "code_verifier": waiting["verifier"]}
        given = await self._post(metadata["token_endpoint"], form)
        keys = await self._get(metadata["jwks_uri"])
        return self._identity(given.get("id_token"), keys, str(waiting["nonce"]))

    def sign_in(self, identity: Identity, address: str) -> str:
        """The session cookie of whom the provider named. Takes a thread. Raises NotSignedIn."""
        return self._people.sign_in_as(identity.name, identity.subject, address, adds=self._provider.adds)

    def _identity(self, token: Any, keys: dict[str, Any], nonce: str) -> Identity:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        provider = self._provider
        try:
            claims = jwt.decode(str(token), KeySet.import_key_set({"keys": keys.get("keys", [])}), algorithms=list(ALGORITHMS)).claims
            registry = jwt.JWTClaimsRegistry(
                leeway=60,
                exp={"essential": True},
                sub={"essential": True},
                iss={"essential": True, "value": provider.issuer},
                aud={"essential": True, "value": provider.client},
                nonce={"essential": True, "value": nonce},
            )
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotSignedIn(REFUSED, hint="Begin again, or tell who runs this studio: the provider's token is not valid.") from error
        name = claims.get(provider.claim)
        if not isinstance(name, str) or not name.strip() or (provider.claim == "email" and claims.get("email_verified") is not True):
            raise NotSignedIn(
                "The sign-in provider does not say who you are: {claim} is missing or not verified.",
                hint="Ask who runs this studio.", field="single_sign_on", claim=provider.claim,
            )  # fmt: skip
        return Identity(name=name, subject=sha256(f"{provider.issuer} {claims['sub']}".encode()).hexdigest())

    async def _found(self) -> dict[str, Any]:
        now = time.monotonic()
        if self._metadata is None or now - self._metadata[0] > _METADATA_SECONDS:
            metadata = await self._get(self._provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
            places = [metadata.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
            if metadata.get("issuer") != self._provider.issuer or not all(isinstance(one, str) and _private(one) for one in places):
                raise self._silent("its metadata names another issuer, or addresses without HTTPS")
            self._metadata = (now, metadata)
        return self._metadata[1]

    async def _get(self, url: str) -> dict[str, Any]:
        return await self._asked("GET", url)

    async def _post(self, url: str, form: dict[str, str]) -> dict[str, Any]:
        provider = self._provider
        if not provider.secret:
            return await self._asked("POST", url, data=form | {"client_id": provider.client})
        return await self._asked("POST", url, data=form, auth=(provider.client, provider.secret))

    async def _asked(self, method: str, url: str, **given: Any) -> dict[str, Any]:
        """No redirects: what the provider names is asked, and nothing else."""
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, trust_env=False) as client:
                answer = await client.request(method, url, **given)
            if answer.status_code != 200 or len(answer.content) > _ANSWER_MAX_BYTES:
                raise self._silent(f"{urlsplit(url).path} answered {answer.status_code}")
            found = answer.json()
        except (httpx.HTTPError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise self._silent(type(error).__name__) from error
        if not isinstance(found, dict):
            raise self._silent("its answer has not the form it should have")
        return found

    def _silent(self, why: str) -> HostingError:
        return HostingError(
            "The sign-in provider {issuer} does not answer as it should: {why}.", hint="Try again, or tell who runs this studio.",
            field="single_sign_on", issuer=self._provider.issuer, why=why,
        )  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """name: as the studio shows it. subject: who it is for the provider for ever, hashed with its address."""

    name: str
    subject: str


def _private(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
