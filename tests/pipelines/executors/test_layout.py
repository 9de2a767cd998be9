from __future__ import annotations

import pytest

from domain.errors import StorageError
from pipelines.executors.layout import BATCHED_CHAT, CHAT, CPU, GPU, GPU_CHAT, Lanes, kind_of_chat, kind_of_maker, lanes, posts, visible


@pytest.mark.parametrize(("cores", "wanted", "pool"), [(1, 0, 1), (2, 0, 2), (4, 0, 2), (6, 0, 3), (64, 0, 4), (2, 5, 5)])
def test_the_pool_follows_the_cores_unless_somebody_says_otherwise(cores: int, wanted: int, pool: int) -> None:
    made = posts(cores, (), wanted)
    assert [post.name for post in made] == ["chat", *(f"cpu-{number}" for number in range(pool))]
    assert {post.device for post in made} == {"cpu"}
    assert lanes(made) == {"chat": 2, "prepare": 2, "media": pool, "diffusion": 1}


def test_each_gpu_has_one_worker_and_the_first_has_the_llm() -> None:
    gpus = ("cuda:0", "cuda:1")
    made = posts(16, gpus)
    assert [(post.name, post.device) for post in made if post.device != "cpu"] == [("gpu-0", "cuda:0"), ("gpu-1", "cuda:1")]
    assert [post.places.get(GPU_CHAT, 0) > 1 for post in made if post.device != "cpu"] == [True, False]
    assert lanes(made)["diffusion"] == 2
    assert lanes(made)["chat"] == 2 and lanes(made, accelerated=True)["chat"] > 8


def test_torch_goes_to_the_gpu_where_there_is_one() -> None:
    gpus = ("cuda:0",)
    assert [kind_of_maker(maker, gpus) for maker in ("diffusion/sdxl", "bark", "kokoro", "banner")] == [GPU, GPU, CPU, CPU]
    assert {kind_of_maker(maker) for maker in ("diffusion/sdxl", "bark", "kokoro")} == {CPU}
    assert [kind_of_chat(True, gpus), kind_of_chat(False, gpus), kind_of_chat(True)] == [GPU_CHAT, CHAT, BATCHED_CHAT]


def test_every_kind_of_request_has_a_place() -> None:
    for gpus in ((), ("cuda:0", "cuda:1")):
        kinds = {
            kind_of_chat(True),
            kind_of_maker("bark", gpus),
            kind_of_maker("banner", gpus),
            kind_of_chat(True, gpus),
            kind_of_chat(False, gpus),
        }
        assert kinds <= {kind for post in posts(1, gpus) for kind, places in post.places.items() if places}


def test_the_lanes_follow_the_chat_model_that_answers_now() -> None:
    safetensors = False
    found = Lanes(posts(2), lambda: safetensors, remembered=0.0)
    assert dict(found) == {"chat": 2, "prepare": 2, "media": 2, "diffusion": 1}
    safetensors = True
    assert found["chat"] == 8, "the texts of a brief are decoded together on a CPU too"


def test_the_lanes_stay_as_they_were_while_nobody_can_say_which_model_answers() -> None:
    """The dispatcher reads them in its only thread: a database that is away must not end it."""
    answers: list[bool | Exception] = [True, StorageError("the database does not answer"), False]

    def answer() -> bool:
        given = answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    found = Lanes(posts(2), answer, remembered=0.0)
    assert [found["chat"], found["chat"], found["chat"]] == [8, 8, 2]
    assert found["media"] == 2 and not answers, "only the chat lane asks"


def test_a_worker_sees_its_own_gpu_only() -> None:
    assert visible("cpu", "0,1") == ""
    assert visible("cuda:1", None) == "1"
    assert visible("cuda:1", "3, 5") == "5"
    assert visible("cuda:0", "GPU-8f2e") == "GPU-8f2e"
