"""Digests of code, kept on disk with checksums of all files that they depend on: a plan need not parse these again."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from emergence.core.files import checksum
from emergence.core.seals import read_sealed, write_sealed
from emergence.study.code import CodeDigests

FILE = Path(".cache/code.json")


class RememberedDigests:
    """Digests of the scripts of a project; `root` holds the folders scripts/ and src/, `file` what is remembered.

    A digest that is remembered holds while every file that was read for any of them has the same content, and every one
    that was looked for in vain is still absent.
    """

    def __init__(self, root: Path, file: Path = FILE) -> None:
        self._root, self._file = root, file
        self._computed = CodeDigests(root / "src", root)
        self._read, self._digests = self._remembered()
        self._changed = False

    def digest(self, script: str, modules: tuple[str, ...] = ()) -> str:
        """Return the digest of a script and of modules that it loads by name, see `CodeDigests.digest`."""
        name = " ".join([str(self._root), script, *modules])
        if name not in self._digests:
            self._digests[name] = self._computed.digest(self._root / "scripts" / f"{script}.py", modules)
            self._changed = True
        return self._digests[name]

    def changed(self, before: str, now: str) -> list[str]:
        """Return the dotted names of the definitions in which two digests differ; a digest may be an earlier one."""
        if before == now:
            return []
        first, second = map(self._definitions, (before, now))
        names = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
        return names if first and second else ["code"]

    def save(self) -> None:
        """Remember what was computed since; where nothing can be written, nothing is."""
        if self._changed:
            read = {**self._read, **{str(file): content for file, content in self._computed.read.items()}}
            with suppress(OSError):
                write_sealed(self._file, {"read": read, "digests": self._digests})
                for digest, definitions in self._computed.definitions.items():
                    if not self._of(digest).is_file():
                        write_sealed(self._of(digest), definitions)
            self._changed = False

    def _of(self, digest: str) -> Path:
        """The file of the definitions behind a digest."""
        return self._file.with_suffix("") / f"{digest[:12]}.json"

    def _definitions(self, digest: str) -> dict[str, str]:
        try:
            return dict(read_sealed(self._of(digest)))
        except (OSError, ValueError, TypeError):
            return {}

    def _remembered(self) -> tuple[dict[str, str | None], dict[str, str]]:
        try:
            content = read_sealed(self._file)
            read, digests = dict(content["read"]), dict(content["digests"])
        except (OSError, ValueError, KeyError, TypeError):
            return {}, {}
        return (read, digests) if _contents(map(Path, read)) == read else ({}, {})


def _contents(files: Iterable[Path]) -> dict[str, str | None]:
    """The checksum of each file; None of one that is absent."""
    return {str(file): checksum(file) if file.is_file() else None for file in files}
