"""Makers of media: what an agent prepares, and the pipeline that makes it. Also which of several makers a step gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agents.writers.layout import prepare_layout
from agents.writers.scene import prepare_prompt, prepare_scene
from agents.writers.score import prepare_score
from agents.writers.spoken import VoiceChoice, prepare_speech
from domain.brand import BrandKit
from domain.capability import Capability, StepKind
from domain.chat import ChatModel
from domain.context import StepContext
from domain.errors import InputError
from domain.plan import Step
from domain.progress import CancelToken, Progress
from domain.specs import PictureSpec, SpeechSpec
from domain.take import Prepared
from domain.value import JsonValue
from pipelines.audio.voices import VoiceCatalogue
from pipelines.pipeline import Pipeline
from pipelines.text.chats import Chats
from studio.makers import Maker

Prepare = Callable[[StepContext, Progress], Prepared]


class Watched(CancelToken):
    """A CancelToken that asks the Progress it was made from: agents know tokens, makers are handed Progress."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def check(self) -> None:
        self._progress.check()


def media_maker(pipeline: Pipeline, prepare: Prepare, *, lane: str, name: str = "", asks_chat: bool = False) -> Maker:
    """name: for one of several instances of a pipeline ("diffusion/sdxl"); the pipeline's own otherwise."""
    own = name or pipeline.name

    def capability() -> Capability | None:
        offered = pipeline.capability()
        return offered.model_copy(update={"maker": own}) if offered is not None else None

    return Maker(
        kind=pipeline.kind,
        name=own,
        version=pipeline.version,
        lane=lane,
        prepare=prepare,
        models=pipeline.models,
        capability=capability,
        make=pipeline.generate,
        prepares_with_chat=asks_chat,
    )


class Preparations:
    """How each kind of media step is prepared. With no chat model installed, rules alone prepare it."""

    def __init__(self, chats: Chats, voices: VoiceCatalogue) -> None:
        self._chats = chats
        self._voices = tuple(
            VoiceChoice(name=v.name, engine=v.engine, language=v.language, gender=v.gender, tone=v.tone, default=v.default)
            for v in voices.voices
        )

    def scene(self, context: StepContext, progress: Progress) -> Prepared:
        spec = _picture(context)
        scene = prepare_scene(context, self._chat(), Watched(progress))
        parameters: dict[str, JsonValue] = {"scene": scene.model_dump(mode="json"), "width": spec.width, "height": spec.height}
        return Prepared(prompt=", ".join(s.what for s in (*scene.subjects, *scene.props)) or spec.about, parameters=parameters)

    def prompt(self, context: StepContext, progress: Progress) -> Prepared:
        parameters = prepare_prompt(context, self._chat())
        return Prepared(prompt=str(parameters.get("prompt", "")), parameters=parameters)

    def score(self, context: StepContext, progress: Progress) -> Prepared:
        score = prepare_score(context, self._chat(), Watched(progress))
        about = f"{score.mood.value}, {score.tempo} BPM, {score.key}, {score.seconds:g} s"
        return Prepared(prompt=about, parameters={"score": score.model_dump(mode="json")})

    def speech(self, context: StepContext, progress: Progress) -> Prepared:
        parameters = prepare_speech(context, self._voices)
        return Prepared(prompt=str(parameters.get("text", "")), parameters=parameters)

    def layout(self, context: StepContext, progress: Progress) -> Prepared:
        parameters = prepare_layout(context)
        return Prepared(prompt=str(parameters.get("headline", "")), parameters=parameters)

    def _chat(self) -> ChatModel | None:
        return self._chats.current() if self._chats.available() else None


def preference(voices: VoiceCatalogue, picture_model: Callable[[], str]) -> Callable[[Step, BrandKit], str]:
    """Which maker a step gets: a voice belongs to one engine, a person chose a picture model.

    picture_model: id of the chosen diffusion model, "" for the illustrator.
    """

    def speech(step: Step, brand: BrandKit) -> str:
        spec = step.spec
        if not isinstance(spec, SpeechSpec):
            return ""
        cast = next((member.voice for member in brand.cast if member.name == (spec.character or "narrator")), "")
        wanted = spec.voice or cast
        if not wanted:
            return ""
        try:
            return voices.get(wanted).engine
        except InputError:
            return ""  # the maker itself says which voices are near

    def picture(step: Step, brand: BrandKit) -> str:
        chosen = picture_model()
        return f"diffusion/{chosen}" if chosen else "illustrator"

    table: Mapping[StepKind, Callable[[Step, BrandKit], str]] = {StepKind.SPEECH: speech, StepKind.PICTURE: picture}

    def prefer(step: Step, brand: BrandKit) -> str:
        chosen = table.get(step.kind)
        return chosen(step, brand) if chosen is not None else ""

    return prefer


def _picture(context: StepContext) -> PictureSpec:
    if not isinstance(context.spec, PictureSpec):
        raise InputError(f"A picture was to be prepared from a {context.spec.kind} step.", field="spec.kind")
    return context.spec
