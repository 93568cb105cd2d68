"""Whether the files of text data sets are those that the parameters mean."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from emergence.core.files import checksum
from emergence.core.raw_files import RawFiles
from emergence.parameters.data import Text


def other_content(path: Path, name: str, text: Text) -> str | None:
    """Say that a file is not the one that the text data set `name` means; None if it is."""
    try:
        if not path.is_file():  # a pipe or device might never end
            return f"{path} is no regular file, as data.texts.{name}.file should be"
        found = checksum(path)
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}); correct data.texts.{name}.file, or allow to read it"
    if found == text.sha256:
        return None
    return f"{path} has another content than data.texts.{name}.sha256 says; if it is the file you mean, write {found}"


def other_contents(texts: Mapping[str, Text], files: RawFiles) -> Iterator[tuple[str, str]]:
    """Yield the name and the mistake of each text whose file is there, with another content."""
    for name, text in texts.items():
        try:
            path = files.find(text.file)
        except OSError as error:
            yield name, f"data.texts.{name}.file = {text.file!r} is no name of a file here ({error.strerror})"
            continue
        problem = other_content(path, name, text) if path else None
        if problem:
            yield name, problem
