"""The library: everything people own, and the only writer of it. Thread-safe; every method is one short transaction.

    library = Library.open(settings.database_url, settings.home, settings.files, settings.cache)
                                           # migrates; raises StorageError, DiskFull, InputError
    library.close()                                                  # also a context manager

    new_id() -> str                        # from library.database: a random id for plans, steps' attempts, ...
    Ids: Brief, Turn, Plan, Asset and Review may be given with id=""; the stored value that comes back has one.

    projects   create_project(name, language="en", person="") -> Project
               save_project(project) -> Project; project(id) -> Project; projects(archived=False | True | None) -> tuple[Project, ...]
    people     add_person(person, password_hash) -> Person; save_person(person); set_person_hash(name, password_hash, tokens=False)
               person(name) -> Person | None; person_hash(name) -> str | None; people() -> tuple[Person, ...]; has_people() -> bool
    roles      members(project_id) -> tuple[Member, ...]; set_member(project_id, person, role | None)   # Conflict: the last owner
               standing(person, project_id="") -> Standing; roles(person) -> dict[str, Role]
               project_of(kind, id) -> str            # of a plan, an asset, a brief
    sessions   add_session(hash, person, link_id, expires); session(hash) -> (person, link id) | None
               end_sessions(hashed= | person= | link_id=)
               add_token(token, hash) -> ApiToken; token(hash) -> ApiToken | None; tokens(person); end_token(person, id)
    links      add_link(link, hash) -> Link; link(id) -> Link | None; link_opens(id, hash) -> bool
               links(project_id) -> tuple[Link, ...]; revoke_link(project_id, id, when) -> Link
    audit      audit(entry); audited(project_id=None, before=0, limit=100) -> tuple[AuditEntry, ...]   # newest first
    settings   get_setting(key, default=None) -> JsonValue; put_setting(key, value)          # None removes
    files      store_file(data: bytes | Path, name, media_type) -> FileRef
               file_path(sha256) -> Path; file_chunks(sha256) -> Iterator[bytes]
    briefs     add_brief(brief) -> Brief; brief(id) -> Brief
    chat       add_turn(turn) -> Turn; turns(project_id, limit=200) -> tuple[Turn, ...]      # oldest first
    plans      save_plan(plan) -> Plan                # version 1, then newest + 1, else Conflict
               plan(id, version=None) -> Plan; latest_plan(project_id) -> Plan | None; plans(project_id) -> tuple[Plan, ...]
               approve(plan_id, version, person="", when=None) -> Approval; approval(plan_id) -> Approval | None
    jobs       put_job(job)                           # upsert by (plan, step, take)
               queue_jobs(jobs, prepared, project_id, events=())         # many jobs, takes and events in one transaction
               move_job(plan_id, step_id, take, change, tell=None) -> Job | None   # read, change, write and tell in one transaction
               job(plan_id, step_id, take=0) -> Job | None; jobs(plan_id) -> tuple[Job, ...]
               latest_jobs(plan_id) -> dict[str, Job] # step id -> job of its highest take
               unfinished_jobs() -> tuple[Job, ...]   # of all plans, oldest first
               unfinished_keys() -> tuple[JobKey(plan_id, step_id, take, state, created, person, project_id), ...]   # the same, cheaper
               jobs_done_since(moment) -> int
               set_prepared(plan_id, step_id, take, parameters); prepared(plan_id, step_id, take=0) -> dict | None
    assets     add_asset(draft: Asset with files=(), files: Sequence[OutputFile], measured=None) -> Asset
               asset(id) -> Asset; asset_for(plan_id, step_id, take=0) -> Asset | None
               assets(AssetQuery(project_id=, text=, kind=, plan_id=, step_id=, verdict=, reviewed=, newest_only=, limit=60, offset=0))
                 -> tuple[Asset, ...]               # newest first; every field of the query may be left out
               latest_assets(plan_id) -> dict[str, Asset]   # step id -> what was stored last for it
               count(AssetQuery(...)) -> int; children(asset_id) -> tuple[Asset, ...]
               lineage(asset_id) -> Lineage(asset, ancestors, descendants)
    reviews    add_review(review) -> Review; reviews(asset_id) -> tuple[Review, ...]; verdicts(asset_ids) -> dict[str, Verdict]
               review_record(asset_id) -> ReviewRecord; review_records(asset_ids) -> dict[str, ReviewRecord]
               to_review(person, project_ids) -> tuple[ReviewRecord, ...]
               change_review(asset_id, seen, change, audit) -> ReviewRecord         # Conflict when somebody was first
    comments   add_comment(comment) -> Comment; comments(asset_id) -> tuple[Comment, ...]
               resolve_comment(asset_id, comment_id, person, when | None) -> Comment
    pairs      add_preferences(pairs) -> int; preferences(project_id) -> tuple[Preference, ...]; forget_preferences(project_id) -> int
    deletion   delete_asset(asset_id, seen, now, audit, dependents=False)     # into the trash; Conflict for what is approved or used
               delete_project(project_id, now, audit) -> Trashed; consequences(asset_id, now) -> Consequences
    trash      trash(project_id=None, kind="") -> tuple[Trashed, ...]; trashed(id) -> Trashed; restore(id, audit) -> Restored
               hold(hold, audit); lift_hold(project_id, audit); holds(); tombstones(ids) -> dict[str, Tombstone]
    for good   purgeable(ids=None, before=None) -> tuple[PurgeItem, ...]; purge(items, person, now) -> int
               finish_purge(now) -> (files, bytes, done)    # the bytes; may be called at any time, and again
               forget_recordings(consent_ids, why, now) -> int; sweep(now) -> int            # what nobody has named for a day
    by age     old_drafts(before); ended_recordings(before); old_lines(now, audit, events, links, dry=)
               projects_of(person); erase_person(name, alias, audit)
    cases      add_case(case) -> Case; case(id) -> Case; case_of(project_id, kind, subject) -> Case | None
               cases(project_ids, waiting=True, limit=200) -> tuple[Case, ...]; blocked(project_id) -> dict[str, Case]   # by subject
               change_case(id, seen, change, audit) -> Case         # Conflict when somebody was first
               judged_by(judge)                      # looks at every asset before it is stored
    events     add_event(project_id, kind, subject, data=None) -> Event
               events(project_id=None, after=0, limit=500) -> tuple[Event, ...]; last_event(project_id=None) -> int
    costs      add_measurement(measurement); measurements(kind=None, maker="", model="", device="", limit=200) -> tuple[Measurement, ...]
               spent(plan_id="", person="", since=None) -> Spent(runs, seconds, joules)
    consents   add_consent(consent) -> VoiceConsent; revoke_consent(id, when) -> VoiceConsent
               consents(audio="") -> tuple[VoiceConsent, ...]
    memory     put_footprint(key, device, size, load_seconds); footprints() -> list[Footprint]

    library.check.check(library, progress) -> CheckReport            # missing, extra and altered files; rows that point nowhere

A reader gives NotFound for what is not there when it returns a value, None when its type says so. Errors of the database
and the disk arrive as NotFound, Conflict, DiskFull, AssetDamaged, StorageError or InputError (domain/errors.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from sqlalchemy import exists, select

from domain.errors import MaquetteError
from library.ageing import Ageing
from library.assets import AssetQuery, Assets, Lineage
from library.consents import Consents
from library.database import Database, migrate, new_id
from library.deletion import Deletion
from library.files import Files
from library.jobs import JobKey, Jobs
from library.links import Links
from library.loose import Loose
from library.moderating import Cases
from library.people import People
from library.plans import Approval, Plans
from library.projects import Projects
from library.purging import Purging
from library.records import Records, Spent
from library.remote import open_files
from library.reviewing import Reviewing
from library.tables import blobs
from library.trash import Trash

__all__ = ["Approval", "AssetQuery", "JobKey", "Library", "Lineage", "Spent", "new_id"]


def _now() -> datetime:
    return datetime.now(UTC)


class Library(Projects, People, Links, Plans, Jobs, Assets, Records, Consents, Reviewing, Cases, Deletion, Trash, Purging, Loose, Ageing):
    """See the module's text for every method. Built by `open`, or from parts in tests."""

    def __init__(self, database: Database, files: Files, clock: Callable[[], datetime] = _now) -> None:
        self._database = database
        self._files = files
        self._clock = clock

    @staticmethod
    def open(database_url: str, home: Path, files: str = "", cache: Path | None = None) -> Library:
        """Make or migrate the database, and open the place of files.

        Args:
            files: a shared folder or a URL such as s3://bucket/folder; "" is `home`/files.
            cache: a rebuildable folder of this machine, for what is read from a URL; `home`/cache when None.

        Raises InputError for a URL that cannot be used, StorageError when database or files cannot be opened, a shared
        folder is not mounted, or a newer Maquette made the library.
        """
        store = open_files(files, home, home / "cache" if cache is None else cache)
        migrate(database_url)
        database = Database(database_url)
        try:
            with database.read("open the library") as connection:
                fresh = connection.scalar(select(exists().select_from(blobs))) is False
            store.prepare(fresh=fresh)
        except MaquetteError:
            database.close()
            raise
        return Library(database, store)

    @property
    def database(self) -> Database:
        """For library/check.py only: everyone else uses the methods."""
        return self._database

    @property
    def files(self) -> Files:
        """For library/check.py only."""
        return self._files

    def close(self) -> None:
        """Give back all connections. The library cannot be used afterwards."""
        self._database.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
