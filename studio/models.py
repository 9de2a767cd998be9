"""The Models desk: what is known, installed and used, and why; pull, verify, remove; a person's own choices."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from domain.errors import Conflict, InputError, MaquetteError, ModelError
from domain.model import Model, ModelStatus, Task
from domain.progress import CancelToken, Progress, Silent
from domain.recipe import ModelRef
from domain.said import Said
from domain.settings import Settings
from domain.value import JsonValue, Value
from library.library import Library
from pipelines.devices import Fit
from pipelines.image.families import Families
from pipelines.image.recognising import recognise
from pipelines.models.own import keep_own
from pipelines.models.profiles import Choice, Hardware, everything, no_use, profile_for
from pipelines.models.store import ModelStore, pull_set, summary

CHOICES = "models.choices"
ENDPOINT = "models.endpoint"
_ID = re.compile(r"^[a-z0-9][a-z0-9.\-]*$")


class Endpoint(Value):
    """An OpenAI-compatible server that stands in for the chat LLM. url "" means none."""

    url: str = ""
    model: str = ""
    key: str = ""


def own_choices(library: Library, settings: Settings) -> dict[str, str]:
    """A person's choice of model per task: what was chosen on the Models page, over what the settings say."""
    stored = library.get_setting(CHOICES, {})
    return {**settings.choices, **({str(k): str(v) for k, v in stored.items()} if isinstance(stored, dict) else {})}


def endpoint_of(library: Library, settings: Settings) -> Endpoint:
    """The OpenAI-compatible server to ask: the one set on the Models page, else the one of the environment."""
    stored = library.get_setting(ENDPOINT)
    if isinstance(stored, dict) and stored.get("url"):
        return Endpoint.model_validate(stored)
    return Endpoint(url=settings.chat_url, model=settings.chat_model, key=settings.chat_key)


class Machine(Hardware):
    """The hardware with the profile in force."""

    profile: str


class Pull(Value):
    """A download under way or ended. error "" unless it failed; said: the same as templates, () where it broke in another way."""

    model_id: str
    fraction: float = 0.0
    note: str = ""
    error: str = ""
    said: tuple[Said, ...] = ()
    done: bool = False


class ModelDesk:
    """Args:
    choose: the profile's pick per task, given a person's choices (task value -> model id).
    runs: whether anything in this studio can use a catalogue entry.
    families: picture families, by which a checkpoint is recognised that a person adds by path.
    dry_runs: of each picture model, what its memory modes need, without loading it.
    """

    def __init__(
        self,
        library: Library,
        settings: Settings,
        store: ModelStore,
        choose: Callable[[Mapping[str, str]], Mapping[Task, Choice]],
        runs: Callable[[Model], bool] = everything,
        families: Families | None = None,
        dry_runs: Mapping[str, Callable[[], tuple[Fit, ...]]] | None = None,
    ) -> None:
        self._library = library
        self._settings = settings
        self._store = store
        self._choose = choose
        self._runs = runs
        self._families = families
        self._dry_runs = dict(dry_runs or {})
        self._pulls: dict[str, Pull] = {}
        self._tokens: dict[str, CancelToken] = {}
        self._guard = threading.Lock()

    def all(self) -> tuple[ModelStatus, ...]:
        """Every catalogue entry with its state, whether it is used, and why."""
        chosen = self.chosen()
        rows = []
        for model in self._store.catalogue.models:
            status = self._store.status(model.id)
            choice = chosen.get(model.task)
            used = choice is not None and choice.model.id == model.id
            why = choice.why if used and choice is not None else None if self._runs(model) else _unused(model)
            rows.append(status.model_copy(update={"used": used, "why": why, "reason": str(why or "")}))
        return tuple(rows)

    def known(self) -> tuple[tuple[Model, ModelRef], ...]:
        """Every catalogue entry with its content, for naming what is loaded."""
        return tuple((model, self._store.ref(model.id)) for model in self._store.catalogue.models)

    def machine(self) -> Machine:
        """What this machine has, and the profile that picks models for it."""
        hardware = Hardware.detect()
        profile = profile_for(hardware) if self._settings.profile == "auto" else self._settings.profile
        return Machine(**hardware.model_dump(), profile=profile)

    def chosen(self) -> Mapping[Task, Choice]:
        """The model of each task on this machine, and why."""
        return self._choose(self.choices())

    def choices(self) -> dict[str, str]:
        return own_choices(self._library, self._settings)

    def choose(self, task: Task, model_id: str) -> None:
        """Use this model for a task; "" returns to the profile's pick. Raises NotFound, InputError for a model of another task
        or one that nothing here runs."""
        choices = self.choices()
        if model_id:
            model = self._store.catalogue.get(model_id)
            if model.task is not task:
                raise InputError("{model} is a {task} model, not {task2}.", field=model_id, model=model.name, task=model.task, task2=task)
            if not self._runs(model):
                hint = "Serve it with vLLM or SGLang and set that address as the endpoint." if task is Task.CHAT else "Choose another one."
                raise InputError("{model} cannot be chosen: {no_use}.", hint=hint, field=model_id, model=model.name, no_use=no_use(model))
            choices[task.value] = model_id
        else:
            choices.pop(task.value, None)
        self._library.put_setting(CHOICES, dict[str, JsonValue](choices))

    def endpoint(self) -> Endpoint:
        return endpoint_of(self._library, self._settings)

    def set_endpoint(self, endpoint: Endpoint) -> None:
        """Point the chat at an OpenAI-compatible server, or back with an empty URL. Raises InputError for what is no web address."""
        if endpoint.url and not _is_web_address(endpoint.url):
            raise InputError(
                "{url} is not a web address.", hint="Write it like http://127.0.0.1:8000/v1.", field="url", url=repr(endpoint.url)
            )
        if endpoint.url and not endpoint.model:
            raise InputError("The endpoint needs a model name.", hint="Use the name the server lists.", field="model")
        self._library.put_setting(ENDPOINT, endpoint.model_dump(mode="json"))

    def default_ids(self) -> list[str]:
        return list(self._store.catalogue.default_ids)

    def test_ids(self) -> list[str]:
        return [m.id for m in self._store.catalogue.models if m.for_tests]

    def ready(self, model_id: str) -> bool:
        return self._store.ready(model_id)

    def get(self, model_id: str) -> Model:
        return self._store.catalogue.get(model_id)

    def download_size(self, ids: list[str]) -> int:
        return summary(self._store.catalogue, ids)

    def fits(self, model_id: str) -> tuple[Fit, ...]:
        """What each memory mode of a picture model needs, and whether this machine has it: the first that fits is taken. Loads nothing.

        Raises NotFound, InputError for a model that makes no pictures, ModelMissing for one that is not installed, ModelError.
        """
        model = self._store.catalogue.get(model_id)
        if model_id not in self._dry_runs:
            raise InputError(
                "{model} is no picture model.", hint="Memory modes are those of picture models.", field="ids", model=model.name
            )
        return self._dry_runs[model_id]()

    def pictured(self) -> list[str]:
        """Ids of the picture models that are installed."""
        return [model_id for model_id in self._dry_runs if self._store.ready(model_id)]

    def add(self, path: Path, model_id: str = "", family: str = "") -> Model:
        """Take a checkpoint or an adapter of this machine into the catalogue, by its path; it is pulled like any other, and used after the
        studio's next start. model_id "": made of its name. family: of a checkpoint, where others have the same tensors.

        Raises at the field: InputError (no such path, an id that is none), ModelUnusable, ModelCorrupt (what it is not, and the way out),
        Conflict (the id is taken).
        """
        if self._families is None:
            raise InputError("This studio knows no picture families.", field="path")
        if model_id and not _ID.match(model_id):
            hint = "Use small letters, digits, dots and hyphens, such as my-model."
            raise InputError("{model_id} cannot be a model's id.", hint=hint, field="id", model_id=repr(model_id)[:80])
        try:
            model = recognise(path, self._families, model_id, family)
        except ModelError as error:
            error.field = error.field or "path"
            raise
        try:
            keep_own(self._settings.cache, self._store.catalogue, model)
        except Conflict as error:
            error.field = "id"
            raise
        self._store.catalogue.take(model)
        return model

    def pull(self, model_id: str, progress: Progress) -> None:
        """Fetch and verify now. Raises ModelUnreachable, ModelCorrupt, DiskFull, Cancelled."""
        pull_set(self._store, [model_id], progress)

    def start_pull(self, model_id: str) -> None:
        """Fetch in the background; `pulls` says where it stands. Raises NotFound, Conflict while one is under way."""
        self._store.catalogue.get(model_id)
        with self._guard:
            running = self._pulls.get(model_id)
            if running is not None and not running.done:
                raise Conflict("{model_id} is being fetched already.", model_id=model_id)
            self._pulls[model_id] = Pull(model_id=model_id, note="starting")
            token = self._tokens[model_id] = CancelToken()
        threading.Thread(target=self._pull, args=(model_id, token), name=f"pull {model_id}", daemon=True).start()

    def cancel_pull(self, model_id: str) -> None:
        with self._guard:
            token = self._tokens.get(model_id)
        if token is not None:
            token.cancel()

    def pulls(self) -> tuple[Pull, ...]:
        with self._guard:
            return tuple(self._pulls.values())

    def verify(self, model_id: str, progress: Progress | None = None) -> tuple[str, ...]:
        return self._store.verify(model_id, progress or Silent())

    def remove(self, model_id: str) -> int:
        """Bytes freed. Raises NotFound, Conflict while the model is being fetched."""
        with self._guard:
            running = self._pulls.get(model_id)
            if running is not None and not running.done:
                raise Conflict("{model_id} is being fetched now.", hint="Stop the fetching first.", field=model_id, model_id=model_id)
            self._pulls.pop(model_id, None)
        return self._store.remove(model_id)

    def _pull(self, model_id: str, token: CancelToken) -> None:
        try:
            self.pull(model_id, _Watched(token, lambda fraction, note: self._note(model_id, fraction=fraction, note=note)))
        except MaquetteError as error:
            self._note(model_id, error=str(error), said=error.said, done=True)
        except BaseException as error:
            # A pull that nobody ends could never be started again; the traceback still goes where those of threads go.
            self._note(model_id, error=f"The download broke: {type(error).__name__}: {error}", done=True)
            raise
        else:
            self._note(model_id, fraction=1.0, note="verified", done=True)

    def _note(self, model_id: str, **update: object) -> None:
        with self._guard:
            self._pulls[model_id] = self._pulls[model_id].model_copy(update=update)


def _is_web_address(url: str) -> bool:
    """http or https with a host; the port, where there is one, is a number a port can have."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable()
    except ValueError:
        return False


class _Watched:
    def __init__(self, token: CancelToken, show: Callable[[float, str], None]) -> None:
        self._token = token
        self._show = show

    def report(self, fraction: float, note: str = "") -> None:
        self._token.check()
        self._show(fraction, note)

    def check(self) -> None:
        self._token.check()


def _unused(model: Model) -> Said:
    """Why nothing here runs it, as a sentence."""
    if model.card:
        return Said.of("It is experimental, and its model card does not say that it passed its gate.")
    return Said.of("Nothing here uses it yet.")
