"""What is everyday work, what leans on the last answer, and what is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.jobs.desk import JobDesk
from agents.jobs.kinds import JobKind
from agents.jobs.on_text import labels_of
from agents.planner import Planner
from domain.conversation import Intent, Turn
from tests.agents.scripted import WHEN


@pytest.fixture(scope="module")
def desk(assets: Path) -> JobDesk:
    planner = Planner(assets)
    return JobDesk(assets, planner.reader, planner.book, planner.phrases, planner.lexicon.languages)


def chat(*said: str) -> tuple[Turn, ...]:
    """Turns that alternate, the person first."""
    return tuple(
        Turn(
            id=str(n),
            project_id="p",
            role="assistant" if n % 2 else "user",
            text=text,
            intent=Intent.ANSWER if n % 2 else None,
            created=WHEN,
        )
        for n, text in enumerate(said)
    )


@pytest.mark.parametrize(
    ("message", "kind", "text"),
    [
        ("Summarise this: The mill burned down.", JobKind.SUMMARY, "The mill burned down."),
        ("The mill burned down. It was old.\n\nSummarise it in one sentence.", JobKind.SUMMARY, "The mill burned down. It was old."),
        ("Please translate into German: Good morning", JobKind.TRANSLATION, "Good morning"),
        ("How do you say thank you in Japanese?", JobKind.TRANSLATION, "thank you"),
        ("Translate this headline to Chinese: Fresh bread", JobKind.TRANSLATION, "Fresh bread"),
        ("When does it open? Text: The shop opens at nine.", JobKind.QUESTION, "The shop opens at nine."),
        ("书店几点关门？原文：书店晚上八点关门。", JobKind.QUESTION, "书店晚上八点关门。"),
        ("把“谢谢你”翻译成法语", JobKind.TRANSLATION, "谢谢你"),
        ("Fix the grammar: he go home", JobKind.CORRECTION, "he go home"),
        ("Debug this: def add(a, b) return a + b", JobKind.CODE, "def add(a, b) return a + b"),
        ("Why does this fail? print('a' + 1)", JobKind.CODE, "print('a' + 1)"),
        ("Write an SQL query that counts the orders", JobKind.SQL, ""),
        ("List five synonyms for quick", JobKind.LIST, ""),
        ("Compare tea and coffee in a table", JobKind.TABLE, ""),
        ("A shirt costs 40 dollars and is 25% off. What do I pay?", JobKind.ARITHMETIC, ""),
        ("Who wrote Hamlet?", JobKind.FACT, ""),
        ("Who will win the football world cup in 2034?", JobKind.UNKNOWABLE, ""),
    ],
)
def test_a_job_is_read_with_its_text(desk: JobDesk, message: str, kind: JobKind, text: str) -> None:
    job = desk.read(message)
    assert job is not None
    assert (job.kind, job.text) == (kind, text)


@pytest.mark.parametrize(
    "message",
    [
        "Write three headlines for a bicycle repair shop",
        'Design a square banner that says "Open on Sunday"',
        "News package: the town opens a new swimming pool",
        "12 items for a fantasy shop",
        "写一篇关于阳台种番茄的博客文章",
        "为冷萃咖啡“北码头”做一套上市宣传，面向年轻通勤族，风格活泼。",
        "给“小鹿书店”设计开业海报，用活泼的口吻",
        "以国风风格为“云上”民宿做一套横幅",
        'Create a quest called "The Lost Bell" for a fantasy village, main points: betrayal, hope',
        "drop the second banner",
        "go",
        "",
    ],
)
def test_a_brief_or_an_edit_is_no_job(desk: JobDesk, message: str) -> None:
    assert desk.read(message) is None


def test_again_asks_the_last_job_once_more_without_its_answers(desk: JobDesk) -> None:
    job = desk.read("again", chat("Rephrase this politely: Send me the file now.", "Could you send it?", "another one", "Please send it."))
    assert job is not None
    assert (job.kind, job.text) == (JobKind.REWRITING, "Send me the file now.")
    assert job.earlier == ("Could you send it?", "Please send it.")


def test_the_second_one_is_an_item_of_the_last_list(desk: JobDesk) -> None:
    turns = chat("Name three rivers", "1. Danube\n2. Rhine\n3. Loire")
    job = desk.read("Tell me more about the second one", turns)
    assert job is not None
    assert "Rhine" in job.ask
    job = desk.read("Which country is the source of the second one in? Repeat the river's name.", turns)
    assert job is not None
    assert (job.kind, job.ask) == (JobKind.WRITING, "Which country is the source of Rhine in? Repeat the river's name.")
    job = desk.read("第二个翻译成英文", chat("列出三个城市", "1. 巴黎\n2. 柏林\n3. 罗马"))
    assert job is not None
    assert (job.kind, job.text, job.target) == (JobKind.TRANSLATION, "柏林", "en")
    assert desk.read("the ninth one", turns) is None


def test_changes_are_of_the_last_answer(desk: JobDesk) -> None:
    turns = chat("Write to Sam", "Hi Sam, stop the drums.")
    for message in ("no, shorter", "as before but formal", "make it friendlier"):
        job = desk.read(message, turns)
        assert job is not None
        assert (job.kind, job.text) == (JobKind.REWRITING, "Hi Sam, stop the drums.")
    job = desk.read("and in Spanish?", chat("Translate into German: Good morning", "Guten Morgen"))
    assert job is not None
    assert (job.kind, job.text, job.target) == (JobKind.TRANSLATION, "Good morning", "es")


def test_a_question_goes_on_about_the_text_pasted_before(desk: JobDesk) -> None:
    text = "The mill burned down in 1911 and was rebuilt by the Harrows."
    job = desk.read("Who rebuilt it?", chat(f"Summarise this: {text}", "The mill was rebuilt."))
    assert job is not None
    assert (job.kind, job.text) == (JobKind.QUESTION, text)


@pytest.mark.parametrize(
    "message", ["no, I want a banner for our shop", "make a banner for our summer sale", "thanks", "What can you make?"]
)
def test_a_new_wish_does_not_lean_on_the_last_answer(desk: JobDesk, message: str) -> None:
    assert desk.read(message, chat("Summarise this: The mill burned down in 1911 and was rebuilt by the Harrows.", "It burned.")) is None


def test_a_question_about_something_else_is_its_own(desk: JobDesk) -> None:
    job = desk.read("What is the capital of France?", chat("Summarise this: The mill burned down and was rebuilt in stone.", "It burned."))
    assert job is not None
    assert job.kind is JobKind.FACT


def test_nothing_leans_on_a_plan(desk: JobDesk) -> None:
    turns = chat("a banner", "Here is the plan.")
    planned = (*turns[:-1], turns[-1].model_copy(update={"intent": Intent.PLAN}))
    assert desk.read("shorter", planned) is None


@pytest.mark.parametrize(
    ("ask", "labels"),
    [
        ("Classify this as sport, politics or science", ["sport", "politics", "science"]),
        ("Is this review positive or negative? …", ["positive", "negative"]),
        ("Is this message spam or not spam?", ["spam", "not spam"]),
        ("Label the following ticket as bug, feature request or question", ["bug", "feature request", "question"]),
        ("Sort these into fruit and vegetables", ["fruit", "vegetables"]),
        ("这条评论是正面还是负面？", ["正面", "负面"]),
        ("把下面的词分成水果和蔬菜", ["水果", "蔬菜"]),
        ("What is the sentiment?", []),
    ],
)
def test_labels_are_read_from_the_instruction(ask: str, labels: list[str]) -> None:
    assert labels_of(ask) == labels
