"""The function behind module:function, read from the source without importing it.

Mistakes are then told before any work starts, and nothing of a user's runs while a study is planned.
"""

import ast
import importlib.util
import pkgutil
import sysconfig
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path

from emergence.core.plugins import unknown

ENDS = {"sys.exit", "exit", "quit", "os._exit", "os.abort"}
"""Calls that end the program."""


def mistake(name: str, arguments: int, keywords: Sequence[str] = ()) -> str:
    """Say why module:function cannot be called with so many arguments and these keywords; "" if it can.

    What the source does not show is taken for right: functions that are not written out in their module, and modules
    that are not written in Python.

    >>> mistake("emergence.networks.mlp:build", 2, ["widths"])
    ''
    >>> mistake("emergence.networks.mlp:biuld", 2)
    "unknown function of emergence.networks.mlp 'biuld'; allowed: build; did you mean 'build'?"
    >>> mistake("emergence.networks.mpl:build", 2)
    "no module 'emergence.networks.mpl' beside the Snakefile or among the installed packages"
    """
    module, _, function = name.partition(":")
    spec = _find(module)
    if spec is None:
        return f"no module '{module}' beside the Snakefile or among the installed packages"
    if spec.loader is None:
        return f"'{module}' is a folder; name a module in it"
    unreadable = _unreadable(spec, frozenset()) if _is_own(spec) else ""
    return unreadable or _uncallable(spec, function, arguments, keywords)


def _find(module: str) -> ModuleSpec | None:
    """Find a module without importing those that it lies in, whose code would run."""
    first, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(first)
    except ValueError:  # a module that is in no file, such as __main__
        return None
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        finders = map(pkgutil.get_importer, spec.submodule_search_locations)
        found = [one for finder in finders if finder and (one := finder.find_spec(f"{spec.name}.{part}"))]
        spec = next((one for one in found if one.loader), found[0] if found else None)
    return spec


def _is_own(spec: ModuleSpec) -> bool:
    """Tell whether a module is the user's, neither this package's nor an installed one."""
    installed = [sysconfig.get_path(place) for place in ("stdlib", "purelib", "platlib")]
    file = Path(spec.origin or ".")
    return spec.name.split(".")[0] != "emergence" and not any(map(file.is_relative_to, installed))


def _source(spec: ModuleSpec) -> list[ast.stmt]:
    """The statements of a module; none of one that is not written in Python."""
    return _parsed(Path(spec.origin)) if spec.origin and spec.origin.endswith(".py") else []


@cache
def _parsed(file: Path) -> list[ast.stmt]:
    return ast.parse(file.read_bytes(), filename=file.name).body


def _unreadable(spec: ModuleSpec, above: frozenset[str]) -> str:
    """Say what keeps a module, or one beside it that it imports, from being imported, as far as the source shows."""
    place = "/".join(spec.name.split(".")) + ".py"
    try:
        body = _source(spec)
    except (SyntaxError, ValueError) as error:  # ValueError: bytes that are no text
        return f"{place} is no Python: {error}"
    for statement in body:
        line = f"{place}, line {statement.lineno}:"
        if isinstance(statement, ast.Raise):
            return f"{line} an error is raised when the module is imported"
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            called = ast.unparse(statement.value.func)
            if called in ENDS:
                return f"{line} {called} ends the program when the module is imported"
        for module, names in _imported(statement, spec):
            first = module.split(".")[0]
            beside = first == spec.name.split(".")[0]
            found = _find(module if beside or first == "emergence" else first)
            if found is None:
                return f"{line} there is no module '{module}'; install it, or correct its name"
            if beside and module not in above and (told := _unreadable(found, above | {module, spec.name})):
                return told
            absent = [name for name in names if beside and not (_defines(found, name) or _find(f"{module}.{name}"))]
            if absent:
                return f"{line} {module} defines no '{absent[0]}'"
    return ""


def _imported(statement: ast.stmt, spec: ModuleSpec) -> Iterator[tuple[str, list[str]]]:
    """The modules that a statement imports, by their full names, and the names that it takes from them."""
    if isinstance(statement, ast.Import):
        yield from ((alias.name, []) for alias in statement.names)
    if isinstance(statement, ast.ImportFrom):
        package = spec.name.split(".")[: None if spec.submodule_search_locations is not None else -1]
        above = package[: len(package) + 1 - statement.level] if statement.level else []
        names = [alias.name for alias in statement.names if alias.name != "*"]
        yield ".".join([*above, *filter(None, [statement.module])]), names


def _defines(spec: ModuleSpec, name: str) -> bool:
    """Tell whether a module may hold a name, as far as its source shows."""
    bound = {word for statement in _within(_source(spec)) for word in _bound(statement)}
    return not bound or bool(bound & {name, "*", "__getattr__"})


def _uncallable(spec: ModuleSpec, name: str, arguments: int, keywords: Sequence[str]) -> str:
    """Say why a name of a module cannot be called so; "" if it can, or the source does not show it."""
    bound = {word: statement for statement in _within(_source(spec)) for word in _bound(statement)}
    if not _defines(spec, name):
        functions = [word for word, found in bound.items() if isinstance(found, ast.FunctionDef) and word[0] != "_"]
        return unknown(name, functions, f"function of {spec.name}")
    found = bound.get(name)
    if isinstance(found, ast.FunctionDef):
        return _unfit(found, arguments, keywords)
    value = found.value if isinstance(found, ast.Assign | ast.AnnAssign) else None
    literal = isinstance(value, ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.Set | ast.JoinedStr)
    return f"'{name}' of {spec.name} is no function" if literal else ""


def _within(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module, also those in its conditions, loops and so on, but not in functions and classes."""
    for statement in body:
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for field in ("body", "orelse", "finalbody"):
                yield from _within(getattr(statement, field, []))
            for handler in getattr(statement, "handlers", []):
                yield from _within(handler.body)


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module binds; * for all of another module."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.split(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.For | ast.With):
        stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
        yield from (node.id for node in stored if isinstance(node.ctx, ast.Store))


def _unfit(function: ast.FunctionDef, arguments: int, keywords: Sequence[str]) -> str:
    """Say why a function cannot be called with so many arguments and these keywords; "" if it can."""
    if function.decorator_list:  # which may change what it takes
        return ""
    taken = function.args
    places = [*taken.posonlyargs, *taken.args]
    optional = len(taken.defaults)
    if len(places) < arguments and not taken.vararg:
        return f"{function.name} takes {len(places)} arguments, but is called with {arguments}"
    named = [place.arg for place in [*places[arguments:], *taken.kwonlyargs]]
    required = [place.arg for place in places[arguments : max(len(places) - optional, arguments)]]
    required += [place.arg for place, value in zip(taken.kwonlyargs, taken.kw_defaults, strict=True) if value is None]
    strange = [keyword for keyword in keywords if keyword not in named]
    if strange and not taken.kwarg:
        return unknown(strange[0], named, f"option of {function.name}")
    missing = [word for word in required if word not in keywords]
    return f"{function.name} needs {', '.join(missing)} too" if missing else ""
