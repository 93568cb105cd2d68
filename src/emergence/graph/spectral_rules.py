"""Rules of Fourier transforms and complex numbers; one number of paths stands for both parts of a complex unit."""

from typing import Any

import torch
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


@register_rule("fft_fftshift", moves=True)
def shift(edges: Edges, x: Tensor, dim: Any = None) -> Tensor:
    """Units move along a dimension."""
    moved: Tensor = torch.fft.fftshift(x, dim)
    return moved


@register_rule("fft_ifftshift", moves=True)
def shift_back(edges: Edges, x: Tensor, dim: Any = None) -> Tensor:
    """Units move back."""
    moved: Tensor = torch.fft.ifftshift(x, dim)
    return moved


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
