"""What a file says of where it comes from: the marks that are written into it, and what is found in one.

China's implicit label: GB 45438-2025, seven text fields in this order, exactly one copy. Origin: IPTC digital source type.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from pydantic import Field, field_validator

from domain.errors import InputError
from domain.said import Said
from domain.value import Value

#: The seven fields by the names and in the order of the standard.
AIGC_FIELDS = ("Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2")
#: What values may hold: printable ASCII without the space, the quotation mark and the backslash.
_VALUE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]*")
#: 001, a 1 for an organisation, its credit code of 18 characters, 5 of its own.
_PRODUCER = re.compile(r"001[1-9][0-9A-Z]{18}[0-9A-Za-z]{5}")
_LABEL_MAX = 20_000
_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED = f"{_IPTC}trainedAlgorithmicMedia"
COMPOSITE = f"{_IPTC}compositeWithTrainedAlgorithmicMedia"
#: Origins that say a model made it, or a part of it.
AI_SOURCES = frozenset({TRAINED, COMPOSITE, f"{_IPTC}trainedAlgorithmicData", f"{_IPTC}compositeSynthetic"})


class AigcLabel(Value):
    """China's implicit label. label: "1" made by AI, "2" possibly, "3" suspected."""

    label: Literal["1", "2", "3"] = "1"
    producer: str = ""
    produce_id: str = ""
    reserved1: str = ""
    propagator: str = ""
    propagate_id: str = ""
    reserved2: str = ""

    @field_validator("producer", "produce_id", "reserved1", "propagator", "propagate_id", "reserved2")
    @classmethod
    def _plain(cls, value: str) -> str:
        if not _VALUE.fullmatch(value) or len(value) > 2000:
            raise ValueError("only printable ASCII without spaces, quotation marks and backslashes")
        return value

    def fields(self) -> dict[str, str]:
        """The seven fields by their names, in order."""
        values = (self.label, self.producer, self.produce_id, self.reserved1, self.propagator, self.propagate_id, self.reserved2)
        return dict(zip(AIGC_FIELDS, values, strict=True))

    def text(self) -> str:
        """Plain JSON. No value needs an escape, so that a reader that looks for letters finds them."""
        return "{" + ",".join(f'"{name}":"{value}"' for name, value in self.fields().items()) + "}"


def read_aigc(text: str) -> AigcLabel | None:
    """The label in a text that holds it, plain or wrapped as {"AIGC": {...}}; None for what is none."""
    given = _parsed(text)
    given = given.get("AIGC", given) if isinstance(given, dict) else given
    given = _parsed(given) if isinstance(given, str) else given
    if not isinstance(given, dict) or "Label" not in given:
        return None
    values = [given.get(name, "") for name in AIGC_FIELDS]
    try:
        return AigcLabel.model_validate(dict(zip(AigcLabel.model_fields, values, strict=True)))
    except ValueError:
        return None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if len(text) <= _LABEL_MAX else None
    except (ValueError, RecursionError):
        return None


def require_producer(code: str) -> str:
    """A producer's code of 27 characters, or "" for none. Raises InputError."""
    if code and not _PRODUCER.fullmatch(code):
        raise InputError(
            "{code} is no producer code.",
            hint="It has 27 characters: 001, 1, the credit code of 18 characters, 5 of your own. Leave it out where you have none.",
            field="MAQUETTE_CONTENT_PRODUCER",
            code=repr(code[:60]),
        )
    return code


class Marks(Value):
    """What a file is to say. recipe: JSON that makes it again, "" for none. What is empty is left out."""

    aigc: AigcLabel
    source_type: str
    title: str = ""
    rights: str = ""
    recipe: str = ""


class Carried(Value):
    """What was found in a file. aigc: every copy, as it stands. source_type: an IPTC address, "" where none is said.

    notes: other fields by name, as they stand.
    """

    aigc: tuple[str, ...] = ()
    source_type: str = ""
    title: str = ""
    rights: str = ""
    recipe: str = ""
    notes: tuple[tuple[str, str], ...] = ()


State = Literal["intact", "altered", "broken"]


class Credentials(Value):
    """Content credentials (C2PA) or a seal of ours. Never "verified": whether the signer is who it says, nobody here can tell.

    state: "intact" the signature fits the bytes; "altered" it does not; "broken" it cannot be read.
    own: signed by the authority of this studio. outside: an authority this machine's owner named vouches for the signer.
    problems: codes of the C2PA specification.
    """

    kind: Literal["c2pa", "seal"] = "c2pa"
    state: State
    own: bool = False
    outside: bool = False
    signer: str = ""
    issuer: str = ""
    generator: str = ""
    when: str = ""
    actions: tuple[str, ...] = ()
    source_type: str = ""
    ingredients: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class Inspection(Value):
    """What a file carries. said: the same in plain words, the most important first. files: of a pack, what is inside.

    watermark: the beginning of the id in the invisible mark of this studio; marked: the results it may be.
    """

    name: str
    media_type: str = ""
    size: int = 0
    sha256: str = ""
    ai: Literal["yes", "partly", "possibly", "no", "unsaid"] = "unsaid"
    aigc: dict[str, str] = {}
    carried: Carried = Carried()
    credentials: Credentials | None = None
    tool: str = ""
    prompt: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    watermark: str = ""
    marked: tuple[MarkedAsset, ...] = ()
    said: tuple[Said, ...] = ()
    files: tuple[PackedFile, ...] = ()


class MarkedAsset(Value):
    """A result of the library whose id begins as a mark says."""

    id: str
    project_id: str
    title: str


class PackedFile(Value):
    """One file of a pack. state: as the manifest of the pack says, other bytes, not in the pack, or in it and not in the manifest."""

    name: str
    state: Literal["as_said", "altered", "missing", "unsaid"]
    ai: bool | None = None


class FileFormat(Value):
    """One row of assets/labels/formats.toml: which marks files of some media types carry, and where.

    aigc, origin: the place inside the file, "" where they stand beside it. c2pa: whether credentials are written into it.
    watermark: whether pictures take an invisible mark. why: what is not carried and the reason.
    """

    id: str
    name: str
    media_types: tuple[str, ...] = Field(min_length=1)
    endings: tuple[str, ...] = ()
    aigc: str = ""
    origin: str = ""
    c2pa: bool = False
    explicit: str = ""
    watermark: bool = False
    why: str = ""

    @property
    def embeds(self) -> bool:
        return bool(self.aigc)


Inspection.model_rebuild()
