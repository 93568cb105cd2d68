"""Rules of Fourier transforms and complex numbers; one number of paths stands for both parts of a complex unit."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from emergence.graph.edges import Edges
from emergence.graph.registry import register_rule


@register_rule("fft_fft", "fft_ifft", "fft_rfft", "fft_irfft", "fft_hfft", "fft_ihfft")
def transform(edges: Edges, x: Tensor, n: Any = None, dim: int = -1, norm: Any = None) -> Tensor:
    """Every result depends on all units along the transformed dimension."""
    return x.sum(dim, keepdim=True)


@register_rule("fft_fft2", "fft_ifft2", "fft_rfft2", "fft_irfft2")
def transform_of_planes(edges: Edges, x: Tensor, s: Any = None, dim: Any = (-2, -1), norm: Any = None) -> Tensor:
    """`transform` along two dimensions."""
    return x.sum(dim, keepdim=True)


@register_rule("fft_fftn", "fft_ifftn", "fft_rfftn", "fft_irfftn")
def transform_of_many(edges: Edges, x: Tensor, s: Any = None, dim: Any = None, norm: Any = None) -> Tensor:
    """`transform` along several dimensions."""
    return x.sum(tuple(range(-len(s), 0)) if dim is None and s is not None else dim, keepdim=True)


@register_rule("stft")
def short_time_transform(
    edges: Edges,
    x: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Any = None,
    center: bool = True,
    pad_mode: str = "reflect",
    *settings: Any,
    return_complex: bool = True,
    **named_settings: Any,
) -> Tensor:
    """Every frequency of a frame depends on the places of the frame where the window is not zero."""
    if center:
        x = F.pad(x.reshape(1, -1, x.shape[-1]), [n_fft // 2] * 2, pad_mode).reshape(*x.shape[:-1], -1)
    length = win_length or n_fft
    kept = edges.every(x.new_empty(length)) if window is None else edges(window, x)
    left = (n_fft - length) // 2
    frames = x.unfold(-1, n_fft, hop_length or n_fft // 4) * F.pad(kept, [left, n_fft - length - left])
    arriving = frames.sum(-1).unsqueeze(-2)
    return arriving if return_complex else arriving.unsqueeze(-1)


@register_rule("conj", "conj_physical", "imag", "angle", "resolve_conj", "real")
def part(edges: Edges, x: Tensor) -> Tensor:
    """Both parts of a complex unit depend on what it depends on."""
    return x


@register_rule("view_as_real")
def both_parts(edges: Edges, x: Tensor) -> Tensor:
    """A unit for each part."""
    return x.unsqueeze(-1)


@register_rule("view_as_complex")
def joined_parts(edges: Edges, x: Tensor) -> Tensor:
    """One unit of two."""
    return x.sum(-1)


@register_rule("complex", "polar")
def complex_unit(edges: Edges, first: Any, second: Any) -> Tensor:
    """One unit of two."""
    return torch.add(*(term if isinstance(term, Tensor) else 0 for term in (first, second)))
