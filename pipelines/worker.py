"""The second and last composition root: everything that makes media on one device. Called by app.py and by workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from domain.model import Model, Task
from domain.progress import Progress
from domain.recipe import ModelRef
from domain.settings import Settings
from pipelines.audio import bark, hibari, kokoro, music, recognition
from pipelines.audio.bark import BarkPipeline
from pipelines.audio.checked import CheckedSpeech
from pipelines.audio.csm import Csm
from pipelines.audio.dia import Dia
from pipelines.audio.effects import EffectPipeline
from pipelines.audio.hibari import HibariPipeline
from pipelines.audio.kokoro import KokoroPipeline
from pipelines.audio.listening import Listener
from pipelines.audio.mix import Mixer
from pipelines.audio.music import ComposerPipeline
from pipelines.audio.networks import Network, NetworkPipeline
from pipelines.audio.recognition import Recogniser
from pipelines.audio.speecht5 import SpeechT5
from pipelines.audio.vits import Vits
from pipelines.audio.voices import VoiceCatalogue
from pipelines.devices import Devices
from pipelines.image.compiling import AUTO as COMPILE_WHERE_IT_PAYS
from pipelines.image.compiling import Compiling
from pipelines.image.cutout import MODEL as CUTOUT_MODEL
from pipelines.image.cutout import Cutter
from pipelines.image.depth import MODEL as DEPTH_MODEL
from pipelines.image.diffusion import Diffusion
from pipelines.image.drawing_files import DrawingFiles
from pipelines.image.families import Families
from pipelines.image.illustrator import Illustrator
from pipelines.image.previews import Spaces
from pipelines.image.shortcuts import Shortcuts
from pipelines.image.upscale import MODEL as UPSCALE_MODEL
from pipelines.image.upscale import Upscaler
from pipelines.layout.banner import CJK_FONT, Banner
from pipelines.memory import Memory
from pipelines.models.cards import offered
from pipelines.models.catalogue import Catalogue
from pipelines.models.lately import Lately
from pipelines.models.own import with_own
from pipelines.models.profiles import Choice, Hardware, choose, everything
from pipelines.models.store import ModelStore
from pipelines.pipeline import Pipeline
from pipelines.text.chats import Chats, LocalChat, Remote, chat_runs
from pipelines.text.embedder import E5Embedder, MiniLmEmbedder
from pipelines.vision.captions import Captioner
from pipelines.vision.nudity import MODEL as NUDITY_MODEL
from pipelines.vision.nudity import Nudity

#: Left to the system and to whatever else a person runs.
SHARE_OF_MEMORY = 0.6
#: The rest is for what making needs besides weights: activations, caches, the context of the driver.
SHARE_OF_GPU = 0.75
#: Speech through transformers, by the family that a catalogue entry names.
NETWORKS: Mapping[str, Network] = {"vits": Vits(), "speecht5": SpeechT5(), "csm": Csm(), "dia": Dia()}
SENTENCES = "all-minilm-l6-v2"
SENTENCES_OF_MANY = "multilingual-e5-small-q4"


@dataclass(frozen=True)
class Engine:
    """What one device offers: makers, the chat model, readers of uploads, and the store behind them.

    pipelines: every maker by the name an Executor is asked for ("banner", "diffusion/<model id>"). local_chat: a chat model of the
    catalogue in this process; what `chats` gives may run elsewhere. caption: says in a sentence what a picture shows, with a caption
    model of the catalogue, in this process; captions: the one that was chosen.
    nudity: scores pictures for content safety, in this process.
    """

    store: ModelStore
    devices: Devices
    illustrator: Illustrator
    diffusion: Mapping[str, Diffusion]
    families: Families
    upscaler: Upscaler
    cutter: Cutter
    speech: tuple[CheckedSpeech, ...]
    composer: ComposerPipeline
    effects: EffectPipeline
    mixer: Mixer
    banner: Banner
    chats: Chats
    pipelines: Mapping[str, Pipeline]
    local_chat: Callable[[str], LocalChat]
    recogniser: Recogniser
    caption: Callable[[str, bytes, Progress], str]
    captions: Callable[[], str]
    nudity: Nudity
    voices: VoiceCatalogue
    choose: Callable[[Mapping[str, str]], dict[Task, Choice]]
    chosen: Callable[[Task], Choice | None]
    runs: Callable[[Model], bool]


def build(
    settings: Settings,
    assets: Path,
    choices: Callable[[], Mapping[str, str]],
    remote: Callable[[], Remote],
    *,
    memory: Memory | None = None,
    chat: Callable[[str], LocalChat] | None = None,
    hardware: Hardware | None = None,
) -> Engine:
    """Construct the engine of this machine. Loads no weights.

    Args:
        choices: a person's own choice of model per task, read whenever it matters.
        remote: the configured OpenAI-compatible endpoint, likewise.
        memory: the owner of memory that is asked before loading; None owns a share of this machine's RAM alone.
        chat: where a local chat model runs (Executor.chat); None runs it in this process.
        hardware: this machine; None asks it.
    """
    hardware = hardware or Hardware.detect()
    store = ModelStore(
        with_own(Catalogue.read(assets / "models.toml"), settings.cache),
        settings.cache,
        models_folder=settings.models_folder,
        offline=settings.offline,
    )
    devices = Devices(memory or memory_budget(settings, hardware), budgets(settings, hardware))

    illustrator = Illustrator(store, InstalledEmbedder(store, devices), assets)
    runs = users({art.model for art in illustrator.library.sets.values()}, lambda model: offered(model, assets))

    def pick(wanted: Mapping[str, str]) -> dict[Task, Choice]:
        return choose(store.catalogue, settings.profile, hardware, store.ready, wanted, runs)

    picked = Lately(lambda: pick(choices()), lambda: (store.stamp(), dict(choices())))

    def chosen(task: Task) -> Choice | None:
        return picked().get(task)

    def caption(model_id: str, picture: bytes, progress: Progress) -> str:
        asked = Choice(model=store.catalogue.get(model_id))
        return Captioner(store, devices, lambda: asked).caption(picture, progress)

    def captions() -> str:
        """Id of the caption model that is installed, "" while there is none."""
        choice = chosen(Task.CAPTION)
        return choice.model.id if choice is not None and store.ready(choice.model.id) else ""

    threads = settings.threads or hardware.cores
    chats = Chats(store, devices, lambda: chosen(Task.CHAT), remote, chat=chat, threads=settings.threads)
    families = Families.read(assets / "pictures" / "families.toml")
    spaces, shortcuts = Spaces.read(assets / "pictures" / "latents.toml"), Shortcuts.read(assets / "pictures" / "shortcuts.toml")
    compiling = Compiling(COMPILE_WHERE_IT_PAYS, settings.cache)
    diffusion = {
        m.id: Diffusion(store, devices, m.id, families=families, compiling=compiling, spaces=spaces, shortcuts=shortcuts)
        for m in store.catalogue.of(Task.PICTURE) if runs(m)
    }  # fmt: skip
    recogniser = Recogniser(store, devices, threads=threads)

    def heard(recording: Path, language: str, progress: Progress) -> str:
        return recogniser.transcribe(recording, language.split("-")[0], progress).text

    speakers: tuple[Pipeline, ...] = (
        KokoroPipeline(store, devices, assets, threads=threads),
        HibariPipeline(store, devices, assets),
        BarkPipeline(store, devices, assets),
        *(
            NetworkPipeline(store, devices, assets, m.id, NETWORKS[m.family], heard)
            for m in store.catalogue.of(Task.SPEECH)
            if m.family in NETWORKS
        ),
    )
    listener = Listener(recogniser, devices, assets)
    speech = tuple(CheckedSpeech(speaker, listener, assets) for speaker in speakers)
    upscaler, cutter = Upscaler(store, devices, threads=threads), Cutter(store, devices, threads=threads)
    composer, banner = ComposerPipeline(store, devices, assets), Banner(store, assets)
    effects, mixer = EffectPipeline(assets), Mixer()
    alone: tuple[Pipeline, ...] = (illustrator, DrawingFiles(), upscaler, cutter, *speech, composer, effects, mixer, banner)
    return Engine(
        store=store,
        devices=devices,
        illustrator=illustrator,
        diffusion=diffusion,
        families=families,
        upscaler=upscaler,
        cutter=cutter,
        speech=speech,
        composer=composer,
        effects=effects,
        mixer=mixer,
        banner=banner,
        chats=chats,
        pipelines={**{made.name: made for made in alone}, **{f"{made.name}/{model}": made for model, made in diffusion.items()}},
        local_chat=chats.local,
        recogniser=recogniser,
        caption=caption,
        captions=captions,
        nudity=Nudity(store, devices, threads=threads),
        voices=VoiceCatalogue.read(assets / "voices.toml"),
        choose=pick,
        chosen=chosen,
        runs=runs,
    )


def build_child(settings: Settings, assets: Path, memory: Memory) -> Engine:
    """The engine of a worker process: what it makes, and of which models, is said with each request."""
    return build(settings, assets, dict, Remote, memory=memory)


def memory_budget(settings: Settings, hardware: Hardware) -> int:
    """Bytes of RAM that weights may take."""
    return settings.memory_budget or int(hardware.ram * SHARE_OF_MEMORY) or 4_000_000_000


def budgets(settings: Settings, hardware: Hardware) -> dict[str, int]:
    """Bytes that weights may take, by device."""
    cards = {f"cuda:{number}": int(memory * SHARE_OF_GPU) for number, (_, memory) in enumerate(hardware.gpus)}
    return {"cpu": memory_budget(settings, hardware), **cards}


def users(art: Set[str], may: Callable[[Model], bool] = everything) -> Callable[[Model], bool]:
    """Whether something in this file runs a catalogue entry. art: ids of the sets the illustrator draws from.

    may: whether the card of an experimental model lets it be used.
    """
    by_task: dict[Task, Set[str]] = {
        Task.EMBEDDING: {SENTENCES},
        Task.SPEECH: {kokoro.MODEL, hibari.MODEL, bark.MODEL},
        Task.RECOGNITION: {recognition.MODEL},
        Task.SOUNDFONT: {music.MODEL},
        Task.FONT: {CJK_FONT},
        Task.CAPTION: {"smolvlm-500m-instruct", "smolvlm-256m-instruct"},
        Task.ART: art,
        Task.UPSCALE: {UPSCALE_MODEL},
        Task.CUTOUT: {CUTOUT_MODEL},
        Task.DEPTH: {DEPTH_MODEL},
        Task.SAFETY: {NUDITY_MODEL},
    }

    def runs(model: Model) -> bool:
        if model.task is Task.CHAT:
            return chat_runs(model)
        if model.task is Task.PICTURE:  # every one is a diffusers folder, and each has its Diffusion
            return may(model)
        if model.task is Task.SPEECH and model.family in NETWORKS:
            return True
        if model.task in (Task.PICTURE_PARTS, Task.LORA, Task.TEXTUAL_INVERSION, Task.CONTROLNET, Task.IP_ADAPTER):
            return True  # a picture may lean on any
        return model.id in by_task.get(model.task, frozenset())

    return runs


class InstalledEmbedder:
    """A sentence embedder as it is installed now: built at first use, because a model may be pulled later."""

    def __init__(self, store: ModelStore, devices: Devices, model_id: str = SENTENCES) -> None:
        self._store = store
        self._devices = devices
        self._id = model_id

    @property
    def model(self) -> ModelRef:
        return self._store.ref(self._id)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Raises ModelMissing while the model is not installed."""
        kind = MiniLmEmbedder if self._id == SENTENCES else E5Embedder
        return kind(self._store.folder(self._id), self.model, self._devices).embed(texts)


def embedder_for(store: ModelStore, devices: Devices, language: str) -> InstalledEmbedder | None:
    """The installed embedder that reads a language: the English one, or the one for many languages. None while it is not there."""
    model_id = SENTENCES if language.split("-")[0] == "en" else SENTENCES_OF_MANY
    return InstalledEmbedder(store, devices, model_id) if store.ready(model_id) else None
