"""Handwritten digits of 8 x 8 pixels, 1,797 samples, embedded in scikit-learn; needs neither files nor network.

The test part of Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository; pixel values 0 to 16. There is no published division into training and test.
"""

import numpy as np

from emergence.core.extras import require
from emergence.core.raw_files import RawFiles
from emergence.datasets._raw import RawDataset

require("workflow", "sklearn")

from sklearn.datasets import load_digits  # noqa: E402


def load(files: RawFiles) -> RawDataset:
    """Return all samples as uint8 images (sample, 1, 8, 8).

    >>> load(RawFiles(())).inputs.shape
    (1797, 1, 8, 8)
    """
    digits = load_digits()
    return RawDataset(
        inputs=digits.images.astype(np.uint8)[:, None],
        labels=digits.target,
        classes=tuple(str(name) for name in digits.target_names),
        source="scikit-learn load_digits: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI",
    )
