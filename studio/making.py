"""One take of one step, from its spec to a stored asset: prepare, resolve, make, check, store. Knows nothing of DBOS, queues or pages."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.asset import Asset, Labels
from domain.capability import StepKind
from domain.context import AttachedText, InputText, StepContext
from domain.errors import (
    AssetDamaged,
    Conflict,
    DiskFull,
    EngineFailed,
    GenerationError,
    MaquetteError,
    OutOfMemory,
    StorageError,
    WorkerLost,
)
from domain.finding import Finding, Severity
from domain.moderation import Stage
from domain.plan import Plan
from domain.progress import Progress
from domain.project import Project
from domain.recipe import InputFile, InputRef, Measurement, Output, Recipe, Trace, Work
from domain.specs import OF_PICTURES, MusicSpec, PictureSpec, SoundSpec, SpeechSpec
from domain.take import Take
from domain.tracing import continued, span
from domain.value import seed_for
from library.library import Library
from pipelines.executors.spool import discard
from pipelines.media.carried import carrying
from pipelines.pipeline import Company
from studio.attaching import alike_pictures, attached_pictures, with_attached
from studio.consents import borrowed, voice_asked
from studio.enlarging import attached_source
from studio.licences import Permit, anything
from studio.makers import Maker, Makers, Remarks, no_remarks
from studio.moderation import Screen, everything_passes
from studio.progress import Together
from studio.remembering import remembered
from studio.takes import Takes

#: Seconds between tries to store a result while the database is away; the last one gives up.
STORE_PAUSES = (0.2, 1.0, 5.0, 15.0, 30.0, 30.0, 0.0)
#: A stop or a cancel is heard within these seconds of a pause.
STORE_LOOK = 0.2


@dataclass(frozen=True)
class Way:
    """Where the next stage of a take is done: the lane, and for making, in which company."""

    lane: str
    company: Company | None = None


@dataclass(frozen=True)
class Item:
    """One take to be made. inputs: finished asset of each input step, by step id. waited: seconds it stood in the queue."""

    plan: Plan
    take: Take
    inputs: dict[str, Asset]
    progress: Progress
    waited: float = 0.0


@dataclass(frozen=True)
class _Order:
    """An item resolved."""

    item: Item
    maker: Maker
    work: Work
    started: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class _Made:
    """What an order gave, with the stages of its take in its trace, and what it cost."""

    output: Output
    cost: Measurement


class Making:
    """Makes takes. Thread-safe; holds no state between takes but what the library stores.

    Args:
        makers: who makes what.
        release_memory: called once after OutOfMemory, before the one retry.
        now: the clock, for stored times.
        remarks: what is to be said of a step whatever is made of it.
        permit: refuses a model that the project may not use.
        screen: refuses the note of a take, and the prompt that was made of it.
    """

    def __init__(
        self,
        library: Library,
        makers: Makers,
        release_memory: Callable[[], None],
        now: Callable[[], datetime],
        remarks: Remarks = no_remarks,
        permit: Permit = anything,
        screen: Screen = everything_passes,
    ) -> None:
        self._library = library
        self._remarks = remarks
        self._permit = permit
        self._screen = screen
        self._takes = Takes(library)
        self._makers = makers
        self._release_memory = release_memory
        self._now = now

    def way(self, project: Callable[[], Project], take: Take) -> Way:
        """What the next stage of a take needs; only to be prepared it needs its project. Raises ModelMissing when nobody could do it."""
        if take.parameters is None:
            maker = self._makers.choose(take.step, project().brand)
            return Way("chat" if maker.prepares_with_chat else "prepare")
        maker = self._makers.named(take.step.kind, take.maker)
        return Way(maker.lane, maker.company(take.parameters))

    def prepare(self, item: Item) -> Take:
        """The agents turn spec and finished inputs into the values a maker works from; stored with the take, so that a restart
        does not ask the chat model again. A take that is prepared comes back as it is.

        Raises Cancelled, InputError (ContentRefused among them), ModelError, GenerationError, StorageError.
        """
        plan, take = item.plan, item.take
        if take.parameters is not None:
            return take
        project = self._library.project(plan.project_id)
        maker = self._makers.choose(take.step, project.brand)
        self._screen(plan, take.note, Stage.BRIEF)
        item.progress.report(0.02, "preparing")
        if isinstance(take.step.spec, SpeechSpec):
            borrowed(self._library, plan.project_id, voice_asked(take.step.spec, project.brand), self._now())
        context = self._context(plan, project, take, item.inputs, maker)
        started = time.monotonic()
        with continued(take.trace), span("studio.prepare", kind=take.step.kind.value, maker=maker.name):
            try:
                prepared = maker.prepare(context, item.progress)
            except WorkerLost:  # the chat model's process died or stood still; another takes its place, as when something is made
                item.progress.check()
                prepared = maker.prepare(context, item.progress)
        self._screen(plan, prepared.prompt, Stage.PROMPT)
        ready = take.model_copy(
            update={
                "maker": prepared.maker or maker.name,
                "prompt": prepared.prompt,
                "parameters": prepared.parameters,
                "notes": prepared.notes,
                "preparing": time.monotonic() - started,
            }
        )
        self._takes.save(ready)
        return ready

    def make(self, items: Sequence[Item]) -> list[Asset | MaquetteError]:
        """Make prepared takes in one go and store them: an asset for each, or what went wrong with it.

        A take that is already stored gives the stored asset and is not made again. When several fail together each is made
        alone once more; one that fails alone is made once more, because engines fail for passing reasons.
        """
        ended: dict[int, Asset | MaquetteError] = {}
        orders: dict[int, _Order] = {}
        for number, item in enumerate(items):
            try:
                stored = self._library.asset_for(item.plan.id, item.take.step.id, item.take.take)
                if stored is not None:
                    ended[number] = stored
                else:
                    orders[number] = self._order(item)
            except AssetDamaged as error:  # it does not come back by waiting
                ended[number] = error
            except StorageError:  # nothing is made yet: the piece is put off until it can be read
                raise
            except MaquetteError as error:
                ended[number] = error
        for number, made in self._made(orders):  # stored as they come: a stop must not cost what is made
            ended[number] = self._kept(orders[number], made) if isinstance(made, _Made) else made
        return [ended[number] for number in range(len(items))]

    def _order(self, item: Item) -> _Order:
        """Resolve: pure but for reading the library; the same prepared take always gives the same recipe."""
        item.progress.check()
        maker = self._makers.named(item.take.step.kind, item.take.maker)
        refs = self._input_refs(item.plan, item.take, item.inputs)
        # Asked again: the consent to a voice may have ended since the take was prepared.
        voice = str((item.take.parameters or {}).get("voice", "")) if item.take.step.kind is StepKind.SPEECH else ""
        reference = borrowed(self._library, item.plan.project_id, voice, self._now())
        recipe = resolve(item.plan, item.take, maker, (*refs, reference) if reference is not None else refs)
        self._permit(self._library.project(item.plan.project_id).use, recipe.models)
        return _Order(item, maker, Work(recipe=recipe, inputs=self._open(recipe)))

    def _made(self, orders: dict[int, _Order]) -> Iterator[tuple[int, _Made | MaquetteError]]:
        try:
            outputs = self._generate(list(orders.values()))
        except GenerationError as error:
            if isinstance(error, OutOfMemory):
                self._release_memory()
        except MaquetteError as error:
            if len(orders) == 1:
                yield from dict.fromkeys(orders, error).items()
                return
        else:
            yield from zip(orders, outputs, strict=True)
            return
        # Once more, each alone: the seeds are the same, so a fault of the work shows again and costs the others nothing.
        for number, order in orders.items():
            yield number, self._alone(order)

    def _alone(self, order: _Order) -> _Made | MaquetteError:
        try:
            order.item.progress.check()
            return self._generate([order])[0]
        except MaquetteError as error:
            return error

    def _generate(self, orders: Sequence[_Order]) -> list[_Made]:
        if not orders:
            return []
        maker = orders[0].maker
        started = time.monotonic()
        others = [order.item.take.trace for order in orders[1:]]
        with continued(orders[0].item.take.trace), span("studio.make", links=others, maker=maker.name, batch=len(orders)):
            outputs = maker.generate([order.work for order in orders], Together([order.item.progress for order in orders]))
        seconds = (time.monotonic() - started) / len(orders)
        if len(outputs) != len(orders):
            raise EngineFailed(
                "{maker} returned {count} results for {count2} requests.",
                hint="Run the step again.",
                maker=maker.name,
                count=len(outputs),
                count2=len(orders),
            )
        return [_measured(order, output, seconds, len(orders)) for order, output in zip(orders, outputs, strict=True)]

    def _kept(self, order: _Order, made: _Made) -> Asset | MaquetteError:
        """Store: bytes first, then the row. A take that was cancelled while others of its batch went on is not stored."""
        item, output = order.item, carrying(made.output, order.work.recipe, Labels().digital_source_type)
        for pause in STORE_PAUSES:
            try:
                item.progress.check()
                with continued(item.take.trace), span("library.add_asset", kind=item.take.step.kind.value):
                    draft = self._asset(item.plan, item.take, order.work.recipe, output, item.inputs)
                    return self._library.add_asset(draft, output.files, made.cost)
            except MaquetteError as error:
                # A database that is away for a minute must not cost what took minutes to make; a full disk is told at once.
                if not pause or not isinstance(error, StorageError) or isinstance(error, DiskFull | AssetDamaged):
                    discard([output])
                    with contextlib.suppress(StorageError):
                        self._library.add_measurement(made.cost)  # nothing is kept of it, and it was computed all the same
                    return error
            for _ in range(int(pause / STORE_LOOK)):
                item.progress.check()
                time.sleep(STORE_LOOK)
        raise RuntimeError("the last pause is 0")

    def _context(self, plan: Plan, project: Project, take: Take, inputs: dict[str, Asset], maker: Maker) -> StepContext:
        brief = self._library.brief(plan.brief_id)
        palette = tuple(colour for attachment in brief.attachments for colour in attachment.palette)[:8]
        earlier = [self._library.asset_for(plan.id, take.step.id, number) for number in range(take.take)]
        translates = take.step.kind is StepKind.TRANSLATION
        return StepContext(
            spec=take.step.spec,
            title=take.step.title,
            material=brief.material,
            brand=project.brand,
            inputs=tuple(
                InputText(
                    role=i.role,
                    step=i.step,
                    kind=inputs[i.step].recipe.kind,
                    # A voice-over's words stand in its recipe.
                    text=inputs[i.step].text or (inputs[i.step].recipe.prompt if i.role == "voice" else ""),
                    document=self._takes.document(inputs[i.step]),
                    drawn=any(file.media_type == "image/svg+xml" for file in inputs[i.step].files),
                )
                for i in take.step.inputs
            ),
            reference_palette=palette,
            maker=maker.name,
            note=take.note,
            avoid=tuple(asset.text for asset in earlier if asset is not None and asset.text)[-3:],
            attached=tuple(AttachedText(name=a.name, text=a.text) for a in brief.attachments if a.text) if translates else (),
            memory=remembered(self._library, self._takes, plan.project_id, take.step),
        )

    def _input_refs(self, plan: Plan, take: Take, inputs: dict[str, Asset]) -> tuple[InputRef, ...]:
        step = take.step
        refs = [
            InputRef(role=i.role, sha256=inputs[i.step].main.sha256, media_type=inputs[i.step].main.media_type, asset_id=inputs[i.step].id)
            for i in step.inputs
        ]
        logo = self._library.project(plan.project_id).brand.logo if step.kind is StepKind.LAYOUT else ""
        if logo:
            refs.append(InputRef(role="logo", sha256=logo, media_type="image/png"))
        if step.kind in OF_PICTURES and (given := attached_source(step, self._library.brief(plan.brief_id))):
            refs.append(InputRef(role="source", sha256=given.sha256, media_type=given.media_type))
        if isinstance(step.spec, PictureSpec) and step.spec.attached:
            refs = with_attached(refs, attached_pictures(step.spec, self._library.brief(plan.brief_id), self._library.asset))
        return (*refs, *alike_pictures(take.parameters or {}, plan.project_id, self._library.asset))

    def _open(self, recipe: Recipe) -> tuple[InputFile, ...]:
        return tuple(InputFile(role=ref.role, path=self._library.file_path(ref.sha256), media_type=ref.media_type) for ref in recipe.inputs)

    def _asset(self, plan: Plan, take: Take, recipe: Recipe, output: Output, inputs: dict[str, Asset]) -> Asset:
        previous = self._library.asset(take.previous) if take.previous else None
        if previous is not None and previous.project_id != plan.project_id:
            raise Conflict("{step} would replace an asset of another project.", step=take.step.id)
        return Asset(
            id="",
            project_id=plan.project_id,
            plan_id=plan.id,
            step_id=take.step.id,
            take=take.take,
            title=take.step.title,
            files=(),
            recipe=recipe,
            trace=output.trace,
            credits=tuple(dict.fromkeys((*output.credits, *(credit for asset in inputs.values() for credit in asset.credits)))),
            facts=dict(output.facts),
            findings=self._findings(plan, take, output),
            text=str(output.facts.get("text", "")),
            previous=take.previous,
            parents=tuple(dict.fromkeys(asset.id for asset in inputs.values())),
            version=previous.version + 1 if previous is not None else 1,
            person=take.person,
            created=self._now(),
        )

    def _findings(self, plan: Plan, take: Take, output: Output) -> tuple[Finding, ...]:
        """What the maker found, what preparing noted, and what was said of the step already and still holds."""
        found = findings_of(output)
        said = {(f.rule, f.field, f.message) for f in found}
        remarks = self._remarks(take.step, self._library.project(plan.project_id).brand)
        notes = (Finding.of("prepared", Severity.NOTE, note.message_id, given=note.values) for note in take.notes)
        return (*found, *(f for f in remarks if (f.rule, f.field, f.message) not in said), *notes)


def _measured(order: _Order, output: Output, seconds: float, batch: int) -> _Made:
    take, trace = order.item.take, output.trace
    stages = {"queue": order.item.waited, "prepare": take.preparing, **trace.stages, "make": seconds}
    stages = {name: round(value, 4) for name, value in stages.items()}
    steps = output.facts.get("steps")
    cost = Measurement(
        kind=take.step.kind,
        maker=order.maker.name,
        model=order.work.recipe.models[0].id if order.work.recipe.models else "",
        device=trace.device,
        size=take.step.spec.work_size,
        seconds=take.preparing + seconds,
        steps=steps if isinstance(steps, int) else 0,
        batch=batch,
        load_seconds=stages.get("load", 0.0) / batch,
        stages=stages,
        joules=trace.joules,
        peak_bytes=trace.peak_bytes,
        plan_id=take.plan_id,
        person=take.person,
    )
    kept = Trace.model_validate({**trace.model_dump(), "stages": stages})
    return _Made(Output(files=output.files, trace=kept, credits=output.credits, facts=output.facts), cost)


def resolve(plan: Plan, take: Take, maker: Maker, inputs: tuple[InputRef, ...]) -> Recipe:
    """Prepared take + input hashes + seed -> Recipe. Pure. A seed that the step itself names goes before its own."""
    parameters = take.parameters or {}
    return Recipe(
        kind=take.step.kind,
        maker=maker.name,
        maker_version=maker.version,
        models=maker.models(parameters),
        prompt=take.prompt,
        parameters=parameters,
        seed=_seed(plan, take),
        inputs=inputs,
    )


def _seed(plan: Plan, take: Take) -> int:
    named = take.step.spec.seed if isinstance(take.step.spec, PictureSpec | MusicSpec | SoundSpec) else -1
    return named if named >= 0 else seed_for(plan.seed, take.step.id, take.take)


def findings_of(output: Output) -> tuple[Finding, ...]:
    """Findings a maker put into its facts, as values."""
    listed = output.facts.get("findings")
    return tuple(Finding.model_validate(item) for item in listed) if isinstance(listed, list) else ()
