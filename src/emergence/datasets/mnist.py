"""MNIST: 70,000 handwritten digits of 28 x 28 grey pixels (LeCun, Bottou, Bengio and Haffner 1998).

Files: the four published ``*-ubyte.gz`` in the folder ``mnist``. The published test part (10,000) is kept.
"""

from emergence.core.raw_files import RawFiles
from emergence.core.torchvision_import import torchvision
from emergence.datasets._raw import RawDataset
from emergence.datasets._torchvision import read_idx

SOURCE = "MNIST: LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to document recognition"

SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}


def load(files: RawFiles) -> RawDataset:
    """Return uint8 images (sample, 1, 28, 28); errors as in `emergence.datasets._torchvision.fetch`."""
    classes = [str(digit) for digit in range(10)]
    return read_idx(files, "mnist", torchvision.datasets.MNIST, SHA256, classes, SOURCE)
