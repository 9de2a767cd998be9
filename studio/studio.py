"""Everything a person can do, in one place. Pages, API and command line call only this."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType

from domain.capability import Capability
from domain.events import Event
from domain.progress import CancelToken
from library.library import Library
from pipelines.media.opening import Opening
from studio.attachments import Attachments
from studio.cases import Cases
from studio.comments import Comments
from studio.consents import Consents
from studio.conversation import Conversation
from studio.derived import Derived
from studio.dialogues import Dialogues
from studio.drawings import Drawings
from studio.engine import EngineRoom
from studio.family import Families
from studio.fetching import Fetcher
from studio.inspecting import Inspecting
from studio.lines import Lines
from studio.links import Links
from studio.lore import Lore
from studio.mailing import Mailboxes
from studio.makers import Makers
from studio.models import ModelDesk
from studio.moderation import Moderation
from studio.painting import Easel
from studio.people import People
from studio.pictures import Pictures
from studio.plans import Plans
from studio.preferences import Preferences
from studio.projects import Projects
from studio.recordings import Recordings
from studio.retaining import Retaining
from studio.reviews import Reviews
from studio.rights import Rights
from studio.runner import Runner
from studio.shelf import Shelf
from studio.sound import Sound
from studio.voices import VoicesDesk
from studio.writing import Writing


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Studio:
    """Built by app.py. `with studio:` starts the runner and ends it; what was under way is resumed by the next start."""

    library: Library
    projects: Projects
    attachments: Attachments
    plans: Plans
    chat: Conversation
    shelf: Shelf
    drawings: Drawings
    models: ModelDesk
    makers: Makers
    runner: Runner
    engine: EngineRoom
    writing: Writing
    pictures: Pictures
    casting: VoicesDesk
    consents: Consents
    lines: Lines
    recordings: Recordings
    sound: Sound
    inspecting: Inspecting
    moderation: Moderation
    opening: Opening
    voices: Callable[[], tuple[str, ...]]
    fonts: Callable[[], tuple[str, ...]]
    families: Callable[[], tuple[str, ...]]
    warm: Callable[[CancelToken], None]
    close: Callable[[], None]
    mailboxes: Mailboxes
    #: Tell the configured address, or people by e-mail, what happens in review, until cancelled; by name.
    notices: Mapping[str, Callable[[CancelToken], None]] = field(default_factory=dict)
    #: Where links are fetched; None where they are not.
    fetcher: Fetcher | None = None
    #: Copies of results outside the library, forgotten with them.
    derived: Derived = field(default_factory=Derived)
    _closing: CancelToken = field(default_factory=CancelToken)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Studio:
        try:
            self.runner.start()
        except BaseException:
            self.close()
            raise
        for name, work in {"warm": self.warm, "retention": self.retaining.run, **self.notices}.items():
            thread = threading.Thread(target=work, args=(self._closing,), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.cancel()
        try:
            self.runner.stop()
            for thread in self._threads:
                # A thread inside the engine when the interpreter goes away would abort the process.
                thread.join(timeout=20)
        finally:
            self.close()

    def capabilities(self) -> tuple[Capability, ...]:
        """What can be made on this machine now."""
        return self.makers.capabilities()

    @property
    def dialogues(self) -> Dialogues:
        """Play, picture, files and checks of the dialogues that were made."""
        return self.writing.dialogues

    @property
    def lore(self) -> Lore:
        """World sheets, entries, barks and quests that were made, and the checks of an edit."""
        return Lore(self.library)

    @property
    def easel(self) -> Easel:
        """Masks, takes inside them and beyond a picture's borders, pictures from files."""
        return Easel(self.pictures)

    @property
    def people(self) -> People:
        """Accounts, sessions, API tokens, members of projects, the audit log."""
        return People(self.library)

    @property
    def rights(self) -> Rights:
        """What somebody may do with a project."""
        return Rights(self.library)

    @property
    def reviews(self) -> Reviews:
        """How far each result's review is: hand in, decide, assign, publish, delete."""
        return Reviews(self.library, self.plans, self.rights, _now)

    @property
    def cases(self) -> Cases:
        """What people decide about content that is held, refused or appealed."""
        return Cases(self.library, self.moderation, self.rights, _now)

    @property
    def comments(self) -> Comments:
        """Comments on results, pinned to a part of them."""
        return Comments(self.library, _now)

    @property
    def lineage(self) -> Families:
        """Where a result comes from, what depends on it, and making again exactly that."""
        return Families(self.library, self.plans)

    @property
    def preferences(self) -> Preferences:
        """Pairs of a better and a worse result, kept where a project's people agreed."""
        return Preferences(self.library, _now)

    @property
    def retaining(self) -> Retaining:
        """The trash, deleting for good now or by age, holds, accounts that leave."""
        return Retaining(self.library, self.rights, self._stop, self.derived, _now)

    def _stop(self, project_id: str) -> None:
        for plan in self.library.plans(project_id):
            self.runner.cancel(plan.id)

    @property
    def links(self) -> Links:
        """Share links of projects."""
        return Links(self.library)

    def events(self, project_id: str, after: int = 0) -> tuple[Event, ...]:
        """What happened in a project after event number `after`, oldest first, 500 at most."""
        return self.library.events(project_id, after)

    def last_event(self, project_id: str) -> int:
        return self.library.last_event(project_id)
