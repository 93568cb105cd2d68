"""Digests of code: what a script runs, down to single functions, comments and formatting aside.

From a script, every definition that it names is followed through the project's own modules. Two versions of the code
have the same digest if and only if those definitions and the statements that run on import have the same syntax trees
(docstrings removed), and data files that they name beside their module have the same bytes.
"""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeAlias

WHOLE = "*"

TEMPLATE = re.compile(r'{%-? *(?:include|import|from|extends) +"([^"]+)"')
"""How a template names another one."""

UNWRITTEN = {"ctx", "kind", "type_comment"}
"""Fields of syntax trees that say nothing of what code does."""

_Name: TypeAlias = tuple[str, str]
"""A module and a name that it binds: WHOLE for all, "" for what runs when it is imported."""

_Use: TypeAlias = tuple[list[tuple[str, str, str]], set[_Name]]
"""The texts (module, name, text) behind a name, and the names that they use in turn."""


@dataclass
class _Module:
    """A parsed module: what binds each of its names, and which of its statements run on every import."""

    folder: Path
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    always: list[ast.stmt] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)


class CodeDigests:
    """Digests of what scripts use of the modules below the given folders.

    Modules elsewhere (installed packages) do not count.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._modules: dict[str, _Module | None] = {}
        self._followed: dict[_Name, _Use] = {}
        self.read: dict[Path, str | None] = {}
        """The files that digests depend on, with the checksum of what was read; None: looked for and not there."""
        self.definitions: dict[str, dict[str, str]] = {}
        """The definitions behind each digest, with the first digits of a digest of their own."""
        self._bytes(Path(__file__))

    def digest(self, script: Path, plugins: Iterable[str] = ()) -> str:
        """Return the digest of a script and of `plugins`, modules or module:function that it loads by name."""
        content = self._bytes(script)
        if content is None:
            raise FileNotFoundError(script)
        self._modules["__main__"] = _parse(script, content)
        self._followed = {name: use for name, use in self._followed.items() if name[0] != "__main__"}
        named = [(module, name or WHOLE) for module, _, name in (plugin.partition(":") for plugin in plugins)]
        used = set(self._used([("__main__", WHOLE), *named]))
        digest = hashlib.sha256()
        for module, name, text in sorted(used):
            digest.update(f"{module}\0{name}\0{text}\0".encode())
        found = digest.hexdigest()
        self.definitions[found] = _shortened(used, script.stem)
        return found

    def _used(self, start: list[_Name]) -> Iterator[tuple[str, str, str]]:
        """Follow names from module to module; yield (module, name, text) for each definition used."""
        waiting, seen = list(start), set(start)
        while waiting:
            name = waiting.pop()
            if name not in self._followed:
                self._followed[name] = self._use(*name)
            texts, found = self._followed[name]
            yield from texts
            waiting += found - seen
            seen |= found

    def _use(self, name: str, attribute: str) -> _Use:
        """The texts of what binds a name in a module, and the names that they use."""
        module = self._module(name)
        if module is None:
            return [], set()
        if not attribute:
            imported = {(other, "") for other in (*_parents(name), *module.imported)}
            used = {other for statement in module.always for other in self._names(name, statement)}
            return [(name, "", _source(statement)) for statement in module.always], imported | used
        texts, found = [], {(name, "")}
        for wanted in module.definitions if attribute == WHOLE else [attribute]:
            for statement in module.definitions.get(wanted, ()):
                texts += [(name, wanted, _source(statement)), *self._data_files(name, module.folder, statement)]
                found.update(self._names(name, statement))
        if attribute in module.imports and attribute not in module.definitions:
            found.add(self._target(module.imports[attribute]))
        elif attribute not in {WHOLE, *module.definitions, *module.bound}:
            raise LookupError(f"{name} defines no '{attribute}' that its source shows; import it from where it is")
        return texts, found

    def _names(self, name: str, statement: ast.stmt) -> Iterator[_Name]:
        """Yield (module, name) for what a statement refers to in its own module and in imported ones."""
        module = self._module(name)
        assert module is not None
        for chain in _names_in(statement):
            if chain[0] in module.definitions:
                yield name, chain[0]
            elif chain[0] in module.imports:
                yield self._target(".".join([module.imports[chain[0]], *chain[1:]]))

    def _target(self, dotted: str) -> _Name:
        """Split a dotted name into the longest module and the attribute read from it."""
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            module = ".".join(parts[:length])
            if self._module(module) is not None:
                return module, parts[length] if length < len(parts) else WHOLE
        return parts[0], ""

    def _module(self, name: str) -> _Module | None:
        if name not in self._modules:
            stem = name.replace(".", "/")
            places = [
                place for folder in self._folders for place in (folder / f"{stem}.py", folder / stem / "__init__.py")
            ]
            found = ((place, content) for place in places if (content := self._bytes(place)) is not None)
            self._modules[name] = next((_parse(*file) for file in found), None)
        return self._modules[name]

    def _data_files(self, name: str, folder: Path, statement: ast.stmt) -> Iterator[tuple[str, str, str]]:
        """Files beside a module that a definition names in a string (templates, style sheets, rules), or a template."""
        waiting, seen = list(_file_names(statement)), set[str]()
        while waiting:
            text = waiting.pop()
            file, content = folder / text, self._bytes(folder / text)
            if text in seen or content is None or file.suffix == ".py":
                continue
            seen.add(text)
            yield name, text, str(self.read[file])
            if file.suffix == ".html":
                waiting += TEMPLATE.findall(content.decode())

    def _bytes(self, file: Path) -> bytes | None:
        """Read a file and note its checksum; None where there is none."""
        content = file.read_bytes() if file.is_file() else None
        self.read[file] = None if content is None else hashlib.sha256(content).hexdigest()
        return content


@cache
def _parse(file: Path, content: bytes) -> _Module:
    module = _Module(file.parent)
    tree = ast.parse(content, filename=str(file))
    _remove_documentation(tree)
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                module.imported.add(alias.name)
                module.imports[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            module.imported.add(node.module)
            for alias in node.names:
                module.imports[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for statement in tree.body:
        names = list(_bound(statement))
        for name in names:
            module.definitions.setdefault(name, []).append(statement)
        if not names and not isinstance(statement, ast.Import | ast.ImportFrom):
            module.always.append(statement)
            module.bound |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        elif _registers(statement, module):
            module.always.append(statement)
    return module


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Names that a top-level statement defines."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _registers(statement: ast.stmt, module: _Module) -> bool:
    """Tell whether a definition carries a decorator of the project: importing its module may register it somewhere."""
    decorators = getattr(statement, "decorator_list", [])
    roots = {chain[0] for decorator in decorators for chain in _chains(decorator)}
    own = {name for name, target in module.imports.items() if target.startswith("emergence.")}
    return bool(roots & (own | set(module.definitions)))


@cache
def _source(statement: ast.stmt) -> str:
    """The text of a statement of a module, which many scripts ask for."""
    return _text(statement)


@cache
def _names_in(statement: ast.stmt) -> list[list[str]]:
    """The dotted names in a statement of a module."""
    return list(_chains(statement))


def _chains(tree: ast.AST) -> Iterator[list[str]]:
    """Dotted names in a tree, as lists of their parts; ``a.b().c`` gives a.b."""
    if isinstance(tree, ast.Name):
        yield [tree.id]
        return
    if isinstance(tree, ast.Attribute):
        parts, node = [tree.attr], tree.value
        while isinstance(node, ast.Attribute):
            parts, node = [node.attr, *parts], node.value
        if isinstance(node, ast.Name):
            yield [node.id, *parts]
            return
    for child in ast.iter_child_nodes(tree):
        yield from _chains(child)


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


@cache
def _file_names(statement: ast.stmt) -> list[str]:
    """The strings of a statement that may name a file."""
    strings = [node.value for node in ast.walk(statement) if isinstance(node, ast.Constant)]
    return [
        text for text in strings if isinstance(text, str) and "." in text[1:] and "/" not in text and len(text) < 100
    ]


def _remove_documentation(block: ast.AST) -> None:
    """Remove strings that stand alone: docstrings, and the descriptions of attributes."""
    for name, statements in _inner(block):
        kept = [statement for statement in statements if not _is_text(statement)]
        for statement in kept:
            _remove_documentation(statement)
        setattr(block, name, kept or ([ast.Pass()] if name == "body" else []))


def _statements(block: ast.AST) -> Iterator[ast.AST]:
    """All statements in a module or statement, at any depth."""
    for _, statements in _inner(block):
        for statement in statements:
            yield statement
            yield from _statements(statement)


def _inner(block: ast.AST) -> Iterator[tuple[str, list[ast.AST]]]:
    """The fields of a module or statement that hold statements, and these."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        if statements := getattr(block, name, None):
            yield name, statements


def _is_text(statement: ast.AST) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _text(node: object) -> str:
    """Write a syntax tree without positions and empty fields, so that versions of Python agree."""
    if isinstance(node, ast.AST):
        fields = [(name, getattr(node, name, None)) for name in node._fields if name not in UNWRITTEN]
        inner = ",".join(f"{name}={_text(value)}" for name, value in fields if value not in (None, []))
        return f"{type(node).__name__}({inner})"
    if isinstance(node, list):
        return "[" + ",".join(_text(item) for item in node) + "]"
    return repr(node)


def _shortened(used: Iterable[tuple[str, str, str]], script: str) -> dict[str, str]:
    """Digests of the texts (module, name, text) of each definition, by its dotted name."""
    texts: dict[str, list[str]] = {}
    for module, name, text in sorted(used):
        place = script if module == "__main__" else module
        texts.setdefault(f"{place}.{name}".rstrip("."), []).append(text)
    return {name: hashlib.sha256("\0".join(of_name).encode()).hexdigest()[:8] for name, of_name in texts.items()}
