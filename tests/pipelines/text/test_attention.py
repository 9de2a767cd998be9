"""Attention over a paged batch on the CPU, against torch's own attention on each request alone."""

from __future__ import annotations

import pytest
import torch

from pipelines.text.attention import _attend, _common

HEADS, SHARED, WIDTH = 6, 2, 16


@pytest.mark.parametrize(("dtype", "apart"), [(torch.float32, 1e-5), (torch.bfloat16, 3e-2)])
@pytest.mark.parametrize(
    ("common", "own", "new"),
    [
        (128, (5, 1, 40), (1, 1, 1)),  # all write, and share a brief
        (128, (5, 9, 40), (1, 7, 1)),  # one of them still reads its prompt
        (0, (70, 80, 90), (1, 1, 1)),  # nothing in common
        (70, (3,), (1,)),  # one alone
        (0, (12, 12), (12, 12)),  # two prompts from their beginning
    ],
)
def test_each_request_gets_what_it_would_get_alone(
    dtype: torch.dtype, apart: float, common: int, own: tuple[int, ...], new: tuple[int, ...]
) -> None:
    torch.manual_seed(1)
    known = [common + one for one in own]
    starts, asked = torch.tensor([0, *known]).cumsum(0), torch.tensor([0, *new]).cumsum(0)
    key, value = (torch.randn(1, SHARED, int(starts[-1]), WIDTH).to(dtype) for _ in range(2))
    query = torch.randn(1, HEADS, int(asked[-1]), WIDTH).to(dtype)
    places = torch.arange(int(starts[-1]))
    for start in starts[1:-1].tolist():
        for stored in (key, value):
            stored[:, :, start : start + common] = stored[:, :, :common]
        places[start : start + common] = places[:common]
    lengths = {"cu_seq_lens_q": asked.int(), "cu_seq_lens_k": starts.int(), "read_index": [places]}
    got, _ = _attend(torch.nn.Module(), query, key, value, None, **lengths)
    assert got.shape == (1, int(asked[-1]), HEADS, WIDTH)
    for number in range(len(own)):
        q, k = slice(*asked[number : number + 2].tolist()), slice(*starts[number : number + 2].tolist())
        past = known[number] - new[number]
        mask = torch.ones(new[number], known[number], dtype=torch.bool).tril(past)
        alone = torch.nn.functional.scaled_dot_product_attention(
            query[:, :, q].float(), key[:, :, k].float(), value[:, :, k].float(), mask, enable_gqa=True
        )
        assert float((got[:, q].transpose(1, 2).float() - alone).abs().max()) < apart


def test_what_requests_share_is_found_by_where_it_lies() -> None:
    assert _common(torch.tensor([0, 1, 2, 9, 0, 1, 2, 7, 8]), [slice(0, 4), slice(4, 9)]) == 3
    assert _common(torch.tensor([0, 1, 2, 0, 1, 2]), [slice(0, 3), slice(3, 6)]) == 2, "each keeps one of its own"
    assert _common(torch.tensor([]), [slice(0, 3), slice(3, 6)]) == 0, "a step that reads nothing"
