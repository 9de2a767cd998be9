"""Content credentials (C2PA) in files, and seals: our signature over a JSON document, for what C2PA has no place in. Signed last.

Nothing is asked over the network: no time stamp, no remote manifest, no revocation list. C2PA specification 2.2; c2pa-python.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from domain.errors import LabelError
from domain.labels import Credentials
from domain.value import JsonValue, canonical_json
from pipelines.labels.authority import Signer, fits, issued

SEAL_FORMAT = "maquette-seal"
#: A reader of C2PA holds a file several times over; larger ones are sealed beside.
SIGN_MAX = 500_000_000
#: What the reader calls bytes that are not those that were signed.
_ALTERED = ("mismatch", "assertion.missing", "hashedURI")
_UNTRUSTED = ("signingCredential.untrusted",)


@dataclass(frozen=True)
class Ingredient:
    """A file that went into another one and came with marks of its own. parent: it was edited, not placed. description: what it says."""

    name: str
    media_type: str
    data: bytes
    parent: bool = False
    description: str = ""


@dataclass(frozen=True)
class Claim:
    """What is signed: a title, where it comes from, by what version, when, and which files with marks of their own went into it."""

    title: str
    source_type: str
    version: str = ""
    when: str = ""
    ingredients: tuple[Ingredient, ...] = ()


def signed(data: bytes, media_type: str, claim: Claim, signer: Signer) -> bytes:
    """The file with credentials in it; what it said before stays. Raises LabelError when the library refuses it."""
    import c2pa

    if len(data) > SIGN_MAX:
        raise LabelError(
            "{title} has {size} MB; {most} MB is the most that is signed.",
            hint="Export it in parts.",
            title=claim.title,
            size=len(data) // 10**6,
            most=SIGN_MAX // 10**6,
        )
    out = io.BytesIO()
    try:
        given = c2pa.Signer.from_info(c2pa.C2paSignerInfo(signer.algorithm.encode(), signer.chain, signer.key_pem, None))
        with c2pa.Context(_settings()) as context, c2pa.Builder.from_json(_definition(claim), context) as builder:
            for number, one in enumerate(claim.ingredients):
                told = {
                    "title": one.name,
                    "relationship": "parentOf" if one.parent and not number else "componentOf",
                    "instance_id": f"ingredient-{number}",
                    **({"description": one.description} if one.description else {}),
                }
                builder.add_ingredient(json.dumps(told), one.media_type, io.BytesIO(one.data))
            builder.sign(given, media_type, io.BytesIO(data), out)
    except c2pa.C2paError as error:
        raise LabelError(
            "{title} could not be signed: {error}.",
            hint="Check the certificate, or make the file again.",
            title=claim.title,
            error=str(error)[:300],
        ) from error
    return out.getvalue()


def read_credentials(data: bytes, media_type: str, anchors: bytes, outside: bytes = b"") -> Credentials | None:
    """The credentials of a file, None where it has none. anchors: PEM of our own authority; outside: of authorities the owner trusts."""
    told, state = _told(data, media_type, anchors)
    if told is None:
        return Credentials(state="broken", problems=(state,)) if state else None
    own = state == "Trusted"
    vouched = bool(outside) and not own and _told(data, media_type, outside)[1] == "Trusted"
    return _credentials(told, state, own=own, outside=vouched)


def _told(data: bytes, media_type: str, trusted: bytes) -> tuple[dict[str, Any] | None, str]:
    """What the reader says, and how it judges where these authorities are trusted; None and why for what it cannot read."""
    import c2pa

    try:
        with c2pa.Context(_settings(trusted)) as context, c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader:
            return json.loads(reader.json()), str(reader.get_validation_state() or "")
    except c2pa.C2paError as error:
        named = str(error)
        return None, "" if named.startswith(("ManifestNotFound", "NotSupported")) else named[:200]


def sealed(document: Mapping[str, JsonValue], signer: Signer) -> dict[str, JsonValue]:
    """The document with a field "seal": a signature over the canonical JSON of the rest."""
    signature = base64.b64encode(signer.sign(canonical_json(document).encode())).decode()
    certificates = signer.chain.decode("ascii")
    return {
        **document,
        "seal": {"format": SEAL_FORMAT, "algorithm": signer.algorithm, "certificates": certificates, "signature": signature},
    }


def opened(text: bytes, anchors: bytes, outside: bytes = b"") -> tuple[dict[str, Any], Credentials] | None:
    """What a sealed document says without its seal, and whether it is unaltered; None for what has no seal."""
    try:
        given = json.loads(text)
        seal = given.pop("seal", None) if isinstance(given, dict) else None
        if not isinstance(seal, dict) or seal.get("format") != SEAL_FORMAT:
            return None
        chain = x509.load_pem_x509_certificates(str(seal["certificates"]).encode())
        fine = fits(chain[0], base64.b64decode(str(seal["signature"]), validate=True), canonical_json(given).encode())
    except (ValueError, KeyError, RecursionError, IndexError):
        return None
    own = issued(chain, anchors)
    return given, Credentials(
        kind="seal",
        state="intact" if fine else "altered",
        own=own,
        outside=not own and issued(chain, outside),
        signer=_of(chain[0].subject),
        issuer=_of(chain[0].issuer),
    )


def _settings(outside: bytes = b"") -> Any:
    import c2pa

    trust = {"trust": {"trust_anchors": outside.decode("ascii")}} if outside else {}
    verify = {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True}
    return c2pa.Settings.from_dict({"verify": verify, "builder": {"thumbnail": {"enabled": False}}, **trust})


def _definition(claim: Claim) -> str:
    agent = {"name": "Maquette", **({"version": claim.version} if claim.version else {})}
    edited = any(one.parent for one in claim.ingredients[:1])
    made = {"digitalSourceType": claim.source_type, "softwareAgent": agent, **({"when": claim.when} if claim.when else {})}
    actions: list[dict[str, Any]] = []
    if edited:
        actions.append({"action": "c2pa.opened", "parameters": {"ingredientIds": ["ingredient-0"]}})
        actions.append({"action": "c2pa.edited", **made})
    else:
        actions.append({"action": "c2pa.created", **made})
    placed = [f"ingredient-{number}" for number in range(int(edited), len(claim.ingredients))]
    actions += [{"action": "c2pa.placed", "parameters": {"ingredientIds": [one]}} for one in placed]
    return json.dumps(
        {
            "claim_generator_info": [agent],
            "title": claim.title,
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
        }
    )


def _credentials(told: Mapping[str, Any], state: str, *, own: bool, outside: bool) -> Credentials:
    manifest = told.get("manifests", {}).get(told.get("active_manifest"), {})
    results = told.get("validation_results", {}).get("activeManifest", {})
    problems = [str(row.get("code", "")) for row in results.get("failure", told.get("validation_status", []))]
    serious = [code for code in problems if code not in _UNTRUSTED]
    signature = manifest.get("signature_info", {})
    steps = [
        action
        for row in manifest.get("assertions", [])
        if str(row.get("label", "")).startswith("c2pa.actions")
        for action in row["data"]["actions"]
    ]
    sources = [str(action["digitalSourceType"]) for action in steps if "digitalSourceType" in action]
    generator: dict[str, Any] = next(iter(manifest.get("claim_generator_info", [])), {})
    altered = any(part in code for code in serious for part in _ALTERED)
    return Credentials(
        state="altered" if altered else ("broken" if serious or state == "Invalid" else "intact"),
        own=own,
        outside=outside,
        signer=str(signature.get("common_name") or ""),
        issuer=str(signature.get("issuer") or ""),
        generator=" ".join(str(generator[name]) for name in ("name", "version") if generator.get(name)),
        when=str(signature.get("time") or next((action["when"] for action in steps if "when" in action), "")),
        actions=tuple(str(action.get("action", "")) for action in steps),
        source_type=sources[0] if sources else "",
        ingredients=tuple(str(one.get("title", "")) for one in manifest.get("ingredients", [])),
        problems=tuple(problems),
    )


def _of(name: x509.Name) -> str:
    return next((str(part.value) for part in name.get_attributes_for_oid(NameOID.COMMON_NAME)), name.rfc4514_string())
