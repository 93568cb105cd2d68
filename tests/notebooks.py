"""Notebooks of the documentation, run from their first cell to the last."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"


def run(name: str, folder: Path) -> str:
    """Run a notebook in a folder, and return what its cells show; CellExecutionError where one fails."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return "\n".join(str(output.get("text", output.get("data", {}).get("text/plain", ""))) for output in outputs)
