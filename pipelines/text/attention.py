"""Attention over a paged batch on the CPU: each request with its own keys.

The library's way lays all requests of a step side by side and masks what is not theirs: with eight requests seven eighths of the
work is thrown away, and the keys are copied once per head that shares them. A GPU does not notice; a CPU does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

NAME: Final = "each_its_own"


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
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    *,
    cu_seq_lens_q: torch.Tensor,
    cu_seq_lens_k: torch.Tensor,
    **_kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """query: [1, heads, tokens, width], the requests one after the other; the same, [1, tokens, heads, width], comes back.

    key, value: [1, key heads, known tokens, width], what the cache holds of each request and what is new of it.
    """
    import torch

    asked, known = cu_seq_lens_q.tolist(), cu_seq_lens_k.tolist()
    out = torch.empty_like(query)
    for index in range(len(asked) - 1):
        q = slice(asked[index], asked[index + 1])
        k = slice(known[index], known[index + 1])
        new, past = q.stop - q.start, (k.stop - k.start) - (q.stop - q.start)
        mask = torch.ones(new, new + past, dtype=torch.bool).tril(past) if new > 1 and past else None
        out[:, :, q] = torch.nn.functional.scaled_dot_product_attention(
            query[:, :, q], key[:, :, k], value[:, :, k], mask, is_causal=new > 1 and not past, scale=scaling, enable_gqa=True
        )
    return out.transpose(1, 2).contiguous(), None
