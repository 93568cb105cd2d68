"""Presets: files in ``workflow/presets`` that are laid over ``params.yaml``."""

from pathlib import Path

from emergence.core.plugins import unknown
from emergence.parameters.yaml_files import ParametersError

FOLDER = Path("workflow/presets")


def presets() -> dict[str, Path]:
    """Return the file of each preset in the working folder, by name."""
    return {file.stem: file for file in sorted(FOLDER.glob("*.yaml"))}


def preset_file(preset: str) -> Path:
    """Return the file of a preset, given its name or a path; ParametersError for a name that there is not."""
    if preset.endswith((".yaml", ".yml")):
        return Path(preset)
    files = presets()
    if preset not in files:
        raise ParametersError(unknown(preset, list(files), "preset") + "; or write the path of a YAML file")
    return files[preset]
