"""Measures beside emergence: one file each, named as the measure, with ``measure(network, inputs, labels)``.

`network` maps inputs (sample, ...) to logits (sample, classes) and is in evaluation mode; `inputs` are normalised probe
samples and `labels` their classes, on the device of the network. A measure returns a number, or several in an xarray
DataArray whose dimensions say what they belong to (such as `site`, with the names of sites). It leaves the network and
the state of random number generators as they are.
"""

from emergence.measures._apply import apply
from emergence.measures._costs import measure_passes

__all__ = ["apply", "measure_passes"]
