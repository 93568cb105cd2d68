"""Checksums of original files."""

import hashlib
from pathlib import Path

from emergence.core.files import checksum


def check_sha256(path: Path, expected: str) -> None:
    """Raise ValueError with the file, the expected and the found SHA-256 unless they agree."""
    _compare(path, "SHA-256", checksum(path), expected)


def check_md5(path: Path, content: bytes, expected: str) -> None:
    """Compare the content of a file of which the publishers give no better checksum; errors as in `check_sha256`."""
    _compare(path, "MD5", hashlib.md5(content, usedforsecurity=False).hexdigest(), expected)


def _compare(path: Path, kind: str, found: str, expected: str) -> None:
    if found != expected:
        raise ValueError(
            f"{path} is not the published file: its {kind} is {found}, expected {expected}; "
            "delete it to have it downloaded again, or put the published file in its place"
        )
