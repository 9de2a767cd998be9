"""Content safety from the wish to the pack: refused, held, decided, appealed; who may decide, and what may leave meanwhile."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from agents.picture_safety import PictureRules
from agents.safety import SafetyRules
from domain.asset import Asset
from domain.capability import StepKind
from domain.errors import Conflict, ContentHeld, ContentRefused, EngineFailed, InputError, NotAllowed
from domain.job import JobState
from domain.moderation import Case, CaseState, Level, PictureCheck, Stage
from domain.people import Caller
from domain.plan import Plan, Step
from domain.progress import Silent
from domain.project import Role
from domain.recipe import InputRef, OutputFile, Recipe
from domain.review import ReviewState
from domain.specs import CopySpec
from library.library import Library
from studio.cases import Cases
from studio.conversation import Answer
from studio.export import Selection, export_pack
from studio.gate import Gate
from studio.links import Links, LinkWish
from studio.moderation import Moderation
from studio.pack_texts import PackSources
from studio.people import People
from studio.projects import Projects
from studio.reviews import Reviews
from studio.rights import Rights
from tests.studio.bench import Bench, Hand, now, open_bench, step
from tests.studio.labelled import Unlabelled

ALL = Caller(person="local", everything=True)
ED, REV, OWN, VIEW = (Caller(person=name) for name in ("Ed", "Rev", "Olga", "Vic"))


@dataclass
class Eye:
    """Stands where Open NSFW does: gives the score it is told to, or is not there."""

    score: float | None = 0.01
    broken: bool = False
    seen: list[bytes] = field(default_factory=list)

    def ready(self) -> bool:
        return self.score is not None

    def look(self, data: bytes) -> float:
        self.seen.append(data)
        if self.broken or self.score is None:
            raise EngineFailed("It broke.")
        return self.score


@dataclass
class House:
    bench: Bench
    moderation: Moderation
    cases: Cases
    eye: Eye

    @property
    def library(self) -> Library:
        return self.bench.library

    def level(self, level: Level) -> None:
        Projects(self.library).set_moderation(self.bench.project, level)

    def people(self) -> None:
        """Olga owns the project, Ed edits it, Rev reviews it, Vic looks."""
        people = People(self.library)
        for name, role in (("Olga", Role.OWNER), ("Ed", Role.EDITOR), ("Rev", Role.REVIEWER), ("Vic", Role.VIEWER)):
            people.add(name, "correct horse")
            self.library.set_member(self.bench.project, name, role)

    def text(self, words: str, person: str = "Ed", title: str = "A text") -> Asset:
        recipe = Recipe(kind=StepKind.COPY, maker="edited", maker_version=1)
        draft = Asset(
            id="", project_id=self.bench.project, title=title, files=(), recipe=recipe, text=words, person=person, created=now()
        )  # fmt: skip
        return self.library.add_asset(draft, [OutputFile("text.txt", "text/plain", words.encode())])

    def picture(self, **more: object) -> Asset:
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
        recipe = Recipe.model_validate({"kind": StepKind.PICTURE, "maker": "import", "maker_version": 1, **more})
        draft = Asset(id="", project_id=self.bench.project, title="A picture", files=(), recipe=recipe, person="Ed", created=now())
        return self.library.add_asset(draft, [OutputFile("picture.png", "image/png", buffer.getvalue())])

    def made(self, *names: str, brief: str = "Make it.") -> tuple[Plan, dict[str, Asset]]:
        self.bench.planner.steps = tuple(step(name) if name != "article-1" else step(name, "copy-1") for name in names)
        plan = self.bench.plans.propose(self.bench.plans.submit(self.bench.project, brief, person="Ed"), seed=7)
        self.bench.plans.approve(plan.id, person="Ed")
        self.bench.wait(plan.id)
        return plan, self.library.latest_assets(plan.id)

    def pack(self, folder: Path, *asset_ids: str) -> dict[str, object]:
        out = folder / "pack.zip"
        selection = Selection(project_id=self.bench.project, asset_ids=asset_ids)
        export_pack(self.library, selection, out, Silent(), PackSources(lambda model_id: None, Unlabelled(self.library, out.parent)))
        with zipfile.ZipFile(out) as bundle:
            manifest: dict[str, object] = json.loads(bundle.read("manifest.json"))
        return manifest


@pytest.fixture
def house(home: Path, assets: Path) -> Iterator[House]:
    eye, rules, pictures = Eye(), SafetyRules.load(assets), PictureRules.load(assets)
    made: list[Moderation] = []

    def judges(library: Library) -> Moderation:
        made.append(Moderation(library, rules, pictures, eye.ready, eye.look, now, "opennsfw"))
        return made[0]

    bench = open_bench(home, Hand(), judges=judges)
    bench.runner.start()
    yield House(bench, made[0], Cases(bench.library, made[0], Rights(bench.library), now), eye)
    bench.runner.stop()
    bench.library.close()


GORE = "They beheaded the prisoner at noon."


def test_what_is_in_doubt_is_held_decided_and_then_leaves(house: House, tmp_path: Path) -> None:
    house.people()
    clean, held = house.text("Fresh bread at six.", title="Bread"), house.text(GORE, title="Noon")
    # 1. It waits; the rest leaves without it, and the pack says so.
    (waits,) = house.cases.listed(house.bench.project, REV)
    assert (waits.case.subject, waits.case.rules, waits.case.person, waits.decide) == (held.id, ("gore",), "Ed", True)
    assert "beheaded" in waits.case.findings[0].words
    manifest = house.pack(tmp_path)
    assert [entry["id"] for entry in manifest["assets"]] == [clean.id]  # type: ignore[attr-defined]
    assert manifest["not_included"] == [{"step": "", "title": "Noon", "reason": "content held: gore"}]
    # 2. Chosen, it is refused with the way out.
    with pytest.raises(ContentHeld, match="Content review"):
        house.pack(tmp_path, held.id)
    # 3. Allowed, it leaves.
    house.cases.decide(house.bench.project, waits.case.id, REV, allow=True, note="A history book.", seen=0)
    assert house.cases.listed(house.bench.project, REV) == ()
    assert len(house.pack(tmp_path, held.id)["assets"]) == 1  # type: ignore[arg-type]
    (entry,) = [one for one in house.library.audited(house.bench.project) if one.action == "content_decided"]
    assert (entry.person, entry.data["to"], entry.data["rules"]) == ("Rev", "allowed", ["gore"])


def test_what_was_made_from_something_held_does_not_leave_either_but_a_mended_version_does(house: House) -> None:
    held = house.picture()
    assert Gate(house.library).case(held) is None
    house.eye.score = 0.7
    held = house.picture()
    ref = InputRef(role="source", sha256=held.main.sha256, media_type="image/png", asset_id=held.id)
    house.eye.score = 0.01
    made = house.picture(inputs=(ref,))
    after = house.picture(inputs=(ref.model_copy(update={"asset_id": made.id}),))
    mended = house.text("Clean now.").model_copy(update={"id": "", "files": (), "previous": held.id, "version": 1})
    mended = house.library.add_asset(mended, [OutputFile("text.txt", "text/plain", b"Clean now.")])
    gate = Gate(house.library)
    assert [gate.case(one) is not None for one in (held, made, after, mended)] == [True, True, True, False]
    (waits,) = house.cases.listed(house.bench.project, ALL)
    house.cases.decide(house.bench.project, waits.case.id, ALL, allow=True, seen=0)
    assert [gate.case(one) for one in (held, made, after)] == [None, None, None]


def test_a_refused_result_is_a_failed_job_that_names_its_rule_and_keeps_nothing(house: House) -> None:
    spec = CopySpec(about="a")
    house.bench.planner.steps = (Step(id="copy-1", title="The naked schoolgirl looked at him", spec=spec),)
    plan = house.bench.plans.propose(house.bench.plans.submit(house.bench.project, "Make it."), seed=7)
    house.bench.plans.approve(plan.id)
    job = house.bench.wait(plan.id)["copy-1"]
    assert job.state is JobState.FAILED
    assert "minors" in job.error
    assert house.library.latest_assets(plan.id) == {}
    assert house.bench.hand.made == []  # the prompt was refused before anything was made


def test_a_doubtful_brief_holds_everything_made_from_it_until_one_decision(house: House, tmp_path: Path) -> None:
    _, made = house.made("copy-1", "article-1", brief="Copy for a gory slasher film")
    (waits,) = house.cases.listed(house.bench.project, ALL)
    assert (waits.case.kind, waits.case.person) == ("brief", "Ed")
    gate = Gate(house.library)
    assert all(gate.case(asset) is not None for asset in made.values())
    with pytest.raises(ContentHeld):
        house.pack(tmp_path)
    house.cases.decide(house.bench.project, waits.case.id, ALL, allow=True, seen=0)
    assert len(house.pack(tmp_path)["assets"]) == 2  # type: ignore[arg-type]


def test_an_open_project_makes_its_horror_without_asking(house: House) -> None:
    house.level(Level.OPEN)
    _, made = house.made("copy-1", brief="Copy for a gory slasher film")
    assert house.cases.listed(house.bench.project, ALL) == ()
    judged = made["copy-1"].judged
    assert judged is not None
    assert (judged.level, judged.text) == (Level.OPEN, True)


def test_pictures_are_held_and_refused_by_their_score(house: House) -> None:
    house.eye.score = 0.7
    held = house.picture()
    assert held.judged is not None
    assert (held.judged.picture, held.judged.score, held.judged.model) == (PictureCheck.CHECKED, 0.7, "opennsfw")
    assert Gate(house.library).case(held) is not None
    house.eye.score = 0.99
    with pytest.raises(ContentRefused, match=r"nudity.*0\.99"):
        house.picture()
    with pytest.raises(ContentRefused):
        house.moderation.upload(b"...")
    assert len(house.library.assets()) == 1


@pytest.mark.parametrize("broken", [False, True])
def test_a_picture_nobody_could_look_at_is_never_called_checked(house: House, *, broken: bool) -> None:
    house.eye.broken, house.eye.score = broken, 0.0 if broken else None
    picture = house.picture()
    assert picture.judged is not None
    assert (picture.judged.picture, picture.judged.score, picture.judged.model) == (PictureCheck.NOT_CHECKED, None, "")
    assert Gate(house.library).case(picture) is None
    house.level(Level.STRICT)
    case = Gate(house.library).case(house.picture())
    assert case is not None
    assert case.rules == ("unchecked",)


def test_an_answer_in_the_chat_is_taken_back_or_marked(house: House) -> None:
    brief = house.bench.plans.draft(house.bench.project, "Write me a line.")
    zh = {
        "Look at this before it is used: {why}": "先看：{why}",
    }
    answer = Answer()
    answer.grow("They beheaded the prisoner.")
    doubt = house.moderation.answer(brief, answer.text)
    assert doubt is not None
    answer.judged(doubt, zh)
    assert answer.text.startswith("They beheaded the prisoner.\n\n⚠ 先看")
    refused = house.moderation.answer(brief, "The naked schoolgirl looked at him.")
    assert refused is not None
    answer.judged(refused, {})
    assert answer.text.startswith("⚠ I take that answer back: the rule minors")
    assert "schoolgirl" not in answer.text
    assert house.moderation.answer(brief, "Bread at six.") is None


def test_publishing_and_links_wait_too(house: House) -> None:
    house.people()
    held = house.text(GORE)
    reviews = Reviews(house.library, house.bench.plans, Rights(house.library), now)
    approved = reviews.move(held.id, ReviewState.APPROVED, REV, seen=0)
    with pytest.raises(ContentHeld):
        reviews.move(held.id, ReviewState.PUBLISHED, OWN, seen=approved.revision)
    links = Links(house.library)
    link, _ = links.make(house.bench.project, LinkWish(assets=(held.id,), days=1), "Olga")
    assert links.shown(link) == ()
    (waits,) = house.cases.listed(house.bench.project, REV)
    house.cases.decide(house.bench.project, waits.case.id, REV, allow=True, seen=0)
    assert [asset.id for asset in links.shown(link)] == [held.id]
    assert reviews.move(held.id, ReviewState.PUBLISHED, OWN, seen=approved.revision).state is ReviewState.PUBLISHED


def test_a_refusal_needs_a_reason_and_may_be_appealed_by_its_author_alone(house: House, tmp_path: Path) -> None:
    house.people()
    held = house.text(GORE)
    project = house.bench.project
    (waits,) = house.cases.listed(project, REV)
    with pytest.raises(InputError):
        house.cases.decide(project, waits.case.id, REV, allow=False, note=" ", seen=0)
    refused = house.cases.decide(project, waits.case.id, REV, allow=False, note="Too much.", seen=0)
    with pytest.raises(ContentHeld, match="Too much"):
        house.pack(tmp_path, held.id)
    with pytest.raises(NotAllowed):
        house.cases.appeal(project, refused.id, VIEW, note="Please.", seen=1)
    with pytest.raises(InputError):
        house.cases.appeal(project, refused.id, ED, note="", seen=1)
    appealed = house.cases.appeal(project, refused.id, ED, note="It is from the town's chronicle.", seen=1)
    assert (appealed.state, appealed.appeal) == (CaseState.APPEALED, "It is from the town's chronicle.")
    # Its author is an editor, and others could decide: they have to.
    with pytest.raises(NotAllowed, match="another person"):
        house.cases.decide(project, refused.id, ED, allow=True, seen=2)
    house.cases.decide(project, refused.id, OWN, allow=True, seen=2)
    assert house.pack(tmp_path, held.id)


@pytest.mark.parametrize("caller", [VIEW, Caller(person="Nobody"), Caller(person="x (guest)", link="l")])
def test_who_may_not_review_may_not_decide(house: House, caller: Caller) -> None:
    house.people()
    house.text(GORE)
    (waits,) = house.cases.listed(house.bench.project, REV)
    with pytest.raises(NotAllowed):
        house.cases.decide(house.bench.project, waits.case.id, caller, allow=True, seen=0)
    assert house.library.case(waits.case.id).state is CaseState.HELD


def test_a_refused_wish_is_appealed_decided_by_an_owner_and_then_passes(house: House) -> None:
    house.people()
    project, words = house.bench.project, "Slogans saying refugees are vermin"
    with pytest.raises(InputError, match="No rule"):
        house.cases.appeal_wish(project, "Bread at six.", ED, note="Please.")
    case = house.cases.appeal_wish(project, words, ED, note="For the museum's panel on propaganda.")
    assert case.grave
    with pytest.raises(NotAllowed, match="Owners"):
        house.cases.decide(project, case.id, REV, allow=True, seen=0)
    # Who may not decide and did not write it does not read it.
    assert house.cases.listed(project, VIEW) == ()
    assert house.moderation.refused(project, words)
    house.cases.decide(project, case.id, OWN, allow=True, note="Museum.", seen=0)
    assert house.moderation.refused(project, words) == ()
    assert house.moderation.refused(project, f"  {words.upper()} ") == ()
    assert house.moderation.refused(project, f"{words} today")
    assert house.bench.plans.draft(project, words).screening.cleared == ("hate",)
    other = house.bench.another_project()
    assert house.moderation.refused(other, words)


def test_an_allowed_wish_clears_its_own_words_and_others_of_its_plan_wait_for_a_person(house: House) -> None:
    project, wish = house.bench.project, "Slogans saying refugees are vermin. For the museum's panel."
    case = house.cases.appeal_wish(project, wish, ALL, note="For the museum's panel on propaganda.")
    house.cases.decide(project, case.id, ALL, allow=True, note="Museum.", seen=0)
    plan, _ = house.made("copy-1", brief=wish)
    assert [one.case.kind for one in house.cases.listed(project, ALL) if one.case.state is CaseState.HELD] == []  # nor is the brief held
    house.moderation.screen(plan, "slogans saying refugees are vermin!", Stage.BRIEF)

    def judged(words: str, level: Level = Level.STANDARD) -> Case | None:
        house.level(level)
        recipe = Recipe(kind=StepKind.COPY, maker="m", maker_version=1)
        draft = Asset(
            id="", project_id=project, plan_id=plan.id, step_id="copy-1", title="Panel", files=(), recipe=recipe, text=words, created=now()
        )  # fmt: skip
        return house.moderation.judge(draft, ())[1]

    assert judged("Slogans saying refugees are vermin.\nBread at six.") is None
    other = judged("All immigrants are vermin and must be exterminated.")
    assert other is not None and other.rules == ("hate",) and other.grave
    # What a strict project refuses of a result is held: a person has allowed the rule, if not these words.
    assert judged("All immigrants are vermin and must be exterminated.", Level.STRICT) is not None


def test_of_two_who_decide_at_once_one_is_told_who_was_first(house: House) -> None:
    house.people()
    house.text(GORE)
    project = house.bench.project
    (waits,) = house.cases.listed(project, REV)
    start, told = threading.Barrier(2), []

    def decide(caller: Caller, *, allow: bool) -> Callable[[], None]:
        def run() -> None:
            start.wait()
            try:
                house.cases.decide(project, waits.case.id, caller, allow=allow, note="So.", seen=0)
                told.append("stored")
            except Conflict as error:
                told.append(error.message)

        return run

    threads = [threading.Thread(target=decide(REV, allow=True)), threading.Thread(target=decide(OWN, allow=False))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    case = house.library.case(waits.case.id)
    assert sorted(one == "stored" for one in told) == [False, True]
    assert any(f"{case.decided_by} was first" in one for one in told)
    assert case.revision == 1
    assert len([one for one in house.library.audited(project) if one.action == "content_decided"]) == 1


def test_one_person_alone_decides_for_themselves_and_the_log_says_so(house: House) -> None:
    house.text(GORE, person="local")
    (waits,) = house.cases.listed(house.bench.project, ALL)
    house.cases.decide(house.bench.project, waits.case.id, ALL, allow=True, seen=0)
    (entry,) = house.library.audited(house.bench.project)
    assert entry.data["own"] is True


def test_a_deleted_result_leaves_no_case(house: House) -> None:
    held = house.text(GORE)
    Reviews(house.library, house.bench.plans, Rights(house.library), now).delete(held.id, "local", seen=0)
    assert house.cases.listed(house.bench.project, ALL) == ()
