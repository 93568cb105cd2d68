"""Pages of the site beside those of docs/: the reference, notebooks, and files of the repository that pages link to.

A hook of MkDocs. Pages link to each other as files of the repository do, so that links hold there too.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))  # beside this file

import reference

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)(?=[)#])")
"""Where a link of Markdown leads, but to other servers."""

REPOSITORY = "repository/"
"""Where files of the repository outside of docs/ stand in the site."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are generated, and those that any page links to."""
    for notebook in list(files):
        if notebook.src_uri.endswith(".ipynb"):
            files.remove(notebook)
            _add(files, config, f"{notebook.src_uri}.md", as_markdown(ROOT / "docs" / notebook.src_uri))
    for name, page in reference.pages().items():
        _add(files, config, f"reference/{name}.md", page)
    left = [file for file in files if file.is_documentation_page()]
    while left:
        for path in linked(left.pop()):
            page = page_of(path)
            if page.startswith(REPOSITORY) and page not in files.src_uris:
                left.append(_add(files, config, page, text_of(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to pages of the site."""
    uri = page.file.src_uri
    return LINK.sub(lambda link: relpath(page_of(target(uri, link[1])), dirname(uri) or "."), markdown)


def linked(page: File) -> Iterator[str]:
    """Yield the files and folders of the repository that a page links to and that exist."""
    for link in LINK.findall(page.content_string):
        path = target(page.src_uri, link)
        if not path.startswith("../") and (ROOT / path).exists():
            yield path


def target(uri: str, link: str) -> str:
    """Return the path in the repository to which a link of a page leads.

    >>> target("recording.md", "../benchmarks/RESULTS.md")
    'benchmarks/RESULTS.md'
    >>> target("repository/benchmarks/RESULTS.md", "../docs/data.md")
    'docs/data.md'
    """
    source = uri.removeprefix(REPOSITORY) if uri.startswith(REPOSITORY) else f"docs/{uri}"
    return normpath(join(dirname(source), link))


def page_of(path: str) -> str:
    """Return the page of the site for a path in the repository.

    >>> page_of("docs/data.md"), page_of("benchmarks/RESULTS.md"), page_of("examples"), page_of("params.yaml")
    ('data.md', 'repository/benchmarks/RESULTS.md', 'repository/examples/index.md', 'repository/params.yaml.md')
    """
    if path.startswith("docs/"):
        return path.removeprefix("docs/") + ".md" * path.endswith(".ipynb")
    if (ROOT / path).is_dir():
        return f"{REPOSITORY}{path}/index.md"
    return f"{REPOSITORY}{path}{'' if path.endswith('.md') else '.md'}"


def text_of(path: str) -> str:
    """Return a file or folder of the repository as a page."""
    file = ROOT / path
    if file.is_dir():
        names = sorted(entry.name for entry in file.iterdir() if entry.is_file())
        return f"# {path}/\n\n" + "".join(f"- [{name}]({name})\n" for name in names)
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        return text
    return f"# {path}\n\n{_fenced(text, {'.py': 'python'}.get(file.suffix, file.suffix[1:]))}"


def as_markdown(notebook: Path) -> str:
    """Return a notebook's cells as a page."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    return "\n\n".join(_fenced(text, "python") if kind == "code" else text for kind, text in texts)


def _fenced(text: str, language: str) -> str:
    return f"````{language}\n{text.rstrip()}\n````\n"


def _add(files: Files, config: MkDocsConfig, uri: str, text: str) -> File:
    file = File.generated(config, uri, content=text, inclusion=InclusionLevel.INCLUDED)
    files.append(file)
    return file
