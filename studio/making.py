"""One take of one step, from its spec to a stored asset: prepare, resolve, make, check, store. Knows nothing of DBOS or pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.asset import Asset
from domain.capability import StepKind
from domain.context import InputText, StepContext
from domain.errors import Conflict, GenerationError, OutOfMemory
from domain.finding import Finding, Severity
from domain.plan import Plan, Step
from domain.progress import Progress
from domain.project import Project
from domain.recipe import InputFile, InputRef, Output, Recipe, Work
from domain.take import Take
from domain.value import seed_for
from library.library import Library
from pipelines.executors.local import LocalExecutor
from studio.makers import Maker, Makers
from studio.takes import Takes


@dataclass(frozen=True)
class Cost:
    """What a run's measured cost is told of: its size (see Measurement) and the seconds spent preparing."""

    size: float
    preparing: float


class Making:
    """Makes takes. Thread-safe; holds no state between takes but what the library stores.

    Args:
        makers: who makes what.
        executor: bounds how many work at once and measures them.
        release_memory: called once after OutOfMemory, before the one retry.
        now: the clock, for stored times.
    """

    def __init__(
        self,
        library: Library,
        makers: Makers,
        executor: LocalExecutor,
        release_memory: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        self._library = library
        self._takes = Takes(library)
        self._makers = makers
        self._executor = executor
        self._release_memory = release_memory
        self._now = now

    def make(self, plan: Plan, take: Take, inputs: dict[str, Asset], progress: Progress) -> Asset:
        """Make one take and store it. inputs: finished asset of each input step, by step id.

        Raises Cancelled, InputError, ModelError, GenerationError, StorageError. Making a take that is already stored
        returns the stored asset and makes nothing.
        """
        step = take.step
        stored = self._library.asset_for(plan.id, step.id, take.take)
        if stored is not None:
            return stored
        project = self._library.project(plan.project_id)
        # 1. prepare: the agents turn spec and finished inputs into the values a maker works from; kept across restarts
        spent = 0.0
        if take.parameters is None:
            take, spent = self._prepare(plan, project, take, inputs, progress)
        maker = self._makers.named(step.kind, take.maker)
        # 2. resolve: pure; the same prepared take always gives the same recipe
        recipe = resolve(plan, take, maker, self._input_refs(project, step, inputs))
        work = Work(recipe=recipe, inputs=self._open(recipe))
        # 3. make
        output = self._generate(maker, work, Cost(step.spec.work_size, spent), progress)
        progress.check()
        # 4. store: bytes first, then the row
        return self._library.add_asset(self._asset(plan, take, recipe, output, inputs), output.files)

    def _prepare(self, plan: Plan, project: Project, take: Take, inputs: dict[str, Asset], progress: Progress) -> tuple[Take, float]:
        maker = self._makers.choose(take.step, project.brand)
        progress.report(0.02, "preparing")
        context = self._context(plan, project, take, inputs, maker)
        with self._executor.lane("chat" if maker.prepares_with_chat else "prepare", progress):
            started = time.monotonic()
            prepared = maker.prepare(context, progress)
            seconds = time.monotonic() - started
        ready = take.model_copy(
            update={
                "maker": prepared.maker or maker.name,
                "prompt": prepared.prompt,
                "parameters": prepared.parameters,
                "notes": prepared.notes,
            }
        )
        self._takes.save(ready)
        return ready, seconds

    def _generate(self, maker: Maker, work: Work, cost: Cost, progress: Progress) -> Output:
        def once() -> Output:
            return self._executor.run(maker, work, lane=maker.lane, size=cost.size, progress=progress, before=cost.preparing)

        try:
            return once()
        except OutOfMemory:
            self._release_memory()
            return once()
        except GenerationError:
            # Once more: engines fail for passing reasons. The seed is the same, so a deterministic fault shows again.
            progress.check()
            return once()

    def _context(self, plan: Plan, project: Project, take: Take, inputs: dict[str, Asset], maker: Maker) -> StepContext:
        brief = self._library.brief(plan.brief_id)
        palette = tuple(colour for attachment in brief.attachments for colour in attachment.palette)[:8]
        earlier = [self._library.asset_for(plan.id, take.step.id, number) for number in range(take.take)]
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
                    text=inputs[i.step].text,
                    document=self._takes.document(inputs[i.step]),
                )
                for i in take.step.inputs
            ),
            reference_palette=palette,
            maker=maker.name,
            note=take.note,
            avoid=tuple(asset.text for asset in earlier if asset is not None and asset.text)[-3:],
        )

    def _input_refs(self, project: Project, step: Step, inputs: dict[str, Asset]) -> tuple[InputRef, ...]:
        refs = [
            InputRef(role=i.role, sha256=inputs[i.step].main.sha256, media_type=inputs[i.step].main.media_type, asset_id=inputs[i.step].id)
            for i in step.inputs
        ]
        if step.kind is StepKind.LAYOUT and project.brand.logo:
            refs.append(InputRef(role="logo", sha256=project.brand.logo, media_type="image/png"))
        return tuple(refs)

    def _open(self, recipe: Recipe) -> tuple[InputFile, ...]:
        return tuple(InputFile(role=ref.role, path=self._library.file_path(ref.sha256), media_type=ref.media_type) for ref in recipe.inputs)

    def _asset(self, plan: Plan, take: Take, recipe: Recipe, output: Output, inputs: dict[str, Asset]) -> Asset:
        previous = self._library.asset(take.previous) if take.previous else None
        if previous is not None and previous.project_id != plan.project_id:
            raise Conflict(f"{take.step.id} would replace an asset of another project.")
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
            credits=output.credits,
            facts=dict(output.facts),
            findings=(*findings_of(output), *(Finding(rule="prepared", severity=Severity.NOTE, message=note) for note in take.notes)),
            text=str(output.facts.get("text", "")),
            previous=take.previous,
            parents=tuple(dict.fromkeys(asset.id for asset in inputs.values())),
            version=previous.version + 1 if previous is not None else 1,
            person=take.person,
            created=self._now(),
        )


def resolve(plan: Plan, take: Take, maker: Maker, inputs: tuple[InputRef, ...]) -> Recipe:
    """Prepared take + input hashes + seed -> Recipe. Pure."""
    parameters = take.parameters or {}
    return Recipe(
        kind=take.step.kind,
        maker=maker.name,
        maker_version=maker.version,
        models=maker.models(parameters),
        prompt=take.prompt,
        parameters=parameters,
        seed=seed_for(plan.seed, take.step.id, take.take),
        inputs=inputs,
    )


def findings_of(output: Output) -> tuple[Finding, ...]:
    """Findings a maker put into its facts, as values."""
    listed = output.facts.get("findings")
    return tuple(Finding.model_validate(item) for item in listed) if isinstance(listed, list) else ()
