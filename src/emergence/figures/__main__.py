"""Write the captions of Snakemake's own report: ``python -m emergence.figures workflow/captions``."""

import sys
from pathlib import Path

from emergence.core.files import write_text
from emergence.figures import catalogue

if __name__ == "__main__":
    for entry in catalogue().values():
        write_text(Path(sys.argv[1]) / f"{entry.name}.rst", entry.caption_for_snakemake())
