"""Where jobs compute, and what happens where torch refuses an algorithm."""

import subprocess
import sys

import pytest
import torch
import torch.utils.deterministic

from emergence.parameters.compute import Compute
from emergence.training.compute import choose_algorithms, explain_refusals, prepare


@pytest.fixture
def own_settings():
    memory = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    before = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    yield
    torch.use_deterministic_algorithms(False)
    torch.utils.deterministic.fill_uninitialized_memory = memory  # type: ignore[attr-defined]
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = before


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without GPU")
def test_a_missing_gpu_is_named() -> None:
    assert prepare(Compute()) == torch.device("cpu")
    with pytest.raises(RuntimeError, match=r"compute.device is cuda, but torch sees no GPU"):
        prepare(Compute(device="cuda"))


@pytest.mark.usefixtures("own_settings")
def test_a_refused_algorithm_names_itself_and_the_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)

    @explain_refusals()
    def put() -> torch.Tensor:
        return torch.zeros(3).put_(torch.tensor([1]), torch.ones(1))

    choose_algorithms(deterministic=True)
    with pytest.raises(RuntimeError, match=r"compute.deterministic is true, but put_ does not have") as refusal:
        put()
    assert isinstance(refusal.value.__cause__, RuntimeError)
    choose_algorithms(deterministic=False)
    assert put().tolist() == [0, 1, 0]


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(RuntimeError, match=r"^size mismatch$"), explain_refusals():
        raise RuntimeError("size mismatch")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_matrix_products_on_a_gpu_are_accepted_as_deterministic() -> None:
    program = (
        "import torch; from emergence.training.compute import prepare; "
        "from emergence.parameters.compute import Compute; "
        "x = torch.ones(8, 8, device=prepare(Compute(device='cuda'))); print((x @ x).sum().item())"
    )
    assert float(subprocess.check_output([sys.executable, "-c", program])) == 512


def test_on_a_cpu_no_compiler_is_loaded() -> None:
    program = (
        "import sys; from emergence.training.compute import prepare; from emergence.parameters.compute import Compute;"
        "prepare(Compute(device='cpu')); print(any(name.startswith('torch._inductor') for name in sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"


@pytest.mark.usefixtures("own_settings")
def test_the_fastest_convolutions_are_looked_for_only_where_bits_may_differ() -> None:
    for deterministic in (True, False):
        choose_algorithms(deterministic)
        assert torch.are_deterministic_algorithms_enabled() == deterministic
        assert torch.backends.cudnn.deterministic == deterministic
        assert torch.backends.cudnn.benchmark != deterministic
        assert not torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
