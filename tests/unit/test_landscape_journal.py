"""Going on with a sampling that was ended."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from emergence.landscape import Journal, Record, sample_plane
from emergence.landscape.combination import Weights
from emergence.landscape.sampling import _chunks

ALPHA, BETA = np.linspace(-1, 1, 4), np.linspace(0, 2, 5)

KILLED = """
import os, sys, torch
from pathlib import Path
from emergence.landscape import Journal, Record, sample

folder, points, deadly = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

def metric(weights):
    place = round(float(weights["w"]))
    if place == deadly:
        os.kill(os.getpid(), 9)
    with (folder / "computed").open("a") as log:
        print(place, file=log)
    return {"square": place**2}

basis = [{"w": torch.tensor(0.0)}, {"w": torch.tensor(1.0)}]
with Journal(folder / "points.jsonl", {}) as journal:
    values = sample(metric, basis, [(1.0, float(i)) for i in range(points)], Record(journal, "line", ("square",)))
print(values["square"].tolist())
"""


def test_killed_at_any_point_and_started_again_no_point_is_computed_twice(tmp_path: Path):
    points = 5
    for deadly in (2, 4, -1):
        command = [sys.executable, "-c", KILLED, str(tmp_path), str(points), str(deadly)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == (-9 if deadly >= 0 else 0), done.stderr
    assert done.stdout.strip() == "[0.0, 1.0, 4.0, 9.0, 16.0]"
    assert (tmp_path / "computed").read_text().split() == ["0", "1", "2", "3", "4"]


class Counted:
    """A metric that ends with an error after some points."""

    def __init__(self, limit: int | None = None) -> None:
        self.limit, self.seen = limit, []

    def __call__(self, weights: Weights) -> dict[str, float]:
        if len(self.seen) == self.limit:
            raise KeyboardInterrupt
        self.seen.append(tuple(weights["w"].tolist()))
        return {"product": float(weights["w"].prod()), "nothing": float("nan")}


def plane(metric: Counted, file: Path, only_read: bool = False):
    directions = {"w": torch.tensor([1.0, 0.0])}, {"w": torch.tensor([0.0, 1.0])}
    with Journal(file, {"of": "test"}) as journal:
        record = Record(journal, "plane", ("product", "nothing"), only_read)
        return sample_plane(metric, {"w": torch.zeros(2)}, directions, ALPHA, BETA, record)


def test_a_sampling_ended_again_and_again_gives_the_plane_and_each_point_once(tmp_path: Path):
    file, seen = tmp_path / "points.jsonl", []
    for limit in (3, 0, 7, 1, None):
        metric = Counted(limit)
        if limit is None:
            joined = plane(metric, file)
        else:
            with pytest.raises(KeyboardInterrupt):
                plane(metric, file)
        seen += metric.seen
    assert len(seen) == len(set(seen)) == 20
    np.testing.assert_allclose(joined["product"], ALPHA[:, None] * BETA, rtol=1e-6)
    assert joined["nothing"].isnull().all()
    again = Counted()
    assert plane(again, file).identical(joined) and not again.seen


def test_what_is_not_yet_done_is_missing(tmp_path: Path):
    with pytest.raises(KeyboardInterrupt):
        plane(Counted(7), tmp_path / "points.jsonl")
    unfinished = plane(Counted(0), tmp_path / "points.jsonl", only_read=True)["product"]
    np.testing.assert_array_equal(unfinished.notnull(), np.arange(20).reshape(4, 5) < 7)


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_line_cut_short_by_a_kill_or_altered_counts_as_never_begun(tmp_path: Path, cut: int):
    file = tmp_path / "points.jsonl"
    with Journal(file, {}) as journal:
        for start in range(3):
            journal.add("line", start, {"loss": np.array([1.0 + start])})
    file.write_bytes(file.read_bytes()[:-cut])
    with Journal(file, {}) as journal:
        kept = journal.values("line", 3)["loss"]
        assert kept[0] == 1 and np.isnan(kept[2])
        journal.add("line", 2, {"loss": np.array([9.0])})
    with Journal(file, {}) as journal:
        assert journal.values("line", 3)["loss"][[0, 2]].tolist() == [1, 9]
    file.write_text(file.read_text().replace("9.0", "8.0"))
    with Journal(file, {}) as journal:
        assert not journal.finished("line", 3)[2]


def test_values_come_back_bit_for_bit_with_infinity_and_nan(tmp_path: Path):
    values = np.array([0.1 + 0.2, np.pi * 1e-300, np.inf, -np.inf, np.nan, -0.0])
    for _ in range(2):
        with Journal(tmp_path / "points.jsonl", {}) as journal:
            if not journal.finished("line", 6).all():
                journal.add("line", 0, {"loss": values})
            assert journal.values("line", 6)["loss"].tobytes() == values.tobytes()


def test_what_another_sampling_left_is_dropped(tmp_path: Path):
    with Journal(tmp_path / "points.jsonl", {"seed": 1}) as journal:
        journal.add("line", 0, {"loss": np.ones(2)})
    with Journal(tmp_path / "points.jsonl", {"seed": 2}) as journal:
        assert not journal.finished("line", 2).any()
    with Journal(tmp_path / "points.jsonl", {"seed": 1}) as journal:
        assert not journal.finished("line", 2).any()


def test_a_second_process_at_the_same_sampling_is_refused(tmp_path: Path):
    with (
        Journal(tmp_path / "points.jsonl", {}),
        pytest.raises(OSError, match="another process is at the same sampling"),
        Journal(tmp_path / "points.jsonl", {}),
    ):
        pass


def test_points_computed_together_are_those_of_a_fixed_division():
    places = np.array([0, 1, 2, 5, 6, 7, 8, 12])
    assert [chunk.tolist() for chunk in _chunks(places, 3)] == [[0, 1, 2], [5], [6, 7, 8], [12]]
    assert [chunk.tolist() for chunk in _chunks(np.arange(5), 2)] == [[0, 1], [2, 3], [4]]
