"""Fashion-MNIST: 70,000 articles of clothing of 28 x 28 grey pixels (Xiao, Rasul and Vollgraf 2017).

Files: the four published ``*-ubyte.gz`` in the folder ``fashion_mnist``. The published test part (10,000) is kept.
"""

from emergence.datasets._raw import RawDataset
from emergence.datasets._torchvision import read_idx
from emergence.raw_files import RawFiles
from emergence.torchvision_import import torchvision

SOURCE = "Fashion-MNIST: Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747"


def load(files: RawFiles) -> RawDataset:
    """Return uint8 images (sample, 1, 28, 28); errors as in `emergence.datasets._torchvision.fetch`."""
    kind = torchvision.datasets.FashionMNIST
    return read_idx(files, "fashion_mnist", kind, kind.classes, SOURCE)
