"""Every error a person can meet, in one tree.

    MaquetteError
    ├── InputError               what was given cannot be used (400)
    │   ├── LimitError           it is larger than a named limit (413)
    │   ├── AttachmentError      a file of a kind that is not taken (415)
    │   ├── PlanError            a plan that cannot run (422)
    │   └── ContentRefused       an unsafe wish; `reason` says which rule (422)
    ├── NotSignedIn              no or wrong password (401)
    ├── NotAllowed               signed in, but without this right (403)
    ├── NotFound                 no such project, plan, asset, model (404)
    ├── Conflict                 the state changed underneath (409)
    │   └── ContentHeld          it waits for a reviewer's decision, or was refused: it does not leave
    ├── ModelError               something about weights (503)
    │   ├── ModelMissing         not installed yet: pull it
    │   ├── ModelCorrupt         a file does not have its hash
    │   ├── ModelUnreachable     no source could give it
    │   └── ModelUnusable        it is here but this machine cannot run it
    ├── GenerationError          a maker failed (500)
    │   ├── OutOfMemory
    │   ├── ContentFiltered
    │   ├── InvalidOutput        what came out failed its checks
    │   └── EngineFailed         the engine's own error, named
    │       └── WorkerLost       the process that was making it died or stood still
    ├── LabelError               a mark that was promised could not be written, signed or read back (500)
    ├── Busy                     too much of one kind is under way: the same request is taken later (429)
    ├── Cancelled                a person stopped it (499)
    ├── StorageError             the disk or database would not take or give it (507)
    │   ├── DiskFull
    │   └── AssetDamaged         a stored file is missing or altered
    └── HostingError             the server could not start or be shared (500)
        ├── PortInUse
        └── ShareUnavailable

A message names the input and says what to do. Nobody branches on message text: branch on the class, or show `code`.
Messages and hints are English templates; assets/i18n/errors.toml has them in the other language of the pages, and the web edge tells them.
The table from class to HTTP status is in web/errors.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.said import Said, filled, plain


class MaquetteError(Exception):
    """Base of all errors shown to people.

    Args:
        message: what was wrong with which input: a template with {places}.
        hint: what to do about it, one sentence, may be empty; a template too.
        field: the name of the input at fault ("brief", "steps[3].spec.width"), may be empty.
        values: what fills the places of both. given: the same, for names that are not known before.

    `message` and `hint` are told in English, `said` in any language.
    """

    code = "error"

    def __init__(
        self, message: str, *, hint: str = "", field: str = "", given: Mapping[str, object] | None = None, **values: object
    ) -> None:
        self.message_id, self.hint_id = message, hint
        self.values = {name: plain(value) for name, value in {**(given or {}), **values}.items()}
        self.message = filled(message, self.values)
        self.hint = filled(hint, self.values)
        self.field = field
        super().__init__(self.message)

    @property
    def said(self) -> tuple[Said, ...]:
        """Message and, where there is one, hint."""
        return tuple(Said(message_id=text, values=self.values) for text in (self.message_id, self.hint_id) if text)

    def __str__(self) -> str:
        return self.told({})

    def told(self, table: Mapping[str, str]) -> str:
        """Message and hint in the language of a table of templates; what it has not in English."""
        return " ".join(said.told(table) for said in self.said)


class InputError(MaquetteError):
    code = "bad_input"


class LimitError(InputError):
    code = "over_limit"


class AttachmentError(InputError):
    code = "bad_attachment"


class PlanError(InputError):
    code = "bad_plan"


class ContentRefused(InputError):
    code = "content_refused"

    def __init__(
        self, message: str, *, reason: str, hint: str = "", field: str = "", given: Mapping[str, object] | None = None, **values: object
    ) -> None:
        super().__init__(message, hint=hint, field=field, given=given, **values)
        self.reason = reason


class NotSignedIn(MaquetteError):
    code = "not_signed_in"


class NotAllowed(MaquetteError):
    code = "not_allowed"


class NotFound(MaquetteError):
    code = "not_found"


class Conflict(MaquetteError):
    code = "conflict"


class ContentHeld(Conflict):
    code = "content_held"


class ModelError(MaquetteError):
    code = "model_error"


class ModelMissing(ModelError):
    code = "model_missing"


class ModelCorrupt(ModelError):
    code = "model_corrupt"


class ModelUnreachable(ModelError):
    code = "model_unreachable"


class ModelUnusable(ModelError):
    code = "model_unusable"


class GenerationError(MaquetteError):
    code = "generation_failed"


class OutOfMemory(GenerationError):
    code = "out_of_memory"


class ContentFiltered(GenerationError):
    code = "content_filtered"


class InvalidOutput(GenerationError):
    code = "invalid_output"


class EngineFailed(GenerationError):
    code = "engine_failed"


class WorkerLost(EngineFailed):
    code = "worker_lost"


class LabelError(MaquetteError):
    code = "label_error"


class Busy(MaquetteError):
    code = "busy"


class Cancelled(MaquetteError):
    code = "cancelled"


class StorageError(MaquetteError):
    code = "storage_error"


class DiskFull(StorageError):
    code = "disk_full"


class AssetDamaged(StorageError):
    code = "asset_damaged"


class HostingError(MaquetteError):
    code = "hosting_error"


class PortInUse(HostingError):
    code = "port_in_use"


class ShareUnavailable(HostingError):
    code = "share_unavailable"
