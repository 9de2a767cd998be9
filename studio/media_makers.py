"""Makers of media: what an agent prepares, and the pipeline that makes it. Also which of several makers a step gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from agents.checks.step import step_findings
from agents.writers.calls import Desk
from agents.writers.copy import require_copy
from agents.writers.effect import prepare_effect, require_effect
from agents.writers.layout import prepare_layout
from agents.writers.looks import described, drawn
from agents.writers.mix import prepare_mix
from agents.writers.scene import draft_scene, require_picture
from agents.writers.scene_prompt import beside_reference, prepare_prompt, preset_notes
from agents.writers.score import prepare_score
from agents.writers.shorter import fitted
from agents.writers.spoken import Voice, prepare_speech
from domain.brand import BrandKit
from domain.capability import Capability, StepKind
from domain.chat import ChatModel
from domain.context import StepContext
from domain.errors import InputError, LimitError
from domain.finding import Finding
from domain.picture import PictureTask
from domain.plan import Step
from domain.progress import Progress, Watched
from domain.said import Said
from domain.scene import Scene
from domain.specs import CopySpec, CutoutSpec, PictureSpec, SoundSpec, UpscaleSpec
from domain.take import Prepared
from domain.value import JsonValue
from pipelines.audio.voices import VoiceCatalogue
from pipelines.executors.executor import Executor
from pipelines.image.illustration.cast import MOST
from pipelines.image.illustration.relations import check
from pipelines.pipeline import Pipeline
from pipelines.text.chats import Chats
from studio.likeness import KeepAlike, in_words
from studio.makers import Maker, no_company

Prepare = Callable[[StepContext, Progress], Prepared]
_LAYERED = "The source is a drawing: its own cut-out is exact, made of its layers (Take out on its card)."
_DRAWN = "The source is a drawing: it can be taken out sharp at any size without enlarging (Take out on its card)."


def media_maker(pipeline: Pipeline, prepare: Prepare, executor: Executor, *, lane: str, name: str = "", asks_chat: bool = False) -> Maker:
    """A maker whose pipeline runs where the executor says; `pipeline` here answers what it can do, and loads nothing.

    name: for one of several instances of a pipeline ("diffusion/sdxl"); the pipeline's own otherwise.
    """
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
        make=partial(executor.generate, own),
        prepares_with_chat=asks_chat,
        company=getattr(pipeline, "company", no_company),
    )


class Preparations:
    """How each kind of media step is prepared. With no chat model installed, rules alone prepare it."""

    def __init__(self, chats: Chats, desk: Desk, voices: Callable[[], tuple[Voice, ...]], keep_alike: KeepAlike = in_words) -> None:
        """keep_alike: how the characters that a picture names are kept alike."""
        self._chats = chats
        self._desk = desk
        self._voices = voices
        self._keep_alike = keep_alike

    def require(self, step: Step, brand: BrandKit) -> None:
        """Raise what making the step could only raise later: a picture's wishes, a channel or framework there is none of."""
        if isinstance(step.spec, PictureSpec):
            require_picture(step.spec, self._desk, brand.name)
            if step.spec.preset:
                self._desk.presets.get(step.spec.preset)
            if step.spec.prompt.strip():
                _require_prompt(step.spec, self._desk, brand.name)
            if step.spec.scene is not None:
                _require_composable(step.spec.scene)
        if isinstance(step.spec, SoundSpec):
            require_effect(step.spec, self._desk)
        if isinstance(step.spec, CopySpec):
            require_copy(step.spec, self._desk)

    def remarks(self, step: Step, brand: BrandKit) -> tuple[Finding, ...]:
        """What a person should know of the step before it is made; it stops nothing."""
        return step_findings(step.spec, brand, self._desk.channels, self._desk.words)

    def scene(self, context: StepContext, progress: Progress) -> Prepared:
        spec = _picture(context)
        _require_drawable(spec)
        kept = self._keep_alike(context)
        context, notes = drawn(described(context), self._desk)
        drafted = draft_scene(context, self._chat(), Watched(progress), self._desk)
        scene = drafted.scene
        parameters: dict[str, JsonValue] = {"scene": scene.model_dump(mode="json"), "width": spec.width, "height": spec.height}
        return Prepared(
            prompt=", ".join(s.what for s in (*scene.subjects, *scene.props)) or spec.about,
            parameters=parameters,
            notes=(*notes, *drafted.notes, *kept.notes),
        )

    def prompt(self, context: StepContext, progress: Progress) -> Prepared:
        kept = self._keep_alike(context)
        context = described(context)
        parameters = (
            prepare_prompt(context, self._chat(), self._desk, Watched(progress)) | _picture(context).leans_on | dict(kept.parameters)
        )
        prompt = str(parameters.get("prompt", ""))
        if kept.beside:
            parameters["prompt"] = prompt = beside_reference(prompt, self._desk)
        return Prepared(prompt=prompt, parameters=parameters, notes=(*preset_notes(context, self._desk), *kept.notes))

    def score(self, context: StepContext, progress: Progress) -> Prepared:
        score = prepare_score(context, self._chat(), Watched(progress), self._desk)
        about = f"{score.mood.value}, {score.tempo} BPM, {score.key}, {score.seconds:g} s"
        return Prepared(prompt=about, parameters={"score": score.model_dump(mode="json")})

    def effect(self, context: StepContext, progress: Progress) -> Prepared:
        chosen = prepare_effect(context, self._chat(), Watched(progress), self._desk)
        return Prepared(prompt=chosen.name, parameters={"effect": chosen.effect.model_dump(mode="json")}, notes=chosen.notes)

    def mix(self, context: StepContext, progress: Progress) -> Prepared:
        mix = prepare_mix(context, self._desk)
        return Prepared(prompt="\n".join(mix.lines), parameters={"mix": mix.model_dump(mode="json")})

    def speech(self, context: StepContext, progress: Progress) -> Prepared:
        spoken = fitted(prepare_speech(context, self._voices(), self._desk), context, self._chat, Watched(progress), self._desk)
        return Prepared(prompt=spoken.text, parameters=spoken.parameters, maker=spoken.maker, notes=spoken.notes)

    def upscale(self, context: StepContext, progress: Progress) -> Prepared:
        spec = context.spec
        if not isinstance(spec, UpscaleSpec):
            raise InputError("An enlargement was to be prepared from a {kind} step.", field="spec.kind", kind=spec.kind)
        drawn = any(given.drawn for given in context.inputs if given.role == "source")
        parameters: dict[str, JsonValue] = {"scale": spec.scale, "style": spec.style, "drawn": drawn}
        return Prepared(prompt=f"{spec.scale}x", parameters=parameters, notes=(Said.of(_DRAWN),) if drawn else ())

    def cutout(self, context: StepContext, progress: Progress) -> Prepared:
        spec = context.spec
        if not isinstance(spec, CutoutSpec):
            raise InputError("A cut-out was to be prepared from a {kind} step.", field="spec.kind", kind=spec.kind)
        drawn = any(given.drawn for given in context.inputs if given.role == "source")
        parameters: dict[str, JsonValue] = {"edge": spec.edge, "background": spec.background}
        return Prepared(prompt="cut-out", parameters=parameters, notes=(Said.of(_LAYERED),) if drawn else ())

    def layout(self, context: StepContext, progress: Progress) -> Prepared:
        parameters = prepare_layout(context)
        return Prepared(prompt=str(parameters.get("headline", "")), parameters=parameters)

    def _chat(self) -> ChatModel | None:
        return self._chats.current() if self._chats.available() else None


def _require_prompt(spec: PictureSpec, desk: Desk, own: str) -> None:
    """A finished prompt may ask for no more than a wish may. Raises InputError, ContentRefused at its field."""
    try:
        require_picture(spec.model_copy(update={"about": spec.prompt, "scene": None}), desk, own)
    except InputError as error:
        error.field = "prompt"
        raise


def _require_drawable(spec: PictureSpec) -> None:
    """The illustrator draws from words; what it cannot do it does not do otherwise. Raises InputError at the task."""
    task = spec.task or (PictureTask.INPAINT if any(one.role == "mask" for one in spec.attached) else PictureTask.TEXT)
    if task is not PictureTask.TEXT:
        hint = "Fetch a picture model in Settings, Models, or make it from words alone."
        raise InputError("The illustrator cannot do the task {task}.", hint=hint, field="task", task=repr(task.value))


def _require_composable(scene: Scene) -> None:
    """What the composer could only refuse when it draws. Raises InputError, LimitError at the field."""
    check(scene)
    count = sum(thing.count for thing in (*scene.subjects, *scene.props))
    if count > MOST:
        hint = "Lower the numbers; the arrangement “crowd” makes few look like many."
        raise LimitError(
            "The scene asks for {count} things; one picture shows {most} at most.",
            hint=hint,
            field="scene.subjects",
            count=count,
            most=MOST,
        )


def voices_of(catalogue: VoiceCatalogue, engines: frozenset[str]) -> tuple[Voice, ...]:
    """The voices of the engines that are installed, as agents know them."""
    return tuple(Voice.model_validate(v.model_dump(include=set(Voice.model_fields))) for v in catalogue.voices if v.engine in engines)


def preference(picture: Callable[[Step], str]) -> Callable[[Step, BrandKit], str]:
    """Which maker a step gets where several could make it. A voice's engine is decided while preparing.

    picture: the maker of a picture step.
    """
    table: Mapping[StepKind, Callable[[Step], str]] = {StepKind.PICTURE: picture}

    def prefer(step: Step, brand: BrandKit) -> str:
        return table[step.kind](step) if step.kind in table else ""

    return prefer


def _picture(context: StepContext) -> PictureSpec:
    if not isinstance(context.spec, PictureSpec):
        raise InputError("A picture was to be prepared from a {kind} step.", field="spec.kind", kind=context.spec.kind)
    return context.spec
