"""What sampling the landscape of a large network takes of memory."""

import subprocess
import sys

import pytest

BOUND = 3 * 2**30

SAMPLED = """
import resource
import torch
from emergence.landscape import Metrics, random_directions, sample_plane
from emergence.networks import Architecture, build

def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

network = build(Architecture("vgg", (3, 32, 32), 10, {"depth": 19})).eval()
weights = dict(network.named_parameters())
inputs, labels = torch.randn(1000, 3, 32, 32), torch.randint(10, (1000,))
network(inputs[:1])
before = peak()
metrics = Metrics(network, inputs, labels, ["loss", "accuracy"])
sample_plane(metrics, weights, random_directions(weights, 0), [0.0], [0.0, 0.5])
print(peak() - before)
"""


@pytest.mark.long
def test_a_plane_of_vgg19_on_a_thousand_images_takes_less_than_3_gib():
    done = subprocess.run([sys.executable, "-c", SAMPLED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 0 < int(done.stdout) < BOUND
