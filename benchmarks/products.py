"""The rate of products of large matrices on one thread, against which benchmarks state what they reach."""

import time

import torch

from emergence.training.precision import LARGE, matmul_setting, product_setting


def product_rate() -> float:
    """Return the operations per second of a product of large matrices, by the faster of torch's ways in float32."""
    matrix = torch.randn(1000, 1000)
    best = 0.0
    for setting in {"highest", product_setting(LARGE)}:
        with matmul_setting(setting):
            for _ in range(8):
                start = time.process_time()
                matrix @ matrix
                best = max(best, 2 * 1000**3 / (time.process_time() - start))
    return best
