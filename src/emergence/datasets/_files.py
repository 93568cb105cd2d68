"""Checksums of original files."""

import hashlib
from pathlib import Path


def check_md5(path: Path, expected: str) -> None:
    """Raise ValueError with the file, the expected and the found MD5 unless they agree.

    MD5 because that is what the data sets' publishers give; it guards against damage, not against forgery.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    if found != expected:
        raise ValueError(
            f"{path} is not the published file: its MD5 is {found}, expected {expected}; "
            "delete it to have it downloaded again, or put the published file in its place"
        )
