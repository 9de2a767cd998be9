"""The voices of this machine: find one, hear a sample of it, hear how a word of the lexicon would be said; the cast sheet of a project.

studio.casting.find(language="en", gender="female")     -> voices, with whether their engine is installed
studio.casting.sample("af_heart*0.5+bm_george*0.5")     -> a WAV, made once and kept in the cache
studio.casting.audition(project_id, text, voice)        -> a WAV with the project's lexicon, as it leaves; not kept in the library
studio.casting.propose(project_id, people, "en")        -> members for those without a voice; nothing is stored
studio.casting.cast(project_id, member)                 -> the sheet with this member
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from agents.writers.calls import Desk
from agents.writers.cast_voices import propose_cast
from agents.writers.spoken import Voice as Offered
from agents.writers.spoken import prepare_speech
from domain.asset import Asset, FileRef
from domain.brand import BrandKit, CastMember
from domain.capability import StepKind
from domain.context import StepContext
from domain.dialogue import Character
from domain.errors import InputError, LimitError, ModelMissing, NotFound
from domain.people import AuditEntry
from domain.progress import Progress, Silent
from domain.recipe import InputFile, InputRef, Output, Recipe, Work
from domain.specs import SpeechSpec
from domain.value import JsonValue, Value, content_hash
from library.library import Library
from pipelines.audio import text as speakable
from pipelines.audio.voices import Voice, VoiceCatalogue, taken_over
from studio.caching import put
from studio.consents import Consents
from studio.labelling import Labeller, Leaving
from studio.makers import Generate
from studio.projects import Projects

AUDITION_MAX = 300
CAST_MAX = 40
_SAMPLE_SEED = 1
_AUDITIONED = "audition"
_TITLE_CHARACTERS = 80


def _now() -> datetime:
    return datetime.now(UTC)


class Found(Value):
    """A voice of the catalogue. installed: its engine can speak now."""

    voice: Voice
    installed: bool


class VoicesDesk:
    """Args:
    installed: names of the engines that can speak now.
    offered: the voices of those engines, as agents know them.
    speak: an executor's generate, by engine name.
    version: of an engine by name; a sample is made again when it changes.
    cache: folder of samples, rebuildable.
    consents: whose voices may be taken over from recordings.
    labelling: marks and signs what is handed out. screen: (project id, words) raises ContentRefused for what is not spoken at once.
    """

    def __init__(
        self,
        library: Library,
        projects: Projects,
        catalogue: VoiceCatalogue,
        installed: Callable[[], frozenset[str]],
        offered: Callable[[], tuple[Offered, ...]],
        speak: Callable[[str], Generate],
        version: Callable[[str], int],
        desk: Desk,
        cache: Path,
        consents: Consents,
        labelling: Labeller,
        screen: Callable[[str, str], None],
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._library = library
        self._projects = projects
        self._catalogue = catalogue
        self._installed = installed
        self._offered = offered
        self._speak = speak
        self._version = version
        self._desk = desk
        self._cache = cache
        self._consents = consents
        self._labelling = labelling
        self._screen = screen
        self._clock = clock
        self._samples: dict[str, str] = tomllib.loads((desk.folder / "speaking" / "samples.toml").read_text(encoding="utf-8"))

    # Voices

    def find(
        self, *, engine: str = "", language: str = "", gender: str = "", age: str = "", tone: str = "", licence: str = ""
    ) -> tuple[Found, ...]:
        """All voices that match what is given, in the catalogue's order; of a language the exact accent first."""
        installed = self._installed()
        voices = self._catalogue.of(engine, language, gender, age=age, tone=tone, licence=licence)
        return tuple(Found(voice=voice, installed=voice.engine in installed) for voice in voices)

    def sample(self, voice: str, progress: Progress | None = None) -> Path:
        """A WAV of a voice or blend. Raises InputError for an unknown voice naming near ones, ModelMissing for an engine not installed."""
        if taken_over(voice):
            raise InputError("A voice taken over from a recording has no sample.", hint="Audition it in its project.", field="voice")
        blend = self._catalogue.blend(voice)
        one = blend[0][0]
        self._require_installed(one)
        said = self._samples.get(one.language.split("-")[0], self._samples["en"])
        name = "+".join(f"{part.name}*{weight:.3f}" for part, weight in blend) if len(blend) > 1 else one.name
        file = self._cache / f"{content_hash(f'{one.engine}/{self._version(one.engine)}/{name}/{said}')[:20]}.wav"
        if not file.is_file():
            output = self._spoken(one, said, name, {}, progress or Silent())
            put(file, output.main.read())
        return file

    def audition(
        self,
        project_id: str,
        text: str,
        voice: str,
        *,
        word: str = "",
        spelling: str = "",
        speed: float = 1.0,
        style: str = "",
        person: str = "",
    ) -> Leaving:
        """A few words as a character with this voice, speed and style would say them, with the project's lexicon and, to be tried, one
        more entry of it: labelled and signed, for it leaves at once. The library keeps nothing but an audit entry, of a borrowed voice.

        Raises InputError for an unknown voice or nothing to say, LimitError over 300 characters, ContentRefused for words that a step would
        have refused or held, NotAllowed, ModelMissing, LabelError.
        """
        if len(text) > AUDITION_MAX:
            raise LimitError(
                "An audition has {audition_max} characters at most; these are {count}.",
                hint="Shorten it.",
                field="text",
                audition_max=AUDITION_MAX,
                count=len(text),
            )
        reference = self.require(project_id, voice)
        offered = self._offered()
        language = next((one.language for one in offered if one.name == voice), "") or self._catalogue.blend(voice)[0][0].language
        lexicon = {**self._projects.get(project_id).brand.lexicon, **({word: spelling} if word.strip() and spelling.strip() else {})}
        self._require_sayable(project_id, text, lexicon)
        # Prepared as a line of the cast is, so that what is heard here is what later lines will be.
        member = CastMember(name=_AUDITIONED, voice=voice, speed=speed, style=style)
        spec = SpeechSpec(text=text, language=language.split("-")[0], character=_AUDITIONED)
        ready = prepare_speech(StepContext(spec=spec, brand=BrandKit(cast=(member,), lexicon=lexicon)), offered, self._desk)
        recipe = self._recipe(ready.maker, ready.parameters, reference)
        made = self._labelled(project_id, text, recipe, person)
        if reference is not None:
            told: dict[str, JsonValue] = {"id": _id_of(recipe), "recording": reference.sha256, "sha256": made.sha256}
            entry = AuditEntry(
                person=person, action="voice_borrowed", project_id=project_id, subject=voice[:200], data=told, created=self._clock()
            )
            self._library.audit(entry)
        return made

    def _require_sayable(self, project_id: str, text: str, lexicon: Mapping[str, str]) -> None:
        """Both what is written and what is heard: a lexicon can put any words in the place of others."""
        for words in dict.fromkeys((text, speakable.respell(speakable.clean(text), lexicon))):
            self._screen(project_id, words)

    def _labelled(self, project_id: str, text: str, recipe: Recipe, person: str) -> Leaving:
        output = self._generated(recipe)
        file = output.main
        data = file.read()
        ref = FileRef(name=file.name, media_type=file.media_type, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        spoken = Asset(
            id=_id_of(recipe),
            project_id=project_id,
            title=" ".join(text.split())[:_TITLE_CHARACTERS],
            files=(ref,),
            recipe=recipe,
            credits=output.credits,
            person=person,
            created=self._clock(),
        )
        return self._labelling.given(spoken, file.name, file.media_type, data)

    def same(self, one: str, other: str) -> bool:
        """Whether two names are the same voice, or blends of the same voices in the same shares: "bella" is "af_bella"."""
        return self._known(one) == self._known(other)

    def differs(self, brand: BrandKit, spec: SpeechSpec, note: str, made: Mapping[str, JsonValue]) -> bool:
        """Whether a line would be spoken otherwise now than it was: other words, lexicon or speed, another voice of its character.

        note: what was asked of the take. made: the parameters of its recipe.
        """
        try:
            now = prepare_speech(StepContext(spec=spec, brand=brand, note=note), self._offered(), self._desk)
        except InputError:  # nobody speaks as the sheet says any more
            return True
        wanted = spec.character.strip().casefold() or "narrator"
        named = spec.voice or next((one.voice for one in brand.cast if one.name.strip().casefold() == wanted), "")
        other_voice = bool(named) and not self.same(now.voice, str(made.get("voice", "")))
        return other_voice or any(made.get(name) != now.parameters[name] for name in ("text", "lexicon", "speed"))

    def _known(self, name: str) -> frozenset[tuple[str, float]]:
        try:
            return frozenset((voice.name, round(weight, 3)) for voice, weight in self._catalogue.blend(name))
        except InputError:  # of an engine without names, or of a voice that is not in the catalogue any more
            return frozenset({(name.strip().casefold(), 1.0)})

    def _spoken(self, voice: Voice, text: str, name: str, lexicon: dict[str, str], progress: Progress) -> Output:
        parameters: dict[str, JsonValue] = {"text": text, "voice": name, "language": voice.language, "speed": 1.0, "lexicon": dict(lexicon)}
        return self._generated(self._recipe(voice.engine, parameters), progress)

    def _recipe(self, engine: str, parameters: Mapping[str, JsonValue], reference: InputRef | None = None) -> Recipe:
        return Recipe(
            kind=StepKind.SPEECH,
            maker=engine,
            maker_version=self._version(engine),
            parameters=dict(parameters),
            seed=_SAMPLE_SEED,
            inputs=(reference,) if reference is not None else (),
        )

    def _generated(self, recipe: Recipe, progress: Progress | None = None) -> Output:
        opened = tuple(InputFile(role=r.role, path=self._library.file_path(r.sha256), media_type=r.media_type) for r in recipe.inputs)
        return self._speak(recipe.maker)([Work(recipe, opened)], progress or Silent())[0]

    def require(self, project_id: str, voice: str) -> InputRef | None:
        """The recording of a voice that is taken over from one, None for a voice of the catalogue.

        Raises InputError for a voice there is none of, naming near ones; ModelMissing where its engine is not installed; NotAllowed
        where no consent lets the voice be used in this project now.
        """
        reference = self._consents.borrow(project_id, voice)
        if reference is None:
            self._require_installed(self._catalogue.blend(voice)[0][0])
        else:
            self._consents.require_engine((taken_over(voice) or ("", ""))[0])
        return reference

    def _require_installed(self, voice: Voice) -> None:
        if voice.engine not in self._installed():
            raise ModelMissing(
                "{voice} speaks through {engine}, which is not installed.",
                hint="Pull it on the Models page.",
                voice=voice.name,
                engine=voice.engine,
            )

    # The cast sheet

    def sheet(self, project_id: str) -> tuple[CastMember, ...]:
        return self._projects.get(project_id).brand.cast

    def propose(self, project_id: str, people: Sequence[Character], language: str) -> tuple[CastMember, ...]:
        """A member for each of the people the sheet does not have; nothing is stored."""
        return propose_cast(people, language, self._offered(), self.sheet(project_id), self._desk)

    def cast(self, project_id: str, *members: CastMember) -> tuple[CastMember, ...]:
        """Put members on the sheet, in the place of those of the same name. Returns the sheet.

        Raises InputError for a voice there is none of, LimitError over 40 members, NotAllowed for a voice without a consent that holds.
        """
        for member in members:
            if self._consents.borrow(project_id, member.voice) is None:
                self._catalogue.blend(member.voice)
        names = {member.name.strip().casefold() for member in members}
        if len(names) < len(members):
            raise InputError("Two members have one name.", hint="Name each character once.", field="name")

        def sheet(before: tuple[CastMember, ...]) -> tuple[CastMember, ...]:
            new = {member.name.strip().casefold(): member for member in members}
            after = tuple(new.pop(one.name.strip().casefold(), one) for one in before) + tuple(new.values())
            if len(after) > CAST_MAX:
                raise LimitError(
                    "A cast sheet has {cast_max} characters at most.", hint="Take some off first.", field="cast", cast_max=CAST_MAX
                )
            return after

        return self._projects.change_cast(project_id, sheet).brand.cast

    def dismiss(self, project_id: str, name: str) -> tuple[CastMember, ...]:
        """Take a character off the sheet. Raises NotFound."""
        wanted = name.strip().casefold()

        def sheet(before: tuple[CastMember, ...]) -> tuple[CastMember, ...]:
            after = tuple(one for one in before if one.name.strip().casefold() != wanted)
            if len(after) == len(before):
                known = ", ".join(one.name for one in before) or "nobody"
                raise NotFound("The cast sheet has no {name}.", hint="On it: {known}.", name=repr(name[:60]), known=known)
            return after

        return self._projects.change_cast(project_id, sheet).brand.cast

    def put_word(self, project_id: str, word: str, spelling: str) -> dict[str, str]:
        """An entry of the project's lexicon; an empty spelling takes it out. Returns the lexicon."""
        word, spelling = word.strip(), spelling.strip()
        if not word:
            raise InputError("The entry has no word.", hint="Say which word is meant.", field="word")

        def lexicon(before: dict[str, str]) -> dict[str, str]:
            kept = {key: value for key, value in before.items() if key.casefold() != word.casefold()}
            return {**kept, word: spelling} if spelling else kept

        return self._projects.change_lexicon(project_id, lexicon).brand.lexicon


def _id_of(recipe: Recipe) -> str:
    """What the label of an audition names it by: the same words in the same voice have the same id."""
    return f"{_AUDITIONED}-{recipe.sha256[:24]}"
