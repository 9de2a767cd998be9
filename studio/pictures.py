"""Tools for people who work on pictures: styles to choose from, and a prompt written for the model of a step, to be read and edited.

Nothing here makes a picture; plans and the runner do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agents.presets import Preset
from agents.writers.calls import Desk
from agents.writers.looks import described
from agents.writers.scene_prompt import family_of, prepare_prompt, preset_notes
from domain.chat import ChatModel
from domain.context import StepContext
from domain.errors import InputError
from domain.metadata import PictureMetadata
from domain.progress import CancelToken
from domain.specs import PictureSpec
from domain.value import JsonValue, Value
from library.library import Library
from pipelines.media.metadata import read_metadata
from studio.makers import Makers
from studio.plans import Plans
from studio.spec_changes import change_spec, placed


class PromptDraft(Value):
    """maker: who would make the picture. family: of its model, "" for none that is known. read: whether that maker reads prompts at all;
    the illustrator reads the wish itself."""

    prompt: str
    negative: str
    maker: str
    family: str = ""
    read: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pictures:
    """chat: the chat model that is installed now, None while there is none."""

    library: Library
    plans: Plans
    makers: Makers
    desk: Desk
    chat: Callable[[], ChatModel | None]

    def presets(self, words: str = "", family: str = "") -> tuple[Preset, ...]:
        """Styles whose names hold all these words, English or Chinese; all of them for ""."""
        return self.desk.presets.search(words, family)

    def write_prompt(self, plan_id: str, step_id: str, values: dict[str, JsonValue], cancel: CancelToken | None = None) -> PromptDraft:
        """A prompt as it would be written for this step with some fields changed; nothing is kept.

        A prompt the step has already is written anew. Raises NotFound, InputError at the field (another kind, an unknown preset),
        ContentRefused, Cancelled, what the chat raises.
        """
        plan = self.plans.get(plan_id)
        step = plan.step(step_id)
        if not isinstance(step.spec, PictureSpec):
            raise InputError(f"{step_id} is a {step.kind.value} step; prompts are written for pictures.", hint="Choose a picture step.")
        self.plans.require_safe(placed(values))
        spec = change_spec(step, {**values, "prompt": ""})
        changed = step.model_copy(update={"spec": spec})
        project = self.library.project(plan.project_id)
        maker = self.makers.choose(changed, project.brand).name
        context = StepContext(
            spec=spec, title=step.title, material=self.library.brief(plan.brief_id).material, brand=project.brand, maker=maker
        )
        context = described(context)
        written = prepare_prompt(context, self.chat(), self.desk, cancel)
        family, _ = family_of(maker, self.desk)
        return PromptDraft(
            prompt=str(written["prompt"]),
            negative=str(written["negative"]),
            maker=maker,
            family=family,
            read=maker != "illustrator",
            notes=preset_notes(context, self.desk),
        )

    def metadata(self, name: str, data: bytes) -> PictureMetadata:
        """What a PNG, JPEG or WebP says of how it was made; nothing is kept. Raises AttachmentError for what is no picture."""
        return read_metadata(data, name[:120] or "picture")

    def metadata_of(self, asset_id: str) -> PictureMetadata:
        """The same of a picture in the library. Raises NotFound, InputError for what is no picture, AssetDamaged."""
        asset = self.library.asset(asset_id)
        if asset.main.media_type not in ("image/png", "image/jpeg", "image/webp"):
            raise InputError(f"{asset.title} is no picture: it is {asset.main.media_type}.", hint="Choose a picture.", field="asset")
        return read_metadata(self.library.file_path(asset.main.sha256).read_bytes(), asset.main.name)
