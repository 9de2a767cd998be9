"""The mixes of a project as timelines: what sounds when on each track, how loud it came out, and what can be moved.

    studio.sound.mixes.all(project_id)                       -> the mix steps of all plans, the newest plan first
    studio.sound.mixes.timeline(plan_id, step_id, asset_id)  -> tracks of clips, subtitles, stems and versions of one mix

A clip that is moved or a level that is changed is a change of the step's cues: `plans.redo` mixes again, as a new version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, cast

from domain.asset import Asset
from domain.errors import NotFound
from domain.job import Job, JobState
from domain.mix import TARGETS, Cue, Mix
from domain.plan import Plan, Step
from domain.specs import MixSpec
from domain.value import Value
from library.library import AssetQuery, Library
from pipelines.audio.subtitles import captions
from studio.plans import Plans
from studio.shortening import able

Track = Literal["voice", "bed", "effect"]


class MixRow(Value):
    """A mix step. state: of its newest take, "" before the first; asset_id: of its newest version, "" while there is none.

    shortens: it failed, and the words of some of its voices can be asked for again in fewer.
    """

    plan_id: str
    step_id: str
    title: str
    state: str = ""
    why: str = ""
    progress: float = 0.0
    asset_id: str = ""
    shortens: bool = False


class Clip(Value):
    """One sound on a track. Times in seconds of the mix. step, asset_id and title: where it comes from.

    line, edge, offset and gain: the cue of an effect, as domain/specs.py: MixCue; placed: by the mixer, without a cue of its own.
    """

    track: Track
    step: str
    title: str
    asset_id: str
    start: float
    end: float
    text: str = ""
    line: int = 0
    edge: Literal["start", "end"] = "start"
    offset: float = 0.0
    gain: float = 0.0
    placed: bool = False


class Subtitle(Value):
    start: float
    end: float
    text: str


class Version(Value):
    asset_id: str
    version: int


class MixTimeline(Value):
    """One version of a mix. target: LUFS. stems: name -> number of the file of the asset. job: the newest take, as in MixRow."""

    mix: MixRow
    asset_id: str
    version: int
    seconds: float
    tempo: float
    lufs: float
    peak: float
    target: float
    on_target: bool
    spec: MixSpec
    clips: tuple[Clip, ...]
    subtitles: tuple[Subtitle, ...]
    stems: dict[str, int]
    versions: tuple[Version, ...]


class Timelines:
    def __init__(self, library: Library, plans: Plans) -> None:
        self._library = library
        self._plans = plans

    def all(self, project_id: str) -> tuple[MixRow, ...]:
        """Raises NotFound for a project there is none of."""
        project = self._library.project(project_id)
        return tuple(row for plan in self._plans.all(project.id) for row in self._rows(plan))

    def timeline(self, plan_id: str, step_id: str, asset_id: str = "") -> MixTimeline:
        """asset_id "": the newest version. Raises NotFound for a step that is no mix, was not made yet, or has no such version."""
        plan = self._plans.get(plan_id)
        step = plan.step(step_id)
        if not isinstance(step.spec, MixSpec):
            raise NotFound("{step_id} is a {kind} step and no mix.", hint="Choose a mix.", step_id=step_id, kind=step.kind.value)
        made = self._library.assets(AssetQuery(plan_id=plan_id, step_id=step_id, limit=200))
        asset = next((one for one in made if asset_id in ("", one.id)), None)
        if asset is None:
            raise NotFound("This mix has no such version.", hint="Make it first." if not made else "Choose one of its versions.")
        facts = asset.facts
        mix = Mix.model_validate(asset.recipe.parameters["mix"])
        lines = [(line, start, end) for line, (start, end) in zip(mix.lines, _spans(facts.get("voices")), strict=False) if line.strip()]
        row = next(row for row in self._rows(plan) if row.step_id == step_id)
        return MixTimeline(
            mix=row,
            asset_id=asset.id,
            version=asset.version,
            seconds=_number(facts, "seconds"),
            tempo=_number(facts, "tempo", 1.0),
            lufs=_number(facts, "lufs"),
            peak=_number(facts, "peak"),
            target=TARGETS[mix.target],
            on_target=bool(facts.get("on_target")),
            spec=step.spec,
            clips=tuple(self._clips(asset, mix)),
            subtitles=tuple(Subtitle(start=c.start, end=c.end, text=c.text) for c in captions(lines)),
            stems={file.name[5:].partition(".")[0]: n for n, file in enumerate(asset.files) if file.name.startswith("stem-")},
            versions=tuple(Version(asset_id=one.id, version=one.version) for one in made),
        )

    def _rows(self, plan: Plan) -> Iterator[MixRow]:
        mixes = [step for step in plan.steps if isinstance(step.spec, MixSpec)]
        if not mixes:
            return
        jobs, assets = self._library.latest_jobs(plan.id), self._library.latest_assets(plan.id)
        for step in mixes:
            row = _row(plan, step, jobs.get(step.id), assets.get(step.id))
            yield row.model_copy(update={"shortens": bool(row.why and able(plan, step, assets))})

    def _clips(self, asset: Asset, mix: Mix) -> Iterator[Clip]:
        given = {track: [ref.asset_id for ref in asset.recipe.inputs if ref.role == track] for track in ("voice", "bed", "effect")}
        sources = {asset_id: self._library.asset(asset_id) for ids in given.values() for asset_id in ids if asset_id}
        voices = _spans(asset.facts.get("voices"))
        for number, (start, end) in enumerate(voices):
            yield _clip("voice", sources, given["voice"], number, start, end, text=mix.lines[number] if number < len(mix.lines) else "")
        for number in range(len(given["bed"])):
            yield _clip("bed", sources, given["bed"], number, 0.0, _number(asset.facts, "seconds"))
        for number, start, end, cue in _effects(asset, mix, voices):
            cued = cue.model_dump(include={"line", "edge", "offset", "gain"}) if cue is not None else {"offset": start, "placed": True}
            yield _clip("effect", sources, given["effect"], number, start, end, **cued)


def _row(plan: Plan, step: Step, job: Job | None, asset: Asset | None) -> MixRow:
    failed = job is not None and job.state is JobState.FAILED
    return MixRow(
        plan_id=plan.id,
        step_id=step.id,
        title=step.title if step.title == plan.title else f"{plan.title}: {step.title}",
        state=job.state.value if job is not None else "",
        why=job.error if job is not None and failed else "",
        progress=job.progress if job is not None else 0.0,
        asset_id=asset.id if asset is not None else "",
    )


def _clip(track: Track, sources: Mapping[str, Asset], ids: Sequence[str], number: int, start: float, end: float, **more: Any) -> Clip:
    source = sources.get(ids[number]) if number < len(ids) else None
    step, title = (source.step_id, source.title) if source is not None else ("", track)
    return Clip(track=track, step=step, title=title, asset_id=source.id if source is not None else "", start=start, end=end, **more)


def _effects(asset: Asset, mix: Mix, voices: Sequence[tuple[float, float]]) -> Iterator[tuple[int, float, float, Cue | None]]:
    """(number of the effect, start, end, its cue): the mixer tells when each sounds, and which cue that is follows from the time."""
    left = list(mix.cues)
    for told in cast(list[dict[str, Any]], asset.facts.get("effects") or []):
        number, start, end = int(told["effect"]) - 1, float(told["start"]), float(told["end"])
        seconds = _number(asset.facts, "seconds")
        cue = next((one for one in left if one.effect == number and abs(_start(one, voices, seconds) - start) < 0.01), None)
        if cue is not None:
            left.remove(cue)
        yield number, start, end, cue


def _start(cue: Cue, voices: Sequence[tuple[float, float]], seconds: float) -> float:
    edges = (0.0, seconds) if not 0 < cue.line <= len(voices) else voices[cue.line - 1]
    return max(0.0, edges[0 if cue.edge == "start" else 1] + cue.offset)


def _spans(told: Any) -> list[tuple[float, float]]:
    return [(float(one["start"]), float(one["end"])) for one in told or []]


def _number(facts: Mapping[str, Any], name: str, otherwise: float = 0.0) -> float:
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) else otherwise
