"""Data sets: where they come from, how they are split, how they are stored.

Every file here without a leading underscore is a data set of that name and defines ``load(files) -> RawDataset``.
"""

from emergence.core.raw_files import RawFiles
from emergence.datasets._processed import ProcessedDataset, SplitDataset, process, read_processed
from emergence.datasets._raw import RawDataset
from emergence.datasets._split import PARTS, split

__all__ = ["PARTS", "ProcessedDataset", "RawDataset", "RawFiles", "SplitDataset", "process", "read_processed", "split"]
