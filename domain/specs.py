"""The typed spec of each step kind that has a maker. A new kind adds its spec here and nowhere else on this floor."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from domain.brand import HEX_COLOUR
from domain.capability import StepKind
from domain.dialogue import VARIABLE_NAME, Character, Variable, type_of
from domain.lore import LoreForm, WorldSheet
from domain.music import MusicForm
from domain.picture import AttachedPicture, Concept, Control, Expand, Likeness, Lora, PictureTask, Share, Shortcut
from domain.scene import Scene
from domain.value import JsonValue, Value


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("only blanks")
    return text


def _relates_what_is_there(scene: Scene) -> Scene:
    there = len(scene.subjects) + len(scene.props)
    for number, relation in enumerate(scene.relations):
        if max(relation.of, relation.to) >= there or relation.of == relation.to:
            raise ValueError(f"relation {number} joins things that are not in the scene")
    return scene


Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
About = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_says_something)]
Colour = Annotated[str, Field(pattern=HEX_COLOUR.pattern)]
Pixels = Annotated[int, Field(ge=64, le=4096)]


class CopyField(Value):
    """One slot of a copy item: `count` alternatives of at most `max_chars`.

    max_chars counts Unicode code points; in a step with a channel, what the channel's field counts (agents/channels.py).
    """

    name: str = Field(min_length=1, max_length=40)
    max_chars: int = Field(ge=2, le=3000)
    count: int = Field(default=1, ge=1, le=12)


class StepSpec(Value):
    """What every spec can say of itself."""

    @property
    def work_size(self) -> float:
        """What the cost of making it grows with (characters, words, nodes, pixels, seconds). Above zero."""
        raise NotImplementedError


class CopySpec(StepSpec):
    """channel: id of a file in assets/channels, whose limits then hold; "" for none. framework: id in assets/frameworks.toml.

    variants: how many sets (A, B, ...) that each take another angle.
    """

    kind: Literal[StepKind.COPY] = StepKind.COPY
    about: About
    language: Language = "en"
    fields: tuple[CopyField, ...] = Field(
        default=(
            CopyField(name="headline", max_chars=30, count=3),
            CopyField(name="body", max_chars=90, count=2),
            CopyField(name="cta", max_chars=20),
        ),
        min_length=1,
        max_length=12,
    )
    angle: str = Field(default="", max_length=200)
    tone: str = Field(default="", max_length=120)
    channel: str = Field(default="", max_length=40)
    framework: str = Field(default="", max_length=40)
    variants: int = Field(default=1, ge=1, le=6)
    reading_level: Literal["", "plain", "general", "expert"] = ""

    @property
    def work_size(self) -> float:
        return self.variants * float(sum(field.count * min(field.max_chars, 240) for field in self.fields))


class ArticleSpec(StepSpec):
    """form "script" is a voice-over text to be spoken, "treatment" a short film told in prose. Forms are data: assets/forms."""

    kind: Literal[StepKind.ARTICLE] = StepKind.ARTICLE
    about: About
    language: Language = "en"
    form: Literal["news", "press_release", "blog", "newsletter", "product_page", "poem", "treatment", "script", "lore"] = "news"
    words: int = Field(default=180, ge=20, le=1500)
    tone: str = Field(default="", max_length=120)

    @property
    def work_size(self) -> float:
        return float(self.words)


class ScriptSpec(StepSpec):
    """A script to be shot or recorded. seconds: the running time, which the parts sum to. speakers empty: the form's own."""

    kind: Literal[StepKind.SCRIPT] = StepKind.SCRIPT
    about: About
    language: Language = "en"
    form: Literal["ad", "podcast", "film"] = "ad"
    seconds: int = Field(default=30, ge=5, le=1800)
    speakers: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] = Field(default=(), max_length=6)
    tone: str = Field(default="", max_length=120)

    @property
    def work_size(self) -> float:
        return float(self.seconds)


class TranslationSpec(StepSpec):
    """language: of the result. text: what to translate, or a string table (CSV or JSON); empty: the input in role "source", else the
    attached file `file`, else the first attached string table. expansion: the most a line may grow, as a share of its length
    (0: as usual for the two languages)."""

    kind: Literal[StepKind.TRANSLATION] = StepKind.TRANSLATION
    about: str = Field(default="", max_length=2000)
    language: Language = "zh"
    source_language: Annotated[str, Field(pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$")] = ""
    text: str = Field(default="", max_length=200_000)
    file: str = Field(default="", max_length=120)
    expansion: float = Field(default=0.0, ge=0.0, le=10.0)

    @property
    def work_size(self) -> float:
        return float(len(self.text) or 1000)


def _each_variable_once(variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
    for variable in variables:
        if not VARIABLE_NAME.fullmatch(variable.name):
            raise ValueError(f"{variable.name!r} is no variable's name; use lower-case letters, digits and _, a letter first")
        if type_of(variable.start) != variable.type:
            raise ValueError(f"{variable.name} is a {variable.type} and cannot start as {variable.start!r}")
    if len({variable.name for variable in variables}) < len(variables):
        raise ValueError("two variables have one name")
    return variables


class DialogueSpec(StepSpec):
    """cast: more about some or all who speak (those in it need not stand in characters). variables: what the game remembers;
    the scene notices each in one line. world: what every line must agree with."""

    kind: Literal[StepKind.DIALOGUE] = StepKind.DIALOGUE
    about: About
    language: Language = "en"
    characters: tuple[str, ...] = Field(default=(), max_length=8)
    cast: tuple[Character, ...] = Field(default=(), max_length=8)
    world: WorldSheet = WorldSheet()
    variables: Annotated[tuple[Variable, ...], AfterValidator(_each_variable_once)] = Field(default=(), max_length=6)
    nodes: int = Field(default=6, ge=3, le=24)
    tone: str = Field(default="", max_length=120)

    @property
    def work_size(self) -> float:
        return float(self.nodes)


class LoreSpec(StepSpec):
    """form says what is written: barks by situation, a quest with stages and outcomes, items, places or people.

    world, cast: what it must agree with; cast is who lives there. characters: who barks, or first who gives the quest; empty takes those
    of the cast. situations: of barks; empty takes the usual ones. count: barks per situation, stages before the outcomes (2 at least),
    or entries.
    """

    kind: Literal[StepKind.LORE] = StepKind.LORE
    about: About
    language: Language = "en"
    form: LoreForm = "items"
    world: WorldSheet = WorldSheet()
    characters: tuple[Annotated[str, Field(min_length=1, max_length=60)], ...] = Field(default=(), max_length=4)
    cast: tuple[Character, ...] = Field(default=(), max_length=8)
    situations: tuple[Annotated[str, Field(min_length=1, max_length=80)], ...] = Field(default=(), max_length=12)
    count: int = Field(default=3, ge=1, le=12)
    tone: str = Field(default="", max_length=120)

    @property
    def work_size(self) -> float:
        sets = len(self.speaking or ("",)) * (len(self.situations) or 6) if self.form == "barks" else 1
        return float(self.count * sets)

    @property
    def speaking(self) -> tuple[str, ...]:
        """Who barks, four at most; () where neither characters nor cast say it."""
        return self.characters or tuple(dict.fromkeys(one.name for one in self.cast))[:4]


class PictureSpec(StepSpec):
    """margin is the side kept free for text. steps and guidance concern diffusion models only (0: the model's own).

    preset: id of a style in assets/presets, "" for none. prompt: a finished prompt for a diffusion model, which takes it as it stands
    instead of one written from `about`; "" lets it be written. seed: the same for every take; -1 gives each take its own.
    scene: a scene that a person edited, drawn as it stands instead of what `about` says; None reads the words. The rest concerns
    diffusion models only: task, None as the inputs say; strength, how far a picture it starts from is left, 0 the task's own; scheduler, ""
    the model's own; shortcuts, ways to be faster that change the picture; seamless, a tile whose opposite edges meet; and what it leans on
    (domain/picture.py). attached: pictures of the brief in a role, beside or instead of inputs of the plan.
    """

    kind: Literal[StepKind.PICTURE] = StepKind.PICTURE
    about: About
    width: Pixels = 1024
    height: Pixels = 1024
    style: str = Field(default="", max_length=120)
    preset: str = Field(default="", max_length=40)
    prompt: str = Field(default="", max_length=4000)
    palette: tuple[Colour, ...] = Field(default=(), max_length=8)
    margin: Literal["none", "left", "right", "top", "bottom"] = "none"
    negative: str = Field(default="", max_length=1000)
    steps: int = Field(default=0, ge=0, le=150)
    guidance: float = Field(default=0.0, ge=0.0, le=30.0)
    seed: int = Field(default=-1, ge=-1, lt=2**31)
    scene: Annotated[Scene, AfterValidator(_relates_what_is_there)] | None = None
    task: PictureTask | None = None
    strength: Share = 0.0
    scheduler: str = Field(default="", max_length=40)
    seamless: bool = False
    shortcuts: tuple[Shortcut, ...] = Field(default=(), max_length=2)
    expand: Expand = Expand()
    loras: tuple[Lora, ...] = Field(default=(), max_length=8)
    concepts: tuple[Concept, ...] = Field(default=(), max_length=8)
    controls: tuple[Control, ...] = Field(default=(), max_length=4)
    likeness: Likeness | None = None
    attached: tuple[AttachedPicture, ...] = Field(default=(), max_length=12)

    @property
    def work_size(self) -> float:
        return float(self.width * self.height)

    @property
    def leans_on(self) -> dict[str, JsonValue]:
        """Prepared parameters of what a diffusion picture leans on, without what is left at its default."""
        names = {"task", "strength", "scheduler", "shortcuts", "seamless", "expand", "loras", "concepts", "controls", "likeness"}
        return dict(self.model_dump(mode="json", include=names, exclude_defaults=True))


class UpscaleSpec(StepSpec):
    """A raster picture enlarged: the input in role "source", else the attached picture `file`, else the first attached one.

    scale: of each side. style: the network, for photographs, for drawings, or a fast one; "auto" decides by the source.
    """

    kind: Literal[StepKind.UPSCALE] = StepKind.UPSCALE
    about: str = Field(default="", max_length=2000)
    scale: Literal[2, 4] = 4
    style: Literal["auto", "photo", "drawing", "fast"] = "auto"
    file: str = Field(default="", max_length=120)

    @property
    def work_size(self) -> float:
        return float(self.scale**2)


class CutoutSpec(StepSpec):
    """The main thing of a raster picture without its background: the input in role "source", else the attached picture `file`, else the
    first attached one.

    edge: "soft" keeps hair and blur half seen, "hard" is one or the other. background: a colour instead of transparency, "" for none.
    """

    kind: Literal[StepKind.CUTOUT] = StepKind.CUTOUT
    about: str = Field(default="", max_length=2000)
    edge: Literal["soft", "hard"] = "soft"
    background: Annotated[str, Field(pattern=r"^(#[0-9a-fA-F]{6})?$")] = ""
    file: str = Field(default="", max_length=120)

    @property
    def work_size(self) -> float:
        return 1.0


class SpeechSpec(StepSpec):
    """text empty: the text of the input step in role "text" is spoken. voice empty: the cast or the language decides.

    line: id of the row of a string table that is spoken, "" for anything else.
    """

    kind: Literal[StepKind.SPEECH] = StepKind.SPEECH
    about: str = Field(default="", max_length=2000)
    text: str = Field(default="", max_length=5000)
    language: Language = "en"
    voice: str = Field(default="", max_length=120)
    character: str = Field(default="", max_length=60)
    speed: float = Field(default=1.0, ge=0.5, le=2.0)
    tone: str = Field(default="", max_length=120)
    seconds: float = Field(default=0.0, ge=0.0, le=600.0)
    line: str = Field(default="", max_length=80)

    @property
    def work_size(self) -> float:
        return float(len(self.text) or 200)


class MusicSpec(StepSpec):
    """tempo 0 and key "": chosen from the mood. seconds is exact. form "loop" also gives its layers of intensity as stems.

    intensity "": from the words. seed: the same for every take; -1: each take its own.
    """

    kind: Literal[StepKind.MUSIC] = StepKind.MUSIC
    about: About
    mood: str = Field(default="", max_length=60)
    tempo: int = Field(default=0, ge=0, le=220)
    seconds: float = Field(default=30.0, ge=2.0, le=300.0)
    key: str = Field(default="", max_length=12)
    form: MusicForm = "bed"
    intensity: Literal["", "low", "medium", "high"] = ""
    seed: int = Field(default=-1, ge=-1, le=2**31 - 1)

    @property
    def work_size(self) -> float:
        return self.seconds


class SoundSpec(StepSpec):
    """A sound effect. effect: an id of assets/effects.toml, "" reads the words. seconds 0: the effect's own length.

    loop: its end joins its beginning. variations: how many of it, each a little different. size, distance, pace: as domain/effect.py
    says; at 0, 0 and 1 the words decide. seed: the same for every take; -1: each take its own.
    """

    kind: Literal[StepKind.SOUND] = StepKind.SOUND
    about: About
    effect: str = Field(default="", max_length=40)
    seconds: float = Field(default=0.0, ge=0.0, le=60.0)
    loop: bool = False
    variations: int = Field(default=1, ge=1, le=8)
    size: float = Field(default=0.0, ge=-1.0, le=1.0)
    distance: float = Field(default=0.0, ge=0.0, le=1.0)
    pace: float = Field(default=1.0, ge=0.5, le=2.0)
    seed: int = Field(default=-1, ge=-1, le=2**31 - 1)

    @property
    def work_size(self) -> float:
        return (self.seconds or 2.0) * self.variations


class MixCue(Value):
    """When an effect sounds: `offset` seconds after the start (or the end) of a line, or of the whole mix for line 0.

    step: the id of its step. gain: dB beside its usual level.
    """

    step: str = Field(pattern=r"^sound-[0-9]+$")
    line: int = Field(default=0, ge=0, le=60)
    edge: Literal["start", "end"] = "start"
    offset: float = Field(default=0.0, ge=-30.0, le=600.0)
    gain: float = Field(default=0.0, ge=-40.0, le=12.0)


class MixSpec(StepSpec):
    """Voices in the order of their inputs, a bed and effects as one timed mix.

    seconds: its exact length, 0: as long as it comes. target: the loudness of a podcast (-16 LUFS), of streaming (-14) or of broadcast
    (-23). pause: seconds between two lines; below 0 they overlap. duck: dB the bed goes down by under a voice. cues: an effect without
    one is placed by itself.
    """

    kind: Literal[StepKind.MIX] = StepKind.MIX
    about: str = Field(default="", max_length=2000)
    language: Language = "en"
    seconds: float = Field(default=0.0, ge=0.0, le=600.0)
    target: Literal["podcast", "streaming", "broadcast"] = "podcast"
    pause: float = Field(default=0.35, ge=-3.0, le=10.0)
    duck: float = Field(default=10.0, ge=0.0, le=30.0)
    cues: tuple[MixCue, ...] = Field(default=(), max_length=40)

    @property
    def work_size(self) -> float:
        return self.seconds or 60.0


class LayoutSize(Value):
    name: str = Field(min_length=1, max_length=40)
    width: Pixels
    height: Pixels


class LayoutSpec(StepSpec):
    """One banner of one size. Takes an input in role "copy" and, where there is one, in role "picture".

    headline, body and cta override the copy's first alternatives when not empty.
    """

    kind: Literal[StepKind.LAYOUT] = StepKind.LAYOUT
    about: str = Field(default="", max_length=2000)
    size: LayoutSize = LayoutSize(name="master", width=1200, height=628)
    template: str = Field(default="", max_length=40)
    headline: str = Field(default="", max_length=200)
    body: str = Field(default="", max_length=400)
    cta: str = Field(default="", max_length=60)
    language: Language = "en"

    @property
    def work_size(self) -> float:
        return float(self.size.width * self.size.height)


Spec = Annotated[
    CopySpec
    | ArticleSpec
    | ScriptSpec
    | DialogueSpec
    | LoreSpec
    | TranslationSpec
    | PictureSpec
    | UpscaleSpec
    | CutoutSpec
    | SpeechSpec
    | MusicSpec
    | SoundSpec
    | MixSpec
    | LayoutSpec,
    Field(discriminator="kind"),
]

SPECS: dict[StepKind, type[StepSpec]] = {
    StepKind.COPY: CopySpec,
    StepKind.ARTICLE: ArticleSpec,
    StepKind.SCRIPT: ScriptSpec,
    StepKind.DIALOGUE: DialogueSpec,
    StepKind.LORE: LoreSpec,
    StepKind.TRANSLATION: TranslationSpec,
    StepKind.PICTURE: PictureSpec,
    StepKind.UPSCALE: UpscaleSpec,
    StepKind.CUTOUT: CutoutSpec,
    StepKind.SPEECH: SpeechSpec,
    StepKind.MUSIC: MusicSpec,
    StepKind.SOUND: SoundSpec,
    StepKind.MIX: MixSpec,
    StepKind.LAYOUT: LayoutSpec,
}

#: What an input in a role may come from, per kind: role -> kinds that can give it. A role not listed is refused.
ROLES: dict[StepKind, dict[str, frozenset[StepKind]]] = {
    StepKind.COPY: {"source": frozenset({StepKind.ARTICLE, StepKind.COPY, StepKind.DIALOGUE})},
    StepKind.ARTICLE: {"source": frozenset({StepKind.ARTICLE, StepKind.COPY})},
    StepKind.SCRIPT: {"source": frozenset({StepKind.ARTICLE, StepKind.COPY})},
    StepKind.TRANSLATION: {
        "source": frozenset({StepKind.COPY, StepKind.ARTICLE, StepKind.SCRIPT, StepKind.DIALOGUE}),
    },
    StepKind.DIALOGUE: {"source": frozenset({StepKind.ARTICLE, StepKind.LORE})},
    StepKind.LORE: {"source": frozenset({StepKind.ARTICLE, StepKind.DIALOGUE, StepKind.LORE})},
    StepKind.PICTURE: {
        **{role: frozenset({StepKind.PICTURE}) for role in ("reference", "mask", "control", "likeness")},
        "source": frozenset({StepKind.ARTICLE}),
    },
    StepKind.UPSCALE: {"source": frozenset({StepKind.PICTURE, StepKind.CUTOUT})},
    StepKind.CUTOUT: {"source": frozenset({StepKind.PICTURE, StepKind.UPSCALE})},
    StepKind.SPEECH: {"text": frozenset({StepKind.COPY, StepKind.ARTICLE, StepKind.SCRIPT, StepKind.DIALOGUE})},
    StepKind.MUSIC: {},
    StepKind.SOUND: {},
    StepKind.MIX: {
        "voice": frozenset({StepKind.SPEECH}),
        "bed": frozenset({StepKind.MUSIC}),
        "effect": frozenset({StepKind.SOUND}),
    },
    StepKind.LAYOUT: {"copy": frozenset({StepKind.COPY}), "picture": frozenset({StepKind.PICTURE})},
}

#: Kinds that are made of a picture that is there, of the plan or attached.
OF_PICTURES = (StepKind.UPSCALE, StepKind.CUTOUT)

#: Roles a kind cannot do without.
REQUIRED_ROLES: dict[StepKind, frozenset[str]] = {}
