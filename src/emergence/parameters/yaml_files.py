"""Reading YAML files strictly: what would be read in silence as something else, or never end, is refused by line."""

from pathlib import Path
from typing import Any

import yaml

CODE = "__use_yte__"
"""The key by which a file asks Snakemake to run the Python in it."""

MOST_NODES = 100_000
"""Keys and values of a file, those behind an alias counted every time that it stands for them."""


class ParametersError(ValueError):
    """Parameters that no study can be made from; the message has one line per mistake."""


def load_yaml(file: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping; an empty file holds none of its keys.

    Raises ParametersError, which names the file and the line: for what is no YAML or no mapping, for a key that stands
    twice or is no text, for aliases that contain themselves, for a file that asks for its Python to be run, and for
    what is no regular file.
    """
    try:
        if not file.is_file():
            what = "is no regular file" if file.exists() else "is not there"
            raise ParametersError(f"{file}: {what}; allowed: a YAML file with sections and their keys")
        content = _content(file.read_text(encoding="utf-8-sig"))
    except yaml.MarkedYAMLError as error:
        raise ParametersError(f"{file}: {_told(error)}") from None
    except RecursionError:
        raise ParametersError(f"{file}: is nested too deeply") from None
    except ParametersError:
        raise
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ParametersError(f"{file}: cannot be read: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ParametersError(f"{file}: should hold sections with keys, but holds {content!r}")
    if content.get(CODE):
        raise ParametersError(
            f"{file}: {CODE} = {content[CODE]!r}: Python in parameters is not run; write the values that it would make"
        )
    return content


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with one key once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            if key.tag != "tag:yaml.org,2002:str":
                shown = key.value if isinstance(key, yaml.ScalarNode) else "with parts"
                raise _error(f"the key {shown} is not read as text; write it in quotes", key)
            if key.value in lines:
                raise _error(f"the key '{key.value}' stands here and in line {lines[key.value]}; keep one", key)
            lines[key.value] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)


def _content(text: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _count(node, frozenset(), [0])
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _count(node: yaml.Node, above: frozenset[int], counted: list[int]) -> None:
    """Raise an error for a node that lies in itself, and for aliases that stand for too much."""
    counted[0] += 1
    if id(node) in above:
        raise _error("this alias stands for what it lies in", node)
    if counted[0] > MOST_NODES:
        raise _error(f"there are more than {MOST_NODES} values, with those that aliases stand for", node)
    for part in node.value if isinstance(node, yaml.CollectionNode) else ():
        for inner in part if isinstance(part, tuple) else (part,):
            _count(inner, above | {id(node)}, counted)


def _error(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


def _told(error: yaml.MarkedYAMLError) -> str:
    line = f"line {error.problem_mark.line + 1}" if error.problem_mark else ""
    hint = "indent with spaces" if "\\t" in str(error.problem) else ""
    return ": ".join(filter(None, [line, error.context, error.problem, hint]))
