"""The one queue: fair between people and projects, in company where it pays, and nobody starves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from studio.queue import AGE_SECONDS, FairQueue, Priority, Stage, Ticket


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def ticket(
    step: str,
    *,
    person: str = "ann",
    project: str = "p",
    plan: str = "plan",
    lane: str = "media",
    priority: Priority = Priority.NORMAL,
    cost: float = 1.0,
    batch: str = "",
    most: int = 1,
    window: float = 0.0,
) -> Ticket:
    return Ticket(
        plan_id=plan, step_id=step, take=0, stage=Stage.MAKE, lane=lane, project_id=project, person=person,
        priority=priority, cost=cost, batch=batch, most=most, window=window,
    )  # fmt: skip


def served(queue: FairQueue, lane: str = "media") -> Iterable[Ticket]:
    while taken := queue.take(lane):
        yield from taken


def test_a_plan_of_sixty_steps_delays_another_person_by_one_step() -> None:
    queue = FairQueue(Clock())
    for number in range(60):
        queue.add(ticket(f"s{number}", person="greedy", plan="big"))
    assert queue.take("media")[0].person == "greedy"
    queue.add(ticket("only", person="bea", plan="small"))
    assert queue.take("media")[0].step_id == "only"


def test_two_people_take_turns_by_the_seconds_they_cost() -> None:
    queue = FairQueue(Clock())
    for number in range(40):
        queue.add(ticket(f"a{number}", person="ann", plan="a", cost=3.0))
        queue.add(ticket(f"b{number}", person="bea", plan="b", cost=1.0))
    first = [t for _, t in zip(range(20), served(queue), strict=False)]
    seconds = Counter[str]()
    for t in first:
        seconds[t.person] += int(t.cost)
    assert abs(seconds["ann"] - seconds["bea"]) <= 3


def test_projects_of_one_person_take_turns() -> None:
    queue = FairQueue(Clock())
    for number in range(10):
        queue.add(ticket(f"x{number}", project="x", plan="x"))
    for number in range(10):
        queue.add(ticket(f"y{number}", project="y", plan="y"))
    assert [t.project_id for t in served(queue)][:6].count("x") == 3


def test_twice_the_weight_is_served_twice_as_much() -> None:
    queue = FairQueue(Clock(), weight=lambda person: 2.0 if person == "ann" else 1.0)
    for number in range(30):
        queue.add(ticket(f"a{number}", person="ann", plan="a"))
        queue.add(ticket(f"b{number}", person="bea", plan="b"))
    first = Counter(t.person for _, t in zip(range(18), served(queue), strict=False))
    assert first == {"ann": 12, "bea": 6}


def test_who_was_away_does_not_come_back_with_credit() -> None:
    queue = FairQueue(Clock())
    for number in range(100):
        queue.add(ticket(f"a{number}", person="ann", plan="a"))
    for _ in range(50):
        queue.take("media")
    for number in range(50):
        queue.add(ticket(f"b{number}", person="bea", plan="b"))
    first = Counter(t.person for _, t in zip(range(20), served(queue), strict=False))
    assert first["ann"] >= 9


def test_somebody_who_waits_for_one_item_goes_first_but_not_forever() -> None:
    clock = Clock()
    queue = FairQueue(clock)
    queue.add(ticket("old", plan="a"))
    clock.now += AGE_SECONDS + 1
    queue.add(ticket("new", person="bea", plan="b", priority=Priority.INTERACTIVE))
    queue.add(ticket("late", person="cy", plan="c"))
    order = [t.step_id for t in served(queue)]
    assert order.index("new") < order.index("late")
    assert order.index("old") < order.index("late")


def test_a_stream_of_interactive_work_does_not_starve_a_background_plan() -> None:
    clock = Clock()
    queue = FairQueue(clock)
    queue.add(ticket("patient", person="ann", plan="a", priority=Priority.BACKGROUND))
    for number in range(400):
        clock.now += 1
        queue.add(ticket(f"n{number}", person="bea", plan="b", priority=Priority.INTERACTIVE))
        if queue.take("media")[0].step_id == "patient":
            return
    raise AssertionError("the background ticket was never served")


def test_equal_batch_keys_of_different_people_are_made_together_up_to_the_most() -> None:
    queue = FairQueue(Clock())
    for number in range(5):
        queue.add(ticket(f"s{number}", person=f"person{number}", plan=f"p{number}", batch="sdxl/512", most=4))
    queue.add(ticket("other", person="zoe", plan="z", batch="sdxl/1024", most=4))
    sizes = sorted(len(taken) for taken in iter(lambda: queue.take("media"), ()))
    assert sizes == [1, 1, 4]


def test_company_is_waited_for_only_for_its_window_and_holds_nobody_else_up() -> None:
    clock = Clock()
    queue = FairQueue(clock)
    queue.add(ticket("alone", plan="a", batch="k", most=4, window=0.5))
    assert queue.take("media") == ()
    assert queue.ripe_in("media") == 0.5
    queue.add(ticket("single", person="bea", plan="b"))
    assert [t.step_id for t in queue.take("media")] == ["single"]
    clock.now += 0.5
    assert [t.step_id for t in queue.take("media")] == ["alone"]


def test_a_full_batch_does_not_wait() -> None:
    queue = FairQueue(Clock())
    for number in range(4):
        queue.add(ticket(f"s{number}", plan=f"p{number}", batch="k", most=4, window=60.0))
    assert len(queue.take("media")) == 4


def test_a_ticket_is_queued_once_and_a_removed_one_is_not_served() -> None:
    queue = FairQueue(Clock())
    assert queue.add(ticket("a"))
    assert not queue.add(ticket("a"))
    queue.add(ticket("b", batch="k", most=4))
    queue.add(ticket("c", batch="k", most=4))
    assert queue.remove([ticket("a").key, ticket("b").key, ("no", "such", 0)]) == 2
    assert [t.step_id for t in served(queue)] == ["c"]
    assert len(queue) == 0
    assert queue.waiting() == {}


def test_a_redo_goes_before_the_plan_it_belongs_to_however_long_that_waits() -> None:
    clock = Clock()
    queue = FairQueue(clock)
    for number in range(60):
        queue.add(ticket(f"s{number}"))
    clock.now += AGE_SECONDS + 1
    queue.add(ticket("redo", plan="b", priority=Priority.INTERACTIVE))
    assert queue.take("media")[0].step_id == "redo"


def test_the_places_of_a_batch_are_shared_by_who_was_served_least() -> None:
    queue = FairQueue(Clock())
    for number in range(80):
        queue.add(ticket(f"a{number}", person="ann", plan="a", batch="k", most=8))
    for number in range(8):
        queue.add(ticket(f"b{number}", person="bea", plan="b", batch="k", most=8))
    assert [sum(t.person == "bea" for t in queue.take("media")) for _ in range(2)] == [4, 4]


def test_somebody_new_does_not_wait_behind_what_others_owe() -> None:
    queue = FairQueue(Clock())
    for number in range(100):
        queue.add(ticket(f"a{number}", person="ann", plan="a", cost=10.0, priority=Priority.INTERACTIVE))
    for number in range(300):
        queue.add(ticket(f"b{number}", person="bea", plan="b"))
    for _ in range(100):
        queue.take("media")
    queue.add(ticket("first", person="cy", plan="c"))
    assert "first" in [t.step_id for _, t in zip(range(3), served(queue), strict=False)]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.floats(0.1, 9), st.sampled_from(list(Priority))), max_size=60))
def test_everything_that_was_queued_is_served_exactly_once(rows: list[tuple[str, str, float, Priority]]) -> None:
    queue = FairQueue(Clock())
    for number, (person, project, cost, priority) in enumerate(rows):
        queue.add(ticket(f"s{number}", person=person, project=project, cost=cost, priority=priority, batch=project, most=3))
    assert sorted(t.step_id for t in served(queue)) == sorted(f"s{number}" for number in range(len(rows)))


class Queueing(RuleBasedStateMachine):
    """Whatever is added, removed, served and waited for: the counts stay true and nobody is left behind."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.queue = FairQueue(self.clock)
        self.there: dict[tuple[str, str, int], Ticket] = {}
        self.number = 0

    @rule(
        person=st.sampled_from("abcd"),
        project=st.sampled_from("xy"),
        batch=st.sampled_from(["", "k", "l"]),
        window=st.sampled_from([0.0, 2.0]),
    )
    def add(self, person: str, project: str, batch: str, window: float) -> None:
        self.number += 1
        added = ticket(f"s{self.number}", person=person, project=project, batch=batch, most=3 if batch else 1, window=window)
        assert self.queue.add(added)
        self.there[added.key] = added

    @rule(seconds=st.sampled_from([0.5, 3.0, 70.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def serve(self) -> None:
        taken = self.queue.take("media")
        for t in taken:
            del self.there[t.key]
        assert len({t.batch for t in taken}) <= 1
        assert len(taken) <= 3

    @rule(which=st.integers(0, 50))
    def remove(self, which: int) -> None:
        if self.there:
            key = sorted(self.there)[which % len(self.there)]
            assert self.queue.remove([key]) == 1
            del self.there[key]

    @invariant()
    def counts_are_true(self) -> None:
        assert len(self.queue) == len(self.there)
        assert self.queue.waiting().get("media", 0) == len(self.there)

    def teardown(self) -> None:
        self.clock.now += 1000
        assert {t.key for t in served(self.queue)} == set(self.there)


TestQueueing = Queueing.TestCase
