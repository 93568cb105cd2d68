"""Measures beside emergence: one file each, named as the measure, with ``measure(network, inputs, labels) -> float``.

`network` maps inputs (sample, ...) to logits (sample, classes) and is in evaluation mode; `inputs` are normalised probe
samples and `labels` their classes, on the device of the network. A measure leaves the network as it is.
"""

from emergence.measures._apply import apply

__all__ = ["apply"]
