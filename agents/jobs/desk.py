"""Reads and does everyday jobs: one entry for the Director. Each kind of job is done in the module of its sort.

Does not route between jobs and plans; agents/routing.py does, and asks here whether a message is a job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from agents.jobs import coding, facts, laid_out, on_text, rewording, worked
from agents.jobs.calls import Calls, same
from agents.jobs.following import FollowReader
from agents.jobs.given import joined
from agents.jobs.kinds import ChatJob, JobKind
from agents.jobs.reading import JobReader
from agents.jobs.retrieval import Finder
from agents.lexicon import Languages, Phrases, language_of, side
from agents.prompts import load_prompts
from agents.recipes import RecipeBook
from agents.request import RequestReader
from agents.sampling import SamplingBook
from domain.chat import ChatModel
from domain.context import AttachedText
from domain.conversation import Turn
from domain.progress import CancelToken
from domain.value import seed_for

_TRIES = 3


class JobDesk:
    """One desk serves all projects: it holds shipped data and no state between messages."""

    def __init__(
        self,
        assets: Path,
        requests: RequestReader,
        recipes: RecipeBook,
        phrases: Phrases,
        languages: Languages,
        finder: Finder | None = None,
    ) -> None:
        self.reader = JobReader.load(assets, requests, recipes)
        self.sampling = SamplingBook.load(assets)
        self._following = FollowReader(self.reader)
        self._prompts = load_prompts(assets, "jobs")
        self._phrases = phrases
        self._languages = languages
        self._finder = finder or Finder()
        self._done: dict[JobKind, Callable[[ChatJob, Calls], Iterator[str]]] = {
            JobKind.QUESTION: on_text.question,
            JobKind.SUMMARY: on_text.summary,
            JobKind.KEYWORDS: on_text.keywords,
            JobKind.EXTRACTION: on_text.extraction,
            JobKind.CLASSIFICATION: on_text.classification,
            JobKind.TRANSLATION: rewording.translation,
            JobKind.REWRITING: rewording.rewriting,
            JobKind.CORRECTION: rewording.correction,
            JobKind.WRITING: rewording.writing,
            JobKind.LIST: laid_out.list_of,
            JobKind.TABLE: laid_out.table,
            JobKind.CODE: coding.code,
            JobKind.SQL: coding.sql,
            JobKind.ARITHMETIC: lambda job, calls: worked.arithmetic(job, calls, self.reader.sums),
            JobKind.EXACT: lambda job, calls: facts.exact(job, calls, self.reader),
            JobKind.UNKNOWABLE: facts.unknowable,
            JobKind.FACT: lambda job, calls: facts.fact(job, calls, self.reader),
            JobKind.DISPUTE: lambda job, calls: facts.dispute(job, calls, self.reader),
        }

    def read(
        self, message: str, turns: Sequence[Turn] = (), files: Sequence[AttachedText] = (), earlier: Sequence[AttachedText] = ()
    ) -> ChatJob | None:
        """The job a message is, alone or leaning on what was said before it (oldest turn first, without the message), else None.

        files: what came with the message. earlier: files of earlier messages, the newest first.
        """
        attached, given = joined(files)
        own = self.reader.read(message, attached, told_before=bool(turns))
        if own is not None and attached and own.text == attached:
            own = own.model_copy(update={"given": given})
        if own is not None and (own.text or own.sum):
            return own
        about = self._following.about_files(message, earlier) if earlier and not files else None
        return about or self._following.read(message, turns) or own

    def do(self, job: ChatJob, chat: ChatModel, *, language: str, seed: int, cancel: CancelToken | None = None) -> Iterator[str]:
        """The answer, in pieces. language: of the conversation. Raises Cancelled, ModelError, LimitError."""
        written = language_of(job.text, language) if job.text and job.kind is not JobKind.TRANSLATION else language
        asked = self.reader.language_in(job.ask)
        calls = Calls(
            chat=chat, prompts=self._prompts, sampling=self.sampling, phrases=self._phrases, languages=self._languages,
            told=side(language), language=asked or (language if job.kind in (JobKind.SUMMARY, JobKind.LIST) else written),
            seed=seed, again=bool(job.earlier), cancel=cancel, finder=self._finder,
        )  # fmt: skip
        if not job.earlier:
            yield from self._done[job.kind](job, calls)
            return
        yield from self._differently(job, calls)

    def _differently(self, job: ChatJob, calls: Calls) -> Iterator[str]:
        """An answer other than the earlier ones; where there is none, that is said."""
        said = ""
        for turn in range(_TRIES):
            fresh = replace(calls, seed=seed_for(calls.seed, "again", turn))
            said = "".join(self._done[job.kind](job, fresh)).strip()
            if said and not any(same(said, old) for old in job.earlier):
                yield said
                return
        yield self._phrases.say("job_same_again", calls.told, answer=said or job.earlier[-1])
