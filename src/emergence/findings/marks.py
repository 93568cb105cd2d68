"""Parts of pages that are written by a command, between two marks."""

from pathlib import Path


def between(page: str, name: str, text: str, file: Path) -> str:
    r"""Put a text between the marks of a page; ValueError names the file where it has not both, each once, in order.

    >>> page = "# Name\n<!-- facts: written by make findings -->\nold\n<!-- end of facts -->\n## Run it\n"
    >>> print(between(page, "facts", "new\n", Path("page.md")), end="")
    # Name
    <!-- facts: written by make findings -->
    new
    <!-- end of facts -->
    ## Run it
    """
    begin, end = f"<!-- {name}: written by make findings -->\n", f"<!-- end of {name} -->\n"
    if [page.count(mark) for mark in (begin, end)] != [1, 1] or page.index(begin) > page.index(end):
        raise ValueError(f"{file} should hold the lines {begin.strip()} and {end.strip()}, each once, in this order")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}{text}{end}{rest.partition(end)[2]}"
