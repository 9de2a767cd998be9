"""The table: every step kind with its makers, in order of preference. A new kind adds its row here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from agents.writers.article import MAKER_VERSION as ARTICLE_VERSION
from agents.writers.article import write_article
from agents.writers.calls import Desk
from agents.writers.copy import MAKER_VERSION as COPY_VERSION
from agents.writers.copy import write_copy
from agents.writers.dialogue import MAKER_VERSION as DIALOGUE_VERSION
from agents.writers.dialogue import write_dialogue
from agents.writers.lore import MAKER_VERSION as LORE_VERSION
from agents.writers.lore import write_lore
from agents.writers.script import MAKER_VERSION as SCRIPT_VERSION
from agents.writers.script import write_script
from agents.writers.translation import MAKER_VERSION as TRANSLATION_VERSION
from agents.writers.translation import write_translation
from domain.capability import StepKind
from domain.chat import ChatModel, Embedder
from domain.context import StepContext
from domain.documents import (
    ARTICLE_MEDIA_TYPE,
    COPY_MEDIA_TYPE,
    DIALOGUE_MEDIA_TYPE,
    SCRIPT_MEDIA_TYPE,
    TRANSLATION_MEDIA_TYPE,
    CopyDocument,
)
from domain.lore import LORE_MEDIA_TYPE
from domain.progress import Progress
from pipelines.executors.executor import Executor
from pipelines.executors.layout import lane_of
from pipelines.worker import Engine, embedder_for
from studio.makers import Maker
from studio.media_makers import Preparations, media_maker
from studio.printing import Printing
from studio.word_makers import Document, word_maker


def all_makers(engine: Engine, executor: Executor, desk: Desk, prepare: Preparations, gpus: Sequence[str] = ()) -> tuple[Maker, ...]:
    """Words by writers with the chat model, media by the pipelines of this engine. gpus: names of the devices it may use."""

    def embedder(language: str) -> Embedder | None:
        return embedder_for(engine.store, engine.devices, language)

    def copy(context: StepContext, chat: ChatModel, seed: int, progress: Progress, *, desk: Desk) -> CopyDocument:
        return write_copy(context, chat, seed, progress, desk, embedder(str(getattr(context.spec, "language", "en"))))

    words: tuple[tuple[StepKind, Callable[..., Document], int, str], ...] = (
        (StepKind.COPY, copy, COPY_VERSION, COPY_MEDIA_TYPE),
        (StepKind.ARTICLE, write_article, ARTICLE_VERSION, ARTICLE_MEDIA_TYPE),
        (StepKind.DIALOGUE, write_dialogue, DIALOGUE_VERSION, DIALOGUE_MEDIA_TYPE),
        (StepKind.LORE, write_lore, LORE_VERSION, LORE_MEDIA_TYPE),
    )
    weights = desk.words.score
    printing = Printing(desk.folder / "fonts", engine.store)
    makers = [
        word_maker(
            kind,
            partial(write, desk=desk),
            number,
            engine.chats,
            media_type=media,
            weights=weights,
            channels=desk.channels.ids if kind is StepKind.COPY else (),
            embedder=embedder if kind is StepKind.COPY else None,
            printed=printing.article,
        )
        for kind, write, number, media in words
    ]
    makers += [
        word_maker(
            StepKind.SCRIPT,
            partial(write_script, desk=desk),
            SCRIPT_VERSION,
            engine.chats,
            media_type=SCRIPT_MEDIA_TYPE,
            weights=weights,
            printed=printing.script,
        ),
        word_maker(
            StepKind.TRANSLATION,
            partial(write_translation, desk=desk),
            TRANSLATION_VERSION,
            engine.chats,
            media_type=TRANSLATION_MEDIA_TYPE,
            weights=weights,
            languages=tuple(desk.localisation["language"]),
            printed=printing.translation,
        ),
    ]
    makers.append(media_maker(engine.illustrator, prepare.scene, executor, lane="media", asks_chat=True))
    makers += [
        media_maker(pipeline, prepare.prompt, executor, lane="diffusion", name=f"{pipeline.name}/{model_id}", asks_chat=True)
        for model_id, pipeline in engine.diffusion.items()
    ]
    makers.append(media_maker(engine.upscaler, prepare.upscale, executor, lane="media"))
    makers.append(media_maker(engine.cutter, prepare.cutout, executor, lane="media"))
    makers += [media_maker(pipeline, prepare.speech, executor, lane=lane_of(pipeline.name, gpus)) for pipeline in engine.speech]
    makers.append(media_maker(engine.composer, prepare.score, executor, lane="media", asks_chat=True))
    makers.append(media_maker(engine.effects, prepare.effect, executor, lane="media", asks_chat=True))
    makers.append(media_maker(engine.mixer, prepare.mix, executor, lane="media"))
    makers.append(media_maker(engine.banner, prepare.layout, executor, lane="media"))
    return tuple(makers)
