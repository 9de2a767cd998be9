"""Who signs, what is signed, and that what was altered afterwards is told."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from domain.errors import LabelError
from domain.labels import COMPOSITE, TRAINED
from pipelines.labels.authority import Authority, Signer, signer_of
from pipelines.labels.credentials import Claim, Ingredient, opened, read_credentials, sealed, signed
from pipelines.labels.formats import Formats, labelled, require
from tests.pipelines.labels.samples import MARKS, SAMPLES

TABLE = Formats.of(Path(__file__).resolve().parents[3] / "assets")
ROWS = {row.id: row for row in TABLE.rows}
SIGNED = [row.id for row in TABLE.rows if row.c2pa]
Key = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

#: Reads a file in a process of its own, with nothing of ours in it: the manifest store as JSON.
READER = """
import io, sys, c2pa
with c2pa.Reader(sys.argv[1], io.BytesIO(sys.stdin.buffer.read())) as reader:
    print(reader.json())
"""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def signer(authority: Authority) -> Signer:
    return authority.signer()


def signed_sample(name: str, signer: Signer) -> bytes:
    row = ROWS[name]
    told = Claim("Fox", TRAINED, "1.0", "2026-01-02T03:04:05+00:00")
    return signed(labelled(SAMPLES[name](), row, MARKS), row.media_types[0], told, signer)


def certificate(key: Key, issuer: Key | None = None, *, start: timedelta = timedelta(days=-1), days: int = 30) -> bytes:
    """A certificate a person might bring: of an issuer of its own."""
    now = datetime.now(UTC)
    issuer = issuer or ed25519.Ed25519PrivateKey.generate()

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme")])

    builder = x509.CertificateBuilder(name("Acme Issuer"), name("Acme Studio"), key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now + start).not_valid_after(now + start + timedelta(days=days))
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = builder.add_extension(x509.BasicConstraints(False, None), True)
    builder = builder.add_extension(x509.KeyUsage(digital_signature=True, **usage), True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), False)
    algorithm = None if isinstance(issuer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(issuer, algorithm).public_bytes(serialization.Encoding.PEM)


def pem(key: Key) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def test_the_authority_is_made_once_and_its_keys_are_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "authority"
    assert Authority(folder).anchors() == b""
    assert not folder.exists()
    first, second = Authority(folder).signer(), Authority(folder).signer()
    assert first.fingerprint == second.fingerprint
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*.key")} == {"authority.key": 0o600, "signer.key": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    first.certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(Authority(folder).anchors()))


def test_a_signer_near_its_end_is_made_anew_of_the_same_authority(tmp_path: Path) -> None:
    folder = tmp_path / "authority"
    old = Authority(folder, now=datetime.now(UTC) - timedelta(days=820)).signer()
    anchors = Authority(folder).anchors()
    new = Authority(folder).signer()
    assert old.fingerprint != new.fingerprint
    assert Authority(folder).anchors() == anchors
    new.certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(anchors))


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_file_keeps_its_marks_and_tells_of_itself(name: str, authority: Authority, signer: Signer) -> None:
    data = signed_sample(name, signer)
    require(data, ROWS[name], MARKS)
    found = read_credentials(data, ROWS[name].media_types[0], authority.anchors())
    assert found is not None
    assert (found.state, found.own, found.outside) == ("intact", True, False)
    assert (found.actions, found.source_type) == (("c2pa.created",), TRAINED)
    assert (found.signer, found.generator, found.when) == ("Maquette studio", "Maquette 1.0", "2026-01-02T03:04:05+00:00")


@pytest.mark.parametrize("name", SIGNED)
def test_a_process_of_its_own_reads_the_credentials(name: str, signer: Signer) -> None:
    """The same C2PA library, for there is no second one in Python, but none of our code and no settings of ours."""
    done = subprocess.run(
        [sys.executable, "-c", READER, ROWS[name].media_types[0]], input=signed_sample(name, signer), capture_output=True, check=True
    )
    told = json.loads(done.stdout)
    manifest = told["manifests"][told["active_manifest"]]
    (actions,) = [row["data"]["actions"] for row in manifest["assertions"] if row["label"].startswith("c2pa.actions")]
    assert [(row["action"], row["digitalSourceType"], row["softwareAgent"]["name"]) for row in actions] == [
        ("c2pa.created", TRAINED, "Maquette")
    ]
    assert told["validation_state"] == "Valid"


@pytest.mark.parametrize("name", SIGNED)
def test_what_is_changed_after_signing_is_told(name: str, authority: Authority, signer: Signer) -> None:
    data = signed_sample(name, signer)
    relabelled = labelled(data, ROWS[name], MARKS.model_copy(update={"aigc": MARKS.aigc.model_copy(update={"produce_id": "zzzz"})}))
    found = read_credentials(relabelled, ROWS[name].media_types[0], authority.anchors())
    assert found is not None
    assert found.state == "altered"


def test_one_flipped_bit_of_the_picture_is_told(authority: Authority, signer: Signer) -> None:
    data = bytearray(signed_sample("png", signer))
    data[data.find(b"IDAT") + 20] ^= 1
    found = read_credentials(bytes(data), "image/png", authority.anchors())
    assert found is not None
    assert found.state == "altered"


def test_a_damaged_signature_is_told_and_not_taken_for_none(authority: Authority, signer: Signer) -> None:
    data = bytearray(signed_sample("png", signer))
    data[data.find(b"c2pa.signature") + 60] ^= 0xFF
    found = read_credentials(bytes(data), "image/png", authority.anchors())
    assert found is not None
    assert found.state in ("altered", "broken")


def test_a_file_without_credentials_has_none(authority: Authority) -> None:
    assert read_credentials(SAMPLES["png"](), "image/png", authority.anchors()) is None
    assert read_credentials(SAMPLES["ogg"](), "audio/ogg", authority.anchors()) is None


def test_the_signature_of_another_studio_is_not_ours(tmp_path: Path, signer: Signer) -> None:
    other = Authority(tmp_path / "other")
    other.signer()
    found = read_credentials(signed_sample("png", signer), "image/png", other.anchors())
    assert found is not None
    assert (found.state, found.own, found.outside) == ("intact", False, False)


def test_an_authority_the_owner_trusts_vouches(tmp_path: Path, authority: Authority, signer: Signer) -> None:
    found = read_credentials(signed_sample("png", signer), "image/png", b"", authority.anchors())
    assert found is not None
    assert (found.state, found.own, found.outside) == ("intact", False, True)


def test_incoming_credentials_are_kept_and_named(authority: Authority, signer: Signer) -> None:
    given = signed_sample("jpeg", signer)
    placed = Claim("Layout", COMPOSITE, "1.0", ingredients=(Ingredient("photo", "image/jpeg", given),))
    edited = Claim("Edit", COMPOSITE, "1.0", ingredients=(Ingredient("photo", "image/jpeg", given, parent=True),))
    for claim, actions in ((placed, ("c2pa.created", "c2pa.placed")), (edited, ("c2pa.opened", "c2pa.edited"))):
        data = signed(labelled(SAMPLES["png"](), ROWS["png"], MARKS), "image/png", claim, signer)
        found = read_credentials(data, "image/png", authority.anchors())
        assert found is not None
        assert (found.state, found.ingredients, found.actions) == ("intact", ("photo",), actions)


@pytest.mark.parametrize("kind", ["ed25519", "es256", "es384", "ps256"])
def test_a_certificate_of_ones_own_signs_files_and_manifests(kind: str, tmp_path: Path) -> None:
    key: Key = {
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ps256": lambda: rsa.generate_private_key(65537, 2048),
    }[kind]()
    (tmp_path / "c.pem").write_bytes(certificate(key))
    (tmp_path / "k.pem").write_bytes(pem(key))
    signer = Authority(tmp_path / "none", tmp_path / "c.pem", tmp_path / "k.pem").signer()
    assert (signer.algorithm, signer.own) == (kind, False)
    assert not (tmp_path / "none").exists()
    found = read_credentials(signed_sample("png", signer), "image/png", b"")
    assert found is not None
    assert (found.state, found.own, found.signer) == ("intact", False, "Acme Studio")
    read = opened(json.dumps(sealed({"a": 1}, signer)).encode(), b"")
    assert read is not None
    assert (read[0], read[1].state, read[1].signer) == ({"a": 1}, "intact", "Acme Studio")


def test_a_certificate_that_cannot_be_used_is_refused_with_the_reason(tmp_path: Path) -> None:
    key, other = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
    chain, key_file, broken = tmp_path / "c.pem", tmp_path / "k.pem", tmp_path / "b.pem"
    key_file.write_bytes(pem(key))
    broken.write_bytes(b"-----BEGIN CERTIFICATE-----\nnot this\n-----END CERTIFICATE-----\n")
    for data, why in (
        (certificate(key, days=1, start=timedelta(days=-3)), "holds from"),
        (certificate(key, start=timedelta(days=2)), "clock says"),
        (certificate(other), "not that of the first certificate"),
    ):
        chain.write_bytes(data)
        with pytest.raises(LabelError, match=why):
            Authority(tmp_path, chain, key_file).signer()
    with pytest.raises(LabelError, match="no PEM"):
        Authority(tmp_path, broken, key_file).signer()
    with pytest.raises(LabelError, match="two files"):
        Authority(tmp_path, chain, None).signer()
    with pytest.raises(LabelError, match="cannot be read"):
        Authority(tmp_path, tmp_path / "missing.pem", key_file).signer()
    weak = ec.generate_private_key(ec.SECP256K1())
    with pytest.raises(LabelError, match="does not sign"):
        signer_of(certificate(weak), pem(weak), own=False)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file stands where the folder should be")
    with pytest.raises(LabelError, match="cannot be kept"):
        Authority(tmp_path / "home" / "authority").signer()


def test_a_sealed_document_that_is_changed_is_told(authority: Authority, signer: Signer) -> None:
    document = sealed({"file": "a.ink", "sha256": "0" * 64, "title": "标题"}, signer)
    read = opened(json.dumps(document).encode(), authority.anchors())
    assert read is not None
    assert (read[1].kind, read[1].state, read[1].own) == ("seal", "intact", True)
    changed = opened(json.dumps({**document, "sha256": "1" * 64}).encode(), authority.anchors())
    assert changed is not None
    assert changed[1].state == "altered"
    for text in (b"", b"[]", b"{}", b'{"seal": 1}', b"[" * 5000, json.dumps({**document, "seal": {"format": "maquette-seal"}}).encode()):
        assert opened(text, authority.anchors()) is None
