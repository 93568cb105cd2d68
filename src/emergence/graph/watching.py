"""Reading activations: a network is run as it is, and what its sites hold is kept."""

from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

from torch import Tensor, nn

from emergence.graph.operations import Operation, TraceError, Watch, tensors_in
from emergence.graph.recorder import outputs_in, version


class Reader(Watch):
    """Hands what a network's calls give to `keep`, without holding on to anything else.

    `wanted` maps the number of a call, as `recorder.Call` counts them, to its operation.
    """

    def __init__(self, model: nn.Module, wanted: dict[int, Operation], keep: Callable[[int, Any], None]) -> None:
        super().__init__(model)
        self._wanted, self._keep = wanted, keep

    def read(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Run the network on samples and return its outputs."""
        self._dependent: dict[int, Any] = {}
        self._number = 0
        copies = [x.detach().clone() for x in inputs]
        for tensor in copies:
            self._mark(tensor)
        outputs = list(outputs_in(self.run(copies)))
        if self._wanted and self._number <= max(self._wanted):
            raise TraceError("the network does something else with these samples than with its example")
        return outputs

    def depends(self, tensor: Tensor) -> bool:
        return self._is_marked(tensor) or (tensor._base is not None and self._is_marked(tensor._base))

    def take(self, operation: Operation, args: Any, kwargs: dict[str, Any], run: Callable[[], Any]) -> Any:
        before = [(tensor, version(tensor)) for tensor in tensors_in((args, kwargs))]
        result = run()
        changed = [tensor for tensor, number in before if version(tensor) != number]
        tensors = [args[0]] if operation.name == "setitem" else list(tensors_in(result))
        if not tensors:
            return result
        for tensor in (*tensors, *changed, *(t._base for t in changed if t._base is not None)):
            self._mark(tensor)
        if self._number in self._wanted:
            if operation != self._wanted[self._number]:
                raise TraceError(f"{operation} stands where the example had {self._wanted[self._number]}")
            self._keep(self._number, result)
        self._number += 1
        return result

    def _mark(self, tensor: Tensor) -> None:
        self._dependent[id(tensor)] = ref(tensor)

    def _is_marked(self, tensor: Tensor) -> bool:
        return (marked := self._dependent.get(id(tensor))) is not None and marked() is tensor
