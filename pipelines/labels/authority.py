"""Who signs: a certificate authority of the studio's own, made at the first export, or a certificate its owner gives.

The key stays in one file that only its owner may read (0600). Nobody outside vouches for an authority of one's own: what it signs can be
shown to be unaltered, not to be from somebody. Certificate profile: C2PA specification 2.2, 14.5.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from domain.errors import LabelError

Key: TypeAlias = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
AUTHORITY_DAYS, SIGNER_DAYS = 3650, 825
#: A signer this near to its end is made anew.
MARK_KEY_BYTES = 32
RENEW_DAYS = 30
_CURVES = {"secp256r1": ("es256", hashes.SHA256()), "secp384r1": ("es384", hashes.SHA384()), "secp521r1": ("es512", hashes.SHA512())}


@dataclass(frozen=True)
class Signer:
    """chain: PEM, the signer's certificate first. algorithm: as C2PA calls it. own: of an authority the studio made itself."""

    key: Key
    key_pem: bytes
    chain: bytes
    algorithm: str
    own: bool

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificates(self.chain)[0]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the signer's certificate."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(data)
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, _pss(), hashes.SHA256())
        return self.key.sign(data, ec.ECDSA(_CURVES[self.key.curve.name][1]))


class Authority:
    """Args:
    folder: where its own authority and key are kept.
    certificate, key: PEM files of the owner's own certificate (with its chain) and key; None to use the studio's own authority.
    now: the time certificates are held against.
    """

    def __init__(self, folder: Path, certificate: Path | None = None, key: Path | None = None, *, now: datetime | None = None) -> None:
        self._folder = folder
        self._given = (certificate, key)
        self._now = now
        self._lock = threading.Lock()
        self._signer: Signer | None = None

    def signer(self) -> Signer:
        """Who signs now; its own authority is made where there is none. Raises LabelError: a certificate that cannot be used, and why."""
        with self._lock:
            if self._signer is None or self._time() > self._signer.certificate.not_valid_after_utc - timedelta(days=1):
                self._signer = self._of_owner() if any(self._given) else self._of_studio()
            require_valid(self._signer, self._time())
            return self._signer

    def anchors(self) -> bytes:
        """The studio's own authority as PEM, b"" before the first export: what it signed is told from what others signed."""
        path = self._folder / "authority.pem"
        return path.read_bytes() if path.is_file() else b""

    def mark_key(self, *, make: bool = False) -> bytes:
        """The secret of the invisible marks; b"" before the first one, unless it is to be made now. Raises LabelError."""
        path = self._folder / "mark.key"
        with self._lock, self._folder_works():
            if make and not path.is_file():
                self._keep(path.name, token_bytes(MARK_KEY_BYTES), private=True)
            return path.read_bytes() if path.is_file() else b""

    @contextlib.contextmanager
    def _folder_works(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LabelError(
                "The authority that signs cannot be kept in {folder}: {strerror}.",
                hint="Check that the folder is writable.",
                folder=self._folder,
                strerror=error.strerror,
            ) from error

    def _time(self) -> datetime:
        return self._now or datetime.now(UTC)

    def _of_owner(self) -> Signer:
        certificate, key = self._given
        if certificate is None or key is None:
            raise LabelError(
                "A certificate to sign with needs two files.", hint="Set both MAQUETTE_SIGN_CERTIFICATE and MAQUETTE_SIGN_KEY, or neither."
            )
        try:
            return signer_of(certificate.read_bytes(), key.read_bytes(), own=False)
        except OSError as error:
            raise LabelError(
                "{file} cannot be read: {strerror}.", hint="Check the path.", file=error.filename, strerror=error.strerror
            ) from error

    def _of_studio(self) -> Signer:
        """The signer in the folder, or a new one: when it was lost or is near its end, of the same authority."""
        with self._folder_works():
            if not (self._folder / "authority.pem").is_file() or not (self._folder / "authority.key").is_file():
                self._make_authority()
            if not (self._folder / "signer.pem").is_file():
                self._make_signer()
            signer = self._kept()
            if self._time() > signer.certificate.not_valid_after_utc - timedelta(days=RENEW_DAYS):
                self._make_signer()
                signer = self._kept()
            return signer

    def _kept(self) -> Signer:
        return signer_of((self._folder / "signer.pem").read_bytes(), (self._folder / "signer.key").read_bytes(), own=True)

    def _make_authority(self) -> None:
        key = ed25519.Ed25519PrivateKey.generate()
        name = _name("Maquette studio authority")
        made = _certificate(name, name, key.public_key(), self._time(), AUTHORITY_DAYS)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(_usage(signs=False), critical=True)
        self._keep("authority.key", _pem(key), private=True)
        self._keep("authority.pem", made.sign(key, None).public_bytes(serialization.Encoding.PEM))
        with contextlib.suppress(FileNotFoundError):
            (self._folder / "signer.pem").unlink()

    def _make_signer(self) -> None:
        issuer_pem = (self._folder / "authority.pem").read_bytes()
        issuer = x509.load_pem_x509_certificate(issuer_pem)
        issuer_key = serialization.load_pem_private_key((self._folder / "authority.key").read_bytes(), None)
        if not isinstance(issuer_key, ed25519.Ed25519PrivateKey) or issuer_key.public_key() != issuer.public_key():
            raise _unusable("the key of the studio's authority does not fit it")
        key = ed25519.Ed25519PrivateKey.generate()
        made = _certificate(_name("Maquette studio"), issuer.subject, key.public_key(), self._time(), SIGNER_DAYS)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(_usage(signs=True), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        self._keep("signer.key", _pem(key), private=True)
        self._keep("signer.pem", made.sign(issuer_key, None).public_bytes(serialization.Encoding.PEM) + issuer_pem)

    def _keep(self, name: str, data: bytes, *, private: bool = False) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._folder / f".{name}.{token_hex(6)}"
        with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o644), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._folder / name)


def signer_of(chain: bytes, key_pem: bytes, *, own: bool) -> Signer:
    """A signer of a chain and a key in PEM. Raises LabelError: broken, of a kind that does not sign, or they do not belong together."""
    try:
        certificates = x509.load_pem_x509_certificates(chain)
        key = serialization.load_pem_private_key(key_pem, None)
    except (ValueError, TypeError) as error:
        raise _unusable("the certificate or its key is no PEM, or the key has a password") from error
    if isinstance(key, ed25519.Ed25519PrivateKey):
        algorithm = "ed25519"
    elif isinstance(key, rsa.RSAPrivateKey):
        algorithm = "ps256"
    elif isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        algorithm = _CURVES[key.curve.name][0]
    else:
        raise _unusable("a key of this kind does not sign")
    if certificates[0].public_key() != key.public_key():
        raise _unusable("the key is not that of the first certificate")
    return Signer(key=key, key_pem=key_pem, chain=chain, algorithm=algorithm, own=own)


def require_valid(signer: Signer, at: datetime) -> None:
    """Raise LabelError when the certificate does not hold at this time: it ended, or the clock is before its beginning."""
    certificate = signer.certificate
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise LabelError(
            "The certificate that signs holds from {since} to {until}, and this machine's clock says {now}.",
            hint="Set the clock right, or name a certificate that holds.",
            since=f"{certificate.not_valid_before_utc:%Y-%m-%d}",
            until=f"{certificate.not_valid_after_utc:%Y-%m-%d}",
            now=f"{at:%Y-%m-%d}",
        )


def fits(certificate: x509.Certificate, signature: bytes, data: bytes) -> bool:
    """Whether the key of the certificate made this signature of these bytes."""
    key = certificate.public_key()
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, _pss(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
            key.verify(signature, data, ec.ECDSA(_CURVES[key.curve.name][1]))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def issued(chain: list[x509.Certificate], anchors: bytes) -> bool:
    """Whether the first certificate was issued by one of the anchors (PEM)."""
    if not anchors or not chain:
        return False
    for anchor in x509.load_pem_x509_certificates(anchors):
        try:
            chain[0].verify_directly_issued_by(anchor)
        except (InvalidSignature, ValueError, TypeError):
            continue
        return True
    return False


def _certificate(subject: x509.Name, issuer: x509.Name, key: ed25519.Ed25519PublicKey, at: datetime, days: int) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key, serial_number=x509.random_serial_number())
    # An hour back: a machine that reads the file may run a little late.
    builder = builder.not_valid_before(at - timedelta(hours=1)).not_valid_after(at + timedelta(days=days))
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _name(name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Maquette, self-signed")]
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=False,
        decipher_only=False,
    )


def _pss() -> padding.PSS:
    return padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size)


def _pem(key: ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _unusable(why: str) -> LabelError:
    return LabelError("The certificate that signs cannot be used: {why}.", hint="Name another certificate and its key.", why=why)
