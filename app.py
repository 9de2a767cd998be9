"""The only place that constructs things: Settings -> Library, Models, Pipelines, Director -> Studio -> doors."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.director import Director
    from agents.writers.spoken import Voice
    from domain.chat import ChatModel
    from domain.progress import CancelToken
    from domain.settings import Settings
    from library.library import Library
    from pipelines.executors.executor import Executor, LocalChat
    from pipelines.media.opening import Opening
    from pipelines.worker import Engine
    from studio.derived import Derived
    from studio.labelling import Labelling
    from studio.notices import Sender
    from studio.shelf import Shelf
    from studio.studio import Studio

ENVIRONMENT = {
    # With the OpenMP defaults, threads that wait spin, and a busy small machine runs llama.cpp and ONNX ten times slower.
    "GOMP_SPINCOUNT": "0",
    "OMP_WAIT_POLICY": "passive",
    # Nothing leaves the machine unless a person configured it.
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def prepare_environment(environment: MutableMapping[str, str]) -> None:
    """Set what libraries read when they are imported. What a person set stays."""
    for name, value in ENVIRONMENT.items():
        environment.setdefault(name, value)


def assets_folder() -> Path:
    """The shipped data: `_assets` beside an installed app.py, `assets` in the repository."""
    here = Path(__file__).resolve().parent
    return here / "_assets" if (here / "_assets").is_dir() else here / "assets"


def settings_from(environment: Mapping[str, str]) -> Settings:
    from domain.settings import Settings

    return Settings.from_environment(environment, Path.home())


def open_studio(settings: Settings) -> Studio:
    """Construct everything. Loads no model and starts nothing: `with studio:` does."""
    from agents.director import Director
    from agents.picture_safety import PictureRules
    from agents.planner import Planner
    from agents.writers.calls import Desk
    from domain.model import Task
    from library.library import Library
    from pipelines.labels.authority import Authority
    from pipelines.labels.explicit import Explicit
    from pipelines.labels.formats import Formats
    from pipelines.media.opening import Opening
    from pipelines.models.lately import Lately
    from pipelines.models.profiles import Hardware
    from pipelines.sandbox.sandbox import Sandbox
    from pipelines.telemetry import export_traces
    from pipelines.text.chats import CurrentChat, Remote
    from pipelines.worker import build, embedder_for
    from studio.attachments import Attachments
    from studio.consents import Consents
    from studio.conversation import Conversation
    from studio.drawings import Drawings
    from studio.durable import Durable
    from studio.engine import EngineRoom
    from studio.expectation import Expectation
    from studio.fetching import Fetcher
    from studio.labelling import Labelling
    from studio.licences import permit
    from studio.likeness import keeping
    from studio.lines import Lines
    from studio.machinery import build_arbiter, build_executor, gpus_of
    from studio.mailing import Mailboxes
    from studio.makers import Makers
    from studio.making import Making
    from studio.media_makers import Preparations, preference, voices_of
    from studio.models import ModelDesk, endpoint_of, own_choices
    from studio.moderation import Moderation
    from studio.notices import Notices
    from studio.opening import TASKS, InspectingApart
    from studio.picture_marks import PictureMarks
    from studio.picture_models import PictureModels
    from studio.pictures import Pictures
    from studio.pieces import Pieces
    from studio.plans import Plans
    from studio.printing import Printing
    from studio.projects import Projects
    from studio.quotes import Quotes
    from studio.recordings import Recordings
    from studio.runner import Runner
    from studio.shortening import Shorter
    from studio.sound import Sound
    from studio.spots import Spots
    from studio.studio import Studio
    from studio.table import all_makers
    from studio.timelines import Timelines
    from studio.transcripts import Transcripts
    from studio.voices import VoicesDesk
    from studio.waveforms import Waveforms
    from studio.writing import Writing

    assets = assets_folder()
    opening = Opening(Sandbox(TASKS))
    end_traces = export_traces(settings.otlp, "studio")
    library = Library.open(settings.database_url, settings.home, settings.files, settings.cache)

    def remote() -> Remote:
        endpoint = endpoint_of(library, settings)
        return Remote(url=endpoint.url, model=endpoint.model, key=endpoint.key)

    hardware = Hardware.detect()
    arbiter = build_arbiter(settings, library, hardware)

    def chat_here_or_there(model_id: str) -> LocalChat:
        return executor.chat(model_id)

    engine = build(
        settings,
        assets,
        lambda: own_choices(library, settings),
        remote,
        memory=arbiter.holder("studio", lambda key: engine.devices.evict(key)),
        chat=chat_here_or_there,
        hardware=hardware,
    )
    executor = build_executor(settings, assets, arbiter, engine, hardware)

    def picture_model() -> str:
        choice = engine.chosen(Task.PICTURE)
        return choice.model.id if choice is not None and engine.store.ready(choice.model.id) else ""

    installed_engines = Lately(
        lambda: frozenset(pipeline.name for pipeline in engine.speech if pipeline.capability() is not None), engine.store.stamp
    )

    desk = Desk(assets)
    consents = Consents(
        library,
        lambda: frozenset(made.name for made in engine.speech if made.clones and made.capability() is not None),
        decode=opening.sound,
    )

    def speakers() -> tuple[Voice, ...]:
        """The voices that can speak now: an engine may be pulled while the studio runs."""
        return (*voices_of(engine.voices, installed_engines()), *consents.voices(engine.voices))

    picture_models = PictureModels(
        engine.store,
        engine.families,
        lambda model_id: engine.diffusion[model_id].opened(),
        lambda model: model.id in engine.diffusion,
        picture_model,
    )
    preparations = Preparations(engine.chats, desk, speakers, keeping(picture_models))
    makers = Makers(
        all_makers(engine, executor, desk, preparations, gpus_of(arbiter)),
        preference(picture_models.maker),
        lambda: (engine.store.stamp(), own_choices(library, settings), endpoint_of(library, settings)),
    )
    planner = Planner(assets)
    nudity = engine.nudity
    moderation = Moderation(library, planner.safety, PictureRules.load(assets), nudity.ready, nudity.score, now, nudity.model)
    library.judged_by(moderation.judge)
    allowed = permit(engine.store.catalogue.find)
    making = Making(library, makers, executor.release_idle, now, preparations.remarks, allowed, moderation.screen)
    expected = Expectation(library, time.monotonic).seconds
    runner = Runner(library, making, Durable(settings.runs_url, settings.runs_file), lanes=executor.lanes, now=now, cost=expected)
    room = EngineRoom(library, executor, runner, now, lambda key, kept: arbiter.pin(key) if kept else arbiter.unpin(key))

    def close() -> None:
        executor.close()
        opening.sandbox.close()
        library.close()
        end_traces()

    chat = CurrentChat(engine.chats)
    director = Director(chat, assets, planner, lambda language: embedder_for(engine.store, engine.devices, language))
    formats, authority = Formats.of(assets), Authority(settings.home / "authority", settings.sign_certificate, settings.sign_key)
    labelling = Labelling(
        library,
        formats,
        Explicit((assets / "labels" / "lettering.svg").read_text(encoding="utf-8")),
        authority,
        settings.cache / "labelled",
        producer=settings.content_producer,
        version=release(),
    )
    drawings = Drawings(library, executor.generate, settings.cache / "drawings")
    quotes = Quotes(library, makers, executor.lanes, executor.state)
    plans = Plans(
        library,
        planner,
        chat,
        makers,
        runner,
        now,
        planner.safety.require,
        quotes,
        preparations.require,
        preparations.remarks,
        moderation.screening,
    )
    projects = Projects(library, opening.logo)
    casting = VoicesDesk(
        library,
        projects,
        engine.voices,
        installed_engines,
        speakers,
        lambda name: partial(executor.generate, name),
        lambda name: engine.pipelines[name].version,
        desk,
        settings.cache / "voices",
        consents,
        labelling,
        moderation.spoken,
    )
    recordings = Recordings(lambda data: executor.transcribe(opening.plain_sound(data)), opening.sound)

    def current_chat() -> ChatModel | None:
        return engine.chats.current() if engine.chats.available() else None

    return Studio(
        library=library,
        projects=projects,
        attachments=Attachments(
            library,
            opening.palette,
            lambda data, name: transcript_of_upload(executor, opening, data, name),
            lambda data, name: caption_of_upload(executor, engine.captions(), opening, data, name),
            opening.metadata,
            lambda data, name: moderation.upload(opening.plain_picture(data, name)),
        ),
        plans=plans,
        chat=Conversation(library, plans, director, makers, now, desk.messages, moderation.answer),
        shelf=build_shelf(settings, library, engine, labelling, opening),
        drawings=drawings,
        models=ModelDesk(
            library,
            settings,
            engine.store,
            engine.choose,
            engine.runs,
            engine.families,
            {model_id: made.dry_run for model_id, made in engine.diffusion.items()},
        ),
        makers=makers,
        runner=runner,
        engine=room,
        writing=Writing(library, plans, desk, now, Printing(desk.folder / "fonts", engine.store).article),
        pictures=Pictures(
            library, plans, makers, desk, drawings, current_chat, now, picture_models, opened=opening.picture, told=opening.metadata
        ),
        casting=casting,
        consents=consents,
        lines=Lines(library, plans, casting, makers.capabilities, planner.safety.require, settings.home / "packs", labelling),
        recordings=recordings,
        sound=Sound(
            pieces=Pieces(plans, makers, desk, settings.cache / "voices"),
            spots=Spots(plans, casting),
            mixes=Timelines(library, plans),
            shorter=Shorter(library, plans, desk),
            waves=Waveforms(library, settings.cache / "waves", opening.sound),
            transcripts=Transcripts(library, recordings, current_chat, desk, now),
        ),
        inspecting=InspectingApart(
            opening, formats, authority, trusted_by(settings), mark=PictureMarks(authority).found_in, beginning=library.assets_beginning
        ),
        moderation=moderation,
        opening=opening,
        fetcher=Fetcher() if settings.import_links and not settings.offline else None,
        voices=lambda: tuple(voice.name for voice in speakers() if not voice.by_name),
        fonts=lambda: font_families(assets),
        families=Lately(lambda: tuple(sorted({art.family for art in engine.illustrator.library.ready()})), engine.store.stamp),
        warm=lambda cancel: warm_up(engine, director, opening, cancel),
        close=close,
        mailboxes=Mailboxes(library),
        notices={name: Notices(library, sender).run for name, sender in build_senders(settings, library, assets).items()},
        derived=derived_of(settings),
    )


def derived_of(settings: Settings) -> Derived:
    """Where copies of results lie that can be made again."""
    from studio.derived import Derived

    cache = settings.cache
    by_hash = (cache / "thumbnails", cache / "waves")
    return Derived(by_hash, by_id=(cache / "drawings",), mixed=(cache / "labelled",), packs=settings.home / "packs")


def build_senders(settings: Settings, library: Library, assets: Path) -> dict[str, Sender]:
    """Who tells what happens in review, by name; nobody where nothing outside may be asked. Raises InputError for bad addresses."""
    found: dict[str, Sender] = {}
    if settings.webhook and not settings.offline:
        import httpx

        from domain.addresses import not_metadata
        from studio.fetching import Guarded
        from studio.notices import Webhook

        client = httpx.Client(transport=Guarded(not_metadata), follow_redirects=False, trust_env=False)
        found["webhook"] = Webhook(settings.webhook, client, secret=settings.webhook_secret)
    if settings.smtp and not settings.offline:
        from studio.mailing import Mailboxes, Mailer, MailServer
        from studio.rights import Rights
        from web.ui.words import LANGUAGES, Words

        words = {language: Words.read(assets, language).table for language in LANGUAGES}
        server = MailServer.read(settings.smtp)
        found["mail"] = Mailer(
            Mailboxes(library), Rights(library).may_see, server, settings.mail_from, words, password=settings.smtp_password
        )
    return found


def warm_up(engine: Engine, director: Director, opening: Opening, cancel: CancelToken) -> None:
    """Start what opens files, load the chat model and evaluate what every chat starts with: neither file nor answer waits for it."""
    from domain.errors import MaquetteError

    try:
        opening.sandbox.start()
    except MaquetteError as error:  # the first file will say so
        logging.getLogger("maquette").warning("%s", error)
    try:
        engine.chats.warm(director.prefix(), cancel)
        engine.chats.warm(director.plan_prefix(), cancel)
    except MaquetteError as error:  # the first message will say so, with the way out
        logging.getLogger("maquette").info("the chat model was not warmed: %s", error)


def release() -> str:
    """The version of Maquette, "" when it is run from the folder, not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("maquette")
    except PackageNotFoundError:
        return ""


def trusted_by(settings: Settings) -> bytes:
    """The authorities the owner of this machine trusts, as PEM. Raises InputError."""
    from domain.errors import InputError

    try:
        return settings.trusted.read_bytes() if settings.trusted is not None else b""
    except OSError as error:
        raise InputError(
            "{file} cannot be read: {strerror}.",
            hint="Check the path.",
            field="MAQUETTE_TRUSTED",
            file=settings.trusted,
            strerror=error.strerror,
        ) from error


def build_shelf(settings: Settings, library: Library, engine: Engine, labelling: Labelling, opening: Opening) -> Shelf:
    from domain.progress import Progress
    from studio.export import Selection, export_pack
    from studio.pack_texts import PackSources
    from studio.shelf import Shelf

    sources = PackSources(model=engine.store.catalogue.find, version=release(), labelling=labelling)

    def export(library: Library, selection: Selection, out: Path, progress: Progress) -> Path:
        return export_pack(library, selection, out, progress, sources)

    def shrink(source: Path, target: Path) -> None:
        temporary = target.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
        temporary.write_bytes(opening.thumbnail(source.read_bytes(), 480))
        temporary.replace(target)

    folders = {"packs": settings.home / "packs", "thumbnails": settings.cache / "thumbnails"}
    return Shelf(library, **folders, shrink=shrink, export=export, now=now, labelling=labelling)


def now() -> datetime:
    return datetime.now(UTC)


def transcript_of_upload(executor: Executor, opening: Opening, data: bytes, name: str) -> str:
    from domain.errors import InputError

    try:
        return executor.transcribe(opening.plain_sound(data)).text
    except InputError as error:  # the reader knows bytes only: name the file
        raise type(error)(f"{name}: {error.message}", hint=error.hint, field=name) from error


def caption_of_upload(executor: Executor, model_id: str, opening: Opening, data: bytes, name: str) -> str:
    """What an attached picture shows; "" without a caption model, or when it fails: the picture serves as a reference all the same."""
    from domain.errors import GenerationError, ModelError

    if not model_id:
        return ""
    try:
        return executor.caption(model_id, opening.plain_picture(data, name))
    except (ModelError, GenerationError) as error:
        logging.getLogger("maquette").info("a picture was not captioned: %s", error)
        return ""


def font_families(assets: Path) -> tuple[str, ...]:
    from pipelines.layout.fonts import read_fonts

    return tuple(sorted(family.name for family in read_fonts(assets / "fonts").family))


def main(argv: list[str] | None = None) -> int:
    prepare_environment(os.environ)
    from domain.errors import MaquetteError
    from web.cli import Entry
    from web.cli import main as run

    try:
        entry = Entry(settings=settings_from(os.environ), assets=assets_folder(), open_studio=open_studio)
    except MaquetteError as error:
        print(error, file=sys.stderr)
        return 1
    return run(sys.argv[1:] if argv is None else argv, entry)


if __name__ == "__main__":
    sys.exit(main())
