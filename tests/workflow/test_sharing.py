"""Results that others computed: pushed to storage, pulled into a clone, current there at once."""

import hashlib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import boto3
import pytest
import xarray as xr
import yaml
from moto.server import ThreadedMotoServer

from emergence.datasets import read_processed
from emergence.training.checkpoints import read
from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an S3 server on this machine, with a bucket named results."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    boto3.client("s3", endpoint_url=address).create_bucket(Bucket="results")
    yield address
    server.stop()


def test_results_pushed_to_s3_are_current_in_a_clone_that_pulls_them(
    repository: Repository, s3: str, tmp_path: Path
) -> None:
    repository.run("dvc", "remote", "add", "--default", "--force", "store", "s3://results/study")
    repository.run("dvc", "remote", "modify", "store", "endpointurl", s3)
    repository.commit("Share results through S3")
    repository.run("dvc", "push", "-q")
    clone = repository.clone(tmp_path / "other")
    clone.run("dvc", "pull", "-q")
    assert clone.current_files() == repository.current_files()
    assert clone.planned() == {}
    assert clone.executed("dvc", "repro") == {}


def test_final_weights_of_a_registered_version_are_those_that_reached_the_stated_accuracy(
    repository: Repository, tmp_path: Path
) -> None:
    repository.run("git", "config", "user.name", "Test")
    repository.run("git", "config", "user.email", "test@example.org")
    repository.run("gto", "register", "networks")
    repository.run("gto", "assign", "networks", "--stage", "production")
    networks = tmp_path / "networks"
    get = ("dvc", "artifacts", "get", str(repository.folder), "networks", "--stage", "production")
    repository.run(*get, "--out", str(networks))
    training = {
        job.name.replace("/", "."): job for job in repository.plan().of_rule("gather_networks")[0].inputs["training"]
    }
    assert {file.stem for file in networks.glob("*.safetensors")} == set(training)
    for name, job in training.items():
        stored = read(networks / f"{name}.safetensors")
        dataset = read_processed(repository.folder / job.inputs["data"][0].file("dataset"))
        accuracy = xr.load_dataset(repository.folder / job.file("metrics"))["test_accuracy"].isel(step=-1)
        for seed, stated in zip(stored.seeds, accuracy.sel(seed=list(stored.seeds)), strict=True):
            split = dataset.of_seed(seed)
            inputs, labels = split.part("test")
            predicted = stored.network(seed)(split.normalise(inputs)).argmax(1)
            assert float((predicted == labels).double().mean()) == pytest.approx(float(stated))


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of a web server that offers a file story.txt."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "story.txt").write_text("Once upon a time. ")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "web")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_original_file_is_kept_with_its_address_and_checksum_and_needs_its_publisher_no_more(
    source: Repository, web: str, tmp_path: Path
) -> None:
    repository = source.clone(tmp_path / "project")
    (repository.folder / "data/raw/text").mkdir(parents=True)
    repository.run("dvc", "import-url", "-q", f"{web}/story.txt", "data/raw/text/story.txt")
    repository.run("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    repository.commit("Keep the story")
    repository.run("dvc", "push", "-q", "data/raw/text/story.txt")
    (tmp_path / "web" / "story.txt").unlink()
    clone = repository.clone(tmp_path / "clone")
    assert not (clone.folder / "data/raw/text/story.txt").exists()
    clone.run("dvc", "pull", "-q", "data/raw/text/story.txt")
    content = (clone.folder / "data/raw/text/story.txt").read_bytes()
    assert content == b"Once upon a time. "
    noted = yaml.safe_load((clone.folder / "data/raw/text/story.txt.dvc").read_text())
    assert noted["deps"][0]["path"] == f"{web}/story.txt"
    assert noted["outs"][0]["md5"] == hashlib.md5(content).hexdigest()
