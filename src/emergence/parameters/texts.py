"""Whether the files of text data sets are those that the parameters mean."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from emergence.files import checksum
from emergence.parameters.data import Text
from emergence.raw_files import RawFiles


def other_content(path: Path, name: str, text: Text) -> str | None:
    """Say that a file is not the one that the text data set `name` means; None if it is."""
    found = checksum(path)
    if found == text.sha256:
        return None
    return f"{path} has another content than data.texts.{name}.sha256 says; if it is the file you mean, write {found}"


def other_contents(texts: Mapping[str, Text], files: RawFiles) -> Iterator[tuple[str, str]]:
    """Yield the name and the mistake of each text whose file is there, with another content."""
    for name, text in texts.items():
        path = files.find(text.file)
        problem = other_content(path, name, text) if path else None
        if problem:
            yield name, problem
