"""Assets: bytes first, then rows, once per take; versions and lineage."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection

from domain.asset import Asset
from domain.capability import StepKind
from domain.errors import InputError, NotFound
from domain.plan import Plan
from domain.progress import Silent
from domain.recipe import Credit, InputRef, OutputFile, Recipe
from domain.review import Review, Verdict
from library.check import check
from library.database import Database
from library.files import FileStore
from library.library import AssetQuery, Library
from library.search import Search
from tests.library.samples import WHEN, png

Draft = Callable[..., Asset]


def ids(found: tuple[Asset, ...]) -> list[str]:
    return [asset.id for asset in found]


def test_an_asset_comes_back_with_its_files_and_everything_about_it(library: Library, draft: Draft) -> None:
    given = draft(credits=(Credit(title="fox", licence="MIT", source="noto"),), facts={"width": 64}, person="Ann")
    files = (*png(b"one"), OutputFile(name="picture.svg", media_type="image/svg+xml", data=b"<svg/>"))
    asset = library.add_asset(given, files)
    assert library.asset(asset.id) == asset
    assert [(f.name, f.media_type, f.size) for f in asset.files] == [("picture.png", "image/png", 3), ("picture.svg", "image/svg+xml", 6)]
    assert b"".join(library.file_chunks(asset.main.sha256)) == b"one"
    assert (asset.version, asset.parents, asset.credits, asset.facts) == (1, (), given.credits, {"width": 64})


def test_the_same_take_is_stored_once(library: Library, draft: Draft, home: Path) -> None:
    given = draft()
    first = library.add_asset(given, png(b"first"))
    assert library.add_asset(given, png(b"second")) == first
    assert library.count() == 1
    assert library.asset_for(given.plan_id, "picture-1", 0) == first
    assert len(list(library.files.everything())) == 1


def test_of_workers_that_finish_the_same_take_at_once_one_result_stands(library: Library, draft: Draft) -> None:
    given = draft()
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda n: library.add_asset(given, png(f"result {n}".encode())), range(6)))
    assert len({asset.id for asset in results}) == 1
    assert library.count() == 1


def spooled(folder: Path, data: bytes, name: str = "out-1") -> tuple[OutputFile, ...]:
    path = folder / name
    path.write_bytes(data)
    return (OutputFile(name="picture.png", media_type="image/png", path=path),)


def test_what_a_worker_wrote_is_moved_into_the_library(library: Library, draft: Draft, tmp_path: Path) -> None:
    given = draft()
    asset = library.add_asset(given, spooled(tmp_path, b"made"))
    assert library.file_path(asset.main.sha256).read_bytes() == b"made"
    assert library.add_asset(given, spooled(tmp_path, b"late", "out-2")) == asset
    assert not list(tmp_path.glob("out-*"))


def test_what_could_not_be_stored_stays_where_the_worker_wrote_it(library: Library, draft: Draft, tmp_path: Path) -> None:
    files = spooled(tmp_path, b"made")
    with pytest.raises(NotFound):
        library.add_asset(draft(project_id="nowhere"), files)
    assert (tmp_path / "out-1").read_bytes() == b"made"
    asset = library.add_asset(draft(), files)
    assert library.file_path(asset.main.sha256).read_bytes() == b"made"
    assert not (tmp_path / "out-1").exists()


def test_uploads_without_a_plan_are_never_taken_for_one_another(library: Library, draft: Draft) -> None:
    one = library.add_asset(draft(plan_id="", step_id="", take=0), png(b"one"))
    two = library.add_asset(draft(plan_id="", step_id="", take=0), png(b"two"))
    assert one.id != two.id
    assert library.asset_for("", "", 0) is None
    assert ids(library.assets(AssetQuery(newest_only=True))) == [two.id, one.id]


def test_a_redone_asset_is_the_next_version_and_knows_its_parents(library: Library, draft: Draft) -> None:
    copy = library.add_asset(draft(step_id="copy-1", kind=StepKind.COPY), png(b"copy"))
    first = library.add_asset(draft(), png(b"first"))
    given = InputRef(role="copy", sha256=copy.main.sha256, media_type="image/png", asset_id=copy.id)
    recipe = Recipe(kind=StepKind.LAYOUT, maker="banner", maker_version=1, inputs=(given,))
    second = library.add_asset(draft(previous=first.id, version=40).model_copy(update={"recipe": recipe}), png(b"second"))
    assert second.version == 2
    assert second.parents == (first.id, copy.id)
    assert library.children(copy.id) == (second,)


def test_lineage_reaches_all_ancestors_and_descendants(library: Library, draft: Draft) -> None:
    root = library.add_asset(draft(), png(b"0"))
    middle = library.add_asset(draft(previous=root.id), png(b"1"))
    left = library.add_asset(draft(previous=middle.id), png(b"2"))
    right = library.add_asset(draft(previous=middle.id, parents=(root.id,)), png(b"3"))
    stranger = library.add_asset(draft(), png(b"4"))
    lineage = library.lineage(middle.id)
    assert (lineage.asset, lineage.ancestors, lineage.descendants) == (middle, (root,), (left, right))
    assert ids(library.lineage(root.id).descendants) == [middle.id, left.id, right.id]
    assert library.lineage(stranger.id).ancestors == ()
    with pytest.raises(NotFound):
        library.lineage("nope")


@pytest.mark.parametrize("changes", [{"project_id": "nope"}, {"plan_id": "nope"}, {"previous": "nope"}, {"parents": ("nope",)}])
def test_an_asset_that_refers_to_nothing_is_refused_whole(library: Library, draft: Draft, changes: dict[str, object]) -> None:
    with pytest.raises(NotFound):
        library.add_asset(draft(**changes), png())
    assert library.count() == 0
    assert library.assets(AssetQuery(text="visual")) == ()


def test_an_asset_without_bytes_or_with_a_path_for_a_name_is_refused(library: Library, draft: Draft) -> None:
    with pytest.raises(InputError):
        library.add_asset(draft(), ())
    with pytest.raises(InputError):
        library.add_asset(draft(), (OutputFile(name="../evil.png", media_type="image/png", data=b"x"),))
    assert list(library.files.everything()) == []


def test_assets_are_found_by_every_field_newest_first(library: Library, draft: Draft, plan: Plan) -> None:
    elsewhere = library.create_project("Other")
    one = library.add_asset(draft(title="One"), png(b"1"))
    two = library.add_asset(draft(title="Two", step_id="copy-1", kind=StepKind.COPY), png(b"2"))
    three = library.add_asset(draft(title="Three", project_id=elsewhere.id, plan_id="", step_id=""), png(b"3"))
    assert ids(library.assets()) == [three.id, two.id, one.id]
    assert ids(library.assets(AssetQuery(project_id=plan.project_id))) == [two.id, one.id]
    assert ids(library.assets(AssetQuery(plan_id=plan.id, kind=StepKind.COPY))) == [two.id]
    assert ids(library.assets(AssetQuery(step_id="picture-1"))) == [one.id]
    assert ids(library.assets(AssetQuery(text="thre", project_id=elsewhere.id))) == [three.id]
    assert ids(library.assets(AssetQuery(limit=1, offset=1))) == [two.id]
    assert library.count(AssetQuery(limit=1, project_id=plan.project_id)) == 2


def test_assets_are_found_by_the_verdict_that_stands(library: Library, draft: Draft) -> None:
    good, bad, open_ = (library.add_asset(draft(), png(str(n).encode())) for n in range(3))

    def say(asset: Asset, verdict: Verdict) -> None:
        library.add_review(
            Review(id="", asset_id=asset.id, verdict=verdict, over=bad.id if verdict is Verdict.PREFER else "", created=WHEN)
        )

    say(good, Verdict.REJECT)
    say(good, Verdict.APPROVE)
    say(bad, Verdict.REJECT)
    say(open_, Verdict.PREFER)
    assert ids(library.assets(AssetQuery(verdict=Verdict.APPROVE))) == [good.id]
    assert ids(library.assets(AssetQuery(verdict=Verdict.REJECT))) == [bad.id]
    assert ids(library.assets(AssetQuery(verdict=Verdict.PREFER))) == [open_.id]
    assert ids(library.assets(AssetQuery(reviewed=False))) == [open_.id]
    assert ids(library.assets(AssetQuery(reviewed=True))) == [bad.id, good.id]


def test_newest_only_shows_the_last_take_of_each_step(library: Library, draft: Draft) -> None:
    library.add_asset(draft(take=0), png(b"0"))
    last = library.add_asset(draft(take=2), png(b"2"))
    library.add_asset(draft(take=1), png(b"1"))
    copy = library.add_asset(draft(step_id="copy-1"), png(b"c"))
    upload = library.add_asset(draft(plan_id="", step_id=""), png(b"u"))
    redone = library.add_asset(draft(plan_id="", step_id="", previous=upload.id), png(b"v"))
    assert ids(library.assets(AssetQuery(newest_only=True))) == [redone.id, copy.id, last.id]


class _Dying(Search):
    """Search whose last write never returns, as when the process is killed between file and commit."""

    def add(self, connection: Connection, number: int, words: str) -> None:
        super().add(connection, number, words)
        raise KeyboardInterrupt


def test_a_death_between_file_and_row_shows_nothing_and_check_names_the_file(
    library: Library, draft: Draft, database_url: str, home: Path
) -> None:
    given = draft()
    database = Database(database_url)
    database.search = _Dying(database.engine.dialect.name)
    dying = Library(database, FileStore(home / "files"))
    with pytest.raises(KeyboardInterrupt):
        dying.add_asset(given, png(b"orphan"))
    dying.close()
    assert library.count() == 0
    assert library.assets(AssetQuery(text="visual")) == ()
    report = check(library, Silent())
    assert report.sound
    assert len(report.extra) == 1
    stored = library.add_asset(given, png(b"orphan"))
    assert library.file_path(stored.main.sha256).read_bytes() == b"orphan"
    assert check(library, Silent()).extra == ()
