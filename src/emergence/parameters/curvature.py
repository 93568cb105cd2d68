"""Section ``curvature``: the Hessian of the loss on the probe samples, for the seeds and steps of the landscape."""

from pydantic import Field

from emergence.parameters.base import Factor, Section


class Curvature(Section):
    """Eigenvalues of the Hessian of the loss at the seeds and steps of `landscape`, and its sharpness."""

    eigenvalues: int = Field(default=3, ge=1, le=10_000)
    """Number of largest eigenvalues that are found."""

    probes: int = Field(default=5, ge=1, le=10_000)
    """Random vectors by which the spectrum and the trace are estimated."""

    lanczos_steps: int = Field(default=20, ge=2, le=10_000)
    """Points of the spectrum per random vector."""

    radius: Factor = 0.05
    """Distance from the weights within which the rise of the loss is sharpness."""
