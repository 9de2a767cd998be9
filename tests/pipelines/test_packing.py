"""Packed linear layers give what plain ones give, and leave alone what they cannot replace."""

from __future__ import annotations

import pytest
import torch

from pipelines.packing import pack


class Tied(torch.nn.Module):
    """An embedding tied to an output, as language models have it, and layers of several kinds between."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding = torch.nn.Embedding(512, 96)
        self.wide = torch.nn.Linear(96, 160)
        self.back = torch.nn.Linear(160, 96, bias=False)
        self.small = torch.nn.Linear(8, 8)
        self.output = torch.nn.Linear(96, 512, bias=False)
        self.output.weight = self.embedding.weight
        self.to(dtype).eval()

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        rows = self.embedding(tokens)
        return self.output(rows + self.back(torch.relu(self.wide(rows))))


@pytest.mark.parametrize(("dtype", "apart"), [(torch.float32, 1e-5), (torch.bfloat16, 0.06)])
@pytest.mark.parametrize("tokens", [1, 7, 200])
def test_packed_layers_give_what_plain_ones_give(dtype: torch.dtype, apart: float, tokens: int) -> None:
    model = Tied(dtype)
    asked = torch.arange(tokens).view(1, -1)
    with torch.inference_mode():
        before = model(asked)
        assert pack(model) == 3
        after = model(asked)
    assert after.shape == before.shape and after.dtype == dtype
    assert float((after - before).abs().max()) <= apart * float(before.abs().max())


def test_the_plain_weights_are_freed_but_those_that_others_share_stay() -> None:
    model = Tied(torch.float32)
    pack(model)
    assert model.wide.weight.is_meta and model.wide.weight.shape == (160, 96)
    assert model.output.weight is model.embedding.weight and not model.output.weight.is_meta
    assert type(model.small) is torch.nn.Linear  # too small to gain


def test_a_layer_that_computes_something_else_is_left_alone() -> None:
    class Halved(torch.nn.Linear):
        def forward(self, *rows: torch.Tensor) -> torch.Tensor:
            return super().forward(*rows) / 2

    model = torch.nn.Sequential(Halved(96, 96), torch.nn.Linear(96, 96).to(torch.float64))
    assert pack(model) == 0
