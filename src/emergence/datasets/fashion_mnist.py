"""Fashion-MNIST: 70,000 articles of clothing of 28 x 28 grey pixels (Xiao, Rasul and Vollgraf 2017).

Files: the four published ``*-ubyte.gz`` in the folder ``fashion_mnist``. The published test part (10,000) is kept.
"""

from emergence.core.raw_files import RawFiles
from emergence.core.torchvision_import import torchvision
from emergence.datasets._raw import RawDataset
from emergence.datasets._torchvision import read_idx

SOURCE = "Fashion-MNIST: Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747"

SHA256 = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}


def load(files: RawFiles) -> RawDataset:
    """Return uint8 images (sample, 1, 28, 28); errors as in `emergence.datasets._torchvision.fetch`."""
    kind = torchvision.datasets.FashionMNIST
    return read_idx(files, "fashion_mnist", kind, SHA256, kind.classes, SOURCE)
