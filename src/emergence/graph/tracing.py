"""From a network to its graph of operations, each with its rule, and the sites where activity is read."""

import builtins
import inspect
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn

import emergence.graph.attention_rules
import emergence.graph.elementwise_rules
import emergence.graph.layer_rules
import emergence.graph.pooling_rules
import emergence.graph.reduction_rules
import emergence.graph.shape_rules
import emergence.graph.spectral_rules  # noqa: F401  (importing a module of rules registers them)
from emergence.core.reuse import once
from emergence.graph.masks import find_patterns
from emergence.graph.operations import TraceError, map_arguments, tensors_in
from emergence.graph.preserving import untouched
from emergence.graph.recorder import OVERWRITE, Call, Tape, Value, record
from emergence.graph.registry import Rule
from emergence.graph.template import Constant, batch_dimension, common, holds_samples
from emergence.graph.verification import other_sample, verify

_BLOCK_UNITS = {True: 2**19, False: 2**26}  # rows times units of the largest layer, on a CPU and elsewhere


@dataclass(frozen=True)
class Trace:
    """A network's operations and sites, in topological order."""

    model: nn.Module
    example: tuple[Tensor, ...]
    """One sample of each input."""
    calls: tuple[Call, ...]
    """What leads to a site or an output; arguments are for any number of samples (`template`)."""
    rules: dict[Call, Rule]
    inputs: list[Value]
    results: list[Value]
    """The network's outputs, as far as they depend on its input."""
    sites: list[Value]
    site_names: tuple[str, ...]
    shapes: dict[Value, tuple[list[int], list[int]]]
    """Shapes of each value for one and for two samples."""
    patterns: dict[Call, Tensor]
    """Which elements a mask leaves, for softmax and the products that use its result."""
    constants: list[Tensor]
    """The tensors among the arguments that do not depend on the input, with the weights of the moment."""
    keeps_state: bool
    """The network changes something of its own when it runs, such as a cache."""
    output_places: dict[Value, int]
    """Where among the tensors that the network gives back the sites stand that are no results of calls."""

    def bound(self) -> "Trace":
        """The trace with the constants that the network has at present, such as other weights that were put in."""
        tape = record(self.model, self.example, keep=False)
        constants = _constants_of(tape.calls)
        if [tuple(t.shape) for t in constants] != [tuple(t.shape) for t in self.constants]:
            raise TraceError(f"{type(self.model).__name__} does something else than when it was traced")
        return replace(self, constants=constants)

    @cached_property
    def made_by(self) -> dict[Value, Call]:
        """The call that gives each value."""
        return {value: call for call in self.calls for value in call.outputs if value is not None}

    @cached_property
    def last_use(self) -> dict[Call, list[Value]]:
        """The values that no later call reads."""
        kept, last = set(self.sites), dict[Value, Call]()
        for call in self.calls:
            last |= dict.fromkeys([*call.sources, *(v for v in call.outputs if v is not None)], call)
        uses: dict[Call, list[Value]] = {}
        for value, call in last.items():
            if value not in kept:
                uses.setdefault(call, []).append(value)
        return uses

    @property
    def site_sizes(self) -> list[int]:
        """Number of units of each site."""
        return [math.prod(self.shapes[value][0]) for value in self.sites]

    def by_row(self, value: Value, tensor: Tensor, rows: int) -> Tensor:
        """A value's tensor as (rows, units)."""
        return tensor.movedim(batch_dimension(*self.shapes[value]), 0).reshape(rows, math.prod(self.shapes[value][0]))

    def as_tensor(self, value: Value, units: Tensor) -> Tensor:
        """Undo `by_row`."""
        dimension, shape = batch_dimension(*self.shapes[value]), self.shape_of(value, len(units))
        shape.insert(0, shape.pop(dimension))
        return units.reshape(shape).movedim(0, dimension)

    def rows_per_block(self, device: torch.device) -> int:
        """Rows to run at once: on a CPU as many as keep the largest layer's values in cache."""
        largest = max(math.prod(one) for one, _ in self.shapes.values())
        return max(1, _BLOCK_UNITS[device.type == "cpu"] // max(largest, 1))

    def shape_of(self, value: Value, rows: int) -> list[int]:
        """Shape of a value for `rows` samples."""
        one, two = self.shapes[value]
        return [a + (rows - 1) * (b - a) for a, b in zip(one, two, strict=True)]


def trace(model: nn.Module, examples: Sequence[Tensor], include_input: bool, include_output: bool) -> Trace:
    """Trace a network that is in evaluation mode with one or more samples of each of its inputs.

    Within `emergence.core.reuse.reusing`, a network is traced once for samples of one shape. Raises MissingRuleError
    for an operation without a rule and ValueError for a network that cannot be traced.
    """
    example = tuple(x[:1].detach().clone() for x in examples)
    kinds = [(x.shape, x.dtype, x.device) for x in example]
    try:
        return once(
            lambda: _trace(model, example, other_sample(examples), include_input, include_output),
            (model,),
            include_input,
            include_output,
            *kinds,
        )
    except TraceError as error:
        raise ValueError(
            f"{type(model).__name__} cannot be traced: {error}. Where a submodule does so, register a rule for its "
            "class, see emergence.register_rule"
        ) from error


def _trace(
    model: nn.Module, example: tuple[Tensor, ...], other: tuple[Tensor, ...], include_input: bool, include_output: bool
) -> Trace:
    with untouched(model) as alone:
        second = _record(model, other, "a single sample")
    with untouched(model) as pair:
        both = _record(model, [torch.cat(samples) for samples in zip(example, other, strict=True)], "two samples")
    tape = _record(model, example, "a single sample")
    calls = _joined(tape, second, both)
    results = [value for value in dict.fromkeys(tape.results) if value is not None]
    shapes = {value: (list(t.shape), list(both.values[value].shape)) for value, t in tape.values.items()}
    live = _live(calls, results)
    rules = {call: call.operation.rule for call in live if call.operation is not OVERWRITE}
    read = [value for call, rule in rules.items() if rule.nonlinear for value in call.outputs if value is not None]
    verify(tape, second, both, [*read, *results])
    names = _site_names(model, tape, live, rules, include_input, results if include_output else [])
    for value, name in names.items():
        _check_batch(name, *shapes[value])
    made = {value for call in live if call.number is not None for value in call.outputs}
    return Trace(
        model=model,
        example=example,
        calls=tuple(live),
        rules=rules,
        inputs=tape.inputs,
        results=results,
        sites=list(names),
        site_names=tuple(names.values()),
        shapes=shapes,
        patterns=find_patterns(live, rules, tape),
        constants=_constants_of(tape.calls),
        keeps_state=alone.changed or pair.changed,
        output_places={value: tape.results.index(value) for value in names if value in results and value not in made},
    )


def _record(model: nn.Module, inputs: Sequence[Tensor], what: str) -> Tape:
    try:
        return record(model, inputs)
    except TraceError:
        raise
    except Exception as error:
        raise TraceError(f"it fails on {what} ({type(error).__name__}: {error})") from error


def _joined(tape: Tape, second: Tape, both: Tape) -> list[Call]:
    """The calls of three tapes as those for any number of samples."""
    for other, reason in ((second, "activations"), (both, "number of samples")):
        kinds = [[(call.operation, call.outputs) for call in part.calls] for part in (tape, other)]
        if kinds[0] != kinds[1] or tape.results != other.results:
            raise TraceError(f"control flow depends on the {reason}")
    if tape.facts != second.facts:
        raise TraceError("control flow depends on the activations")
    numbers = count()

    def numbered(argument: Any) -> Any:
        return replace(argument, number=next(numbers)) if isinstance(argument, Constant) else argument

    calls = []
    for call, *others in zip(tape.calls, second.calls, both.calls, strict=True):
        if call.operation is OVERWRITE:  # which units lie where is the same for every sample
            args: Any = tuple(Constant(-1) if isinstance(part, Tensor) else part for part in call.args), {}
        else:
            one, another, two = ((part.args, part.kwargs) for part in (call, *others))
            args = common((one, another, two), str(call.operation))
        args, kwargs = map_arguments(args, numbered)
        calls.append(replace(call, args=args, kwargs=kwargs))
    return calls


def _constants_of(calls: Sequence[Call]) -> list[Tensor]:
    return [tensor for call in calls for tensor in tensors_in((call.args, call.kwargs))]


def _live(calls: list[Call], results: list[Value]) -> list[Call]:
    """The calls from which the network's outputs follow."""
    needed, live = set(results), []
    for call in reversed(calls):
        if needed & set(call.outputs):
            needed.update(call.sources)
            live.append(call)
    return live[::-1]


def _site_names(
    model: nn.Module,
    tape: Tape,
    calls: list[Call],
    rules: dict[Call, Rule],
    include_input: bool,
    results: list[Value],
) -> dict[Value, str]:
    """The sites in topological order, with their names."""
    names: dict[Value, str] = {}
    inputs = dict(zip(tape.inputs, _input_names(model), strict=False))
    if include_input:
        names |= inputs
    used, modules = set(inputs.values()), Counter[str]()
    for call in calls:
        name = _unused(call.operation.path.replace(".", "_") or call.operation.name.rstrip("_"), used)
        if (rule := rules.get(call)) and rule.nonlinear:
            if path := call.operation.path:
                modules[path] += 1
                name = path if modules[path] == 1 else f"{path}:{modules[path]}"
            names |= {value: name for value in call.outputs[:1] if value is not None}
    made_by = {value: call for call in calls for value in call.outputs}
    new = [value for value in results if _origin(value, made_by, rules) not in names]
    names |= {value: "output" if len(new) == 1 else f"output:{n}" for n, value in enumerate(new, start=1)}
    order = {value: place for place, value in enumerate([*tape.inputs, *made_by])}
    return dict(sorted(names.items(), key=lambda item: order[item[0]]))


def _unused(name: str, used: set[str]) -> str:
    """A name that is not used, marked as used."""
    found = next(n for n in (name, *(f"{name}_{i}" for i in range(1, len(used) + 2))) if n not in used)
    used.add(found)
    return found


def _input_names(model: nn.Module) -> Iterator[str]:
    parameters = inspect.signature(model.forward).parameters.values()
    for parameter in parameters:
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            yield f"{parameter.name}_1" if hasattr(builtins, parameter.name) else parameter.name
    yield from (f"input{n}" for n in count())


def _origin(value: Value, made_by: dict[Value | None, Call], rules: dict[Call, Rule]) -> Value:
    """The value whose units these are, before they were only moved."""
    call = made_by.get(value)
    if call is None or call not in rules or not rules[call].moves or len(call.sources) != 1:
        return value
    return _origin(call.sources[0], made_by, rules)


def _check_batch(name: str, one: list[int], two: list[int]) -> None:
    if not holds_samples(one, two):
        raise TraceError(
            f"site '{name}' has shape {one} for one sample and {two} for two: it must hold units by sample"
        )
