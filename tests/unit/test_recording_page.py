"""The page of a recording shows all of it in one file; callbacks record when their turn is."""

import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from emergence import Recorder
from emergence.recording.every import Every

torch.set_num_threads(1)

PROBE, LABELS = torch.randn(40, 4, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 3


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a recording with everything that one can hold."""
    recorder = Recorder(
        network(),
        PROBE,
        LABELS,
        thresholds=[0.05, 0.3],
        through=["all", "active"],
        measures=["weight_norm", "effective_complexity_by_site"],
        landscape_points=3,
        share=1e-9,
    )
    for step in (0, 5, 10):
        recorder.record(step, landscape=step == 10, force=step == 10)
    return recorder.report(tmp_path_factory.mktemp("page") / "page.html").read_text(encoding="utf-8")


def test_a_page_needs_no_other_file(page: str) -> None:
    assert not re.findall(r"(?:src|href)=\"(?!data:)|url\(|@import|<script", page)
    assert len(page) < 1_000_000


def test_a_page_has_a_figure_with_caption_and_alternative_for_all_that_is_recorded(page: str) -> None:
    titles = re.findall(r"<figcaption><b>(.*?)\.</b> \S", page)
    assert titles == [
        "Emergence (mean)",
        "Normalised emergence (mean)",
        "Active units",
        "Loss",
        "Accuracy",
        "Weight norm",
        "Effective complexity by site",
        "Loss landscape, step 10",
    ]
    pictures = re.findall(r'<img src="data:image/svg\+xml;base64,(.*?)" alt=".{20,}?">', page)
    assert len(pictures) == len(titles) and all(b"</svg>" in b64decode(picture) for picture in pictures)


def test_a_page_says_what_was_recorded_what_it_cost_and_what_was_left_out(page: str) -> None:
    assert "2 records from step 0 to 10, on 40 probe samples" in page
    assert re.search(r"The records took [\d.e-]+ s", page)
    assert re.search(r"left out to keep the share of time: 1, at step\s+5\.", page)
    assert "&#34;thresholds&#34;" in page or '"thresholds"' in page


def steps_of(every: Every) -> list[int]:
    assert every.recorder is not None
    return list(every.recorder.data["step"].values)


OPTIONS: dict[str, Any] = {"probe": PROBE, "labels": LABELS, "thresholds": [0.05], "measures": []}


def test_a_callback_records_the_start_every_so_many_updates_and_the_end() -> None:
    every = Every(4, **OPTIONS)
    every.begin(network(), 0)
    for step in (1, 2, 3, 4, 4, 4, 5, 8, 10):  # gradients of several batches make one update
        every.update(step)
    every.end(10)
    assert steps_of(every) == [0, 4, 8, 10]


def test_the_end_is_recorded_also_where_the_share_is_spent() -> None:
    every = Every(4, **OPTIONS, share=1e-9)
    every.begin(network(), 0)
    for step in (4, 8, 8):
        every.update(step)
    every.end(8)
    assert steps_of(every) == [0, 8] and every.recorder and list(every.recorder.data["skipped_step"]) == [4]


def test_training_that_goes_on_from_a_checkpoint_goes_on_with_the_file(tmp_path: Path) -> None:
    for start, end in ((0, 8), (4, 12)):
        every = Every(4, file=tmp_path / "a.nc", report=tmp_path / "a.html", **OPTIONS)
        every.begin(network(), start)
        for step in range(start + 4, end + 1, 4):
            every.update(step)
        every.end(end)
    assert steps_of(every) == [0, 4, 8, 12] and (tmp_path / "a.html").is_file()
