"""Write the pages of recordings: one HTML file beside each file that a recorder wrote."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what is given on the command line."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder with recordings (.nc), or one of them")


def run(given: Namespace) -> None:
    """Write the pages, and print their paths; files of a folder that are no recordings are passed over, and named."""
    from emergence.recording.courses import read_recording
    from emergence.recording.page import write_page

    folder: Path = given.folder
    if not folder.exists():
        raise ValueError(f"{folder} is missing")
    if folder.is_dir():
        recordings = {}
        for file in sorted(folder.glob("*.nc")):
            try:
                recordings[file] = read_recording(file)
            except ValueError as error:
                print(f"Passed over: {error}", file=sys.stderr)
    else:
        recordings = {folder: read_recording(folder)}
    if not recordings:
        raise ValueError(f"{folder} holds no recording (.nc that a recorder wrote)")
    for file, data in recordings.items():
        print(write_page(data, file.with_suffix(".html")))
