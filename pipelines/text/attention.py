"""Attention over a paged batch on the CPU: each request with its own keys.

The library's way lays all requests of a step side by side and masks what is not theirs: with eight requests seven eighths of the
work is thrown away, and the keys are copied once per head that shares them. A GPU does not notice; a CPU does.

Requests that begin with the same brief read the same places of the cache: what they ask of it is asked once for all, and joined with
what each asks of its own (Juravsky et al. 2024, "Hydragen", arXiv 2402.05099).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

NAME: Final = "each_its_own"

#: Keys in common from which asking together pays.
_SHARED: Final = 64


def use(model: Any) -> None:
    """Switch a loaded causal LM to it. The model must have full attention in every layer, see `suits`."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _attend)
    model.set_attn_implementation(NAME)


def suits(model: Any) -> bool:
    """Whether it computes what this model means: on the CPU, no sliding windows, nothing beyond scaled dot products."""
    if model.config._attn_implementation != "sdpa":
        return False
    config = model.config.get_text_config()
    layers = set(getattr(config, "layer_types", None) or {"full_attention"})
    if layers == {"full_attention"} and not getattr(config, "layer_types", None) and getattr(config, "sliding_window", None):
        return False
    return model.device.type == "cpu" and layers == {"full_attention"} and not getattr(config, "attn_logit_softcapping", None)


def _attend(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    *,
    cu_seq_lens_q: torch.Tensor,
    cu_seq_lens_k: torch.Tensor,
    read_index: list[torch.Tensor],
    **_kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """query: [1, heads, tokens, width], the requests one after the other; the same, [1, tokens, heads, width], comes back.

    key, value: [1, key heads, known tokens, width], what the cache holds of each request and what is new of it. read_index: where in
    the cache each known token lies, one tensor per kind of layer; there is one kind here, see `suits`.
    """
    import torch

    asked, known = cu_seq_lens_q.tolist(), cu_seq_lens_k.tolist()
    out = torch.empty_like(query)
    spans = [(slice(*asked[i : i + 2]), slice(*known[i : i + 2])) for i in range(len(asked) - 1)]
    writing = [(q.start, k) for q, k in spans if q.stop - q.start == 1]
    common = _common(read_index[0], [k for _, k in writing]) if len(writing) > 1 else 0
    if common >= _SHARED:
        out[:, :, [place for place, _ in writing]] = _together(query, key, value, writing, common, scaling)
    else:
        for place, k in writing:
            out[:, :, place] = _row(query[:, :, place], key[:, :, k], value[:, :, k], scaling)
    for q, k in spans:
        new, past = q.stop - q.start, (k.stop - k.start) - (q.stop - q.start)
        if new > 1:
            mask = torch.ones(new, new + past, dtype=torch.bool).tril(past) if past else None
            out[:, :, q] = torch.nn.functional.scaled_dot_product_attention(
                query[:, :, q], key[:, :, k], value[:, :, k], mask, is_causal=not past, scale=scaling, enable_gqa=True
            )
    return out.transpose(1, 2).contiguous(), None


def _row(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float | None) -> torch.Tensor:
    """One token. query: [1, heads, width], as is what comes back. key, value: [1, key heads, known, width].

    The heads that share keys stand as the rows of one query: several times faster than torch's own way for shared keys.
    """
    import torch

    rows = query.reshape(1, key.shape[1], -1, query.shape[-1])
    return torch.nn.functional.scaled_dot_product_attention(rows, key, value, scale=scaling).reshape(query.shape)


def _common(places: torch.Tensor, spans: Sequence[slice]) -> int:
    """How many leading tokens all these requests read from the same places of the cache, less one, so that each keeps one of its own."""
    import torch

    shortest: int = min(span.stop - span.start for span in spans)
    if places.numel() < spans[-1].stop:  # a step that reads nothing lists no places
        return 0
    starts = torch.stack([places[span.start : span.start + shortest] for span in spans])
    alike = int((starts == starts[0]).all(0).long().cumprod(0).sum())
    return min(alike, shortest - 1)


def _together(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, writing: Sequence[tuple[int, slice]], common: int, scaling: float | None
) -> torch.Tensor:
    """Several requests with one token each, [1, heads, requests, width]: the common keys once for all, then each request's own.

    Two softmaxes over parts of the keys are one over all, when each part is weighed by the sum it was divided by.
    """
    import torch

    attend = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    _, heads, _, width = query.shape
    shared, count = key.shape[1], len(writing)
    asking = query[0, :, [place for place, _ in writing]].view(shared, heads // shared, count, width)
    first = writing[0][1].start
    ahead = slice(first, first + common)
    begun, begun_sum = attend(asking.reshape(1, shared, -1, width), key[:, :, ahead], value[:, :, ahead], scale=scaling)
    # [requests, key heads, rows, width], as the rest comes
    begun = begun.view(shared, -1, count, width).permute(2, 0, 1, 3)
    begun_sum = begun_sum.view(shared, -1, count).permute(2, 0, 1)
    own = [slice(k.start + common, k.stop) for _, k in writing]
    pad = torch.nn.utils.rnn.pad_sequence
    keys = pad([key[0, :, k].transpose(0, 1) for k in own], batch_first=True).transpose(1, 2)
    values = pad([value[0, :, k].transpose(0, 1) for k in own], batch_first=True).transpose(1, 2)
    lengths = torch.tensor([k.stop - k.start for k in own])
    beyond = torch.arange(keys.shape[2]) >= lengths[:, None]
    mask = torch.zeros(beyond.shape, dtype=query.dtype).masked_fill_(beyond, float("-inf"))[:, None, None]
    ended, ended_sum = attend(asking.permute(2, 0, 1, 3), keys, values, attn_mask=mask, scale=scaling)
    weight = torch.sigmoid(begun_sum.float() - ended_sum.float()).unsqueeze(-1)
    joined = torch.lerp(ended.float(), begun.float(), weight).to(query.dtype)
    return joined.reshape(1, count, heads, width).transpose(1, 2)
