"""MNIST: 70,000 handwritten digits of 28 x 28 grey pixels (LeCun, Bottou, Bengio and Haffner 1998).

Files: the four published ``*-ubyte.gz`` in the folder ``mnist``. The published test part (10,000) is kept.
"""

from emergence.datasets._raw import RawDataset
from emergence.datasets._torchvision import read_idx
from emergence.raw_files import RawFiles
from emergence.torchvision_import import torchvision

SOURCE = "MNIST: LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to document recognition"


def load(files: RawFiles) -> RawDataset:
    """Return uint8 images (sample, 1, 28, 28); errors as in `emergence.datasets._torchvision.fetch`."""
    return read_idx(files, "mnist", torchvision.datasets.MNIST, [str(digit) for digit in range(10)], SOURCE)
