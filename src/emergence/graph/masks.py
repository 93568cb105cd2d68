"""Masks of attention: which weights of a softmax a network's constants alone keep at zero.

A mask is what is added to scores, or put in their place, whatever the activations are. An element is masked where the
softmax of these constants alone is exactly zero; a score that activations make very negative is not.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from emergence.graph.attention_rules import PRODUCTS
from emergence.graph.operations import map_arguments, tensors_in
from emergence.graph.recorder import OVERWRITE, Call, Tape, Value
from emergence.graph.registry import Rule

_LINEAR = {"add", "add_", "sub", "sub_", "mul", "mul_", "div", "div_", "masked_fill", "masked_fill_", "where", "float"}
"""Operations through which constants reach scores."""


def find_patterns(calls: Sequence[Call], rules: dict[Call, Rule], tape: Tape) -> dict[Call, Tensor]:
    """Elements that a mask leaves (bool), for every masked softmax and the products that read its result first."""
    recorded = {call.outputs: call for call in tape.calls}
    made_by = {value: recorded[call.outputs] for call in calls for value in call.outputs if value is not None}
    of_value: dict[Value, Tensor] = {}
    patterns: dict[Call, Tensor] = {}
    moves = {call.outputs for call, rule in rules.items() if rule.moves}
    for call in calls:
        output = call.outputs[0]
        source = call.sources[0] if call.sources else None
        if call.operation is OVERWRITE or output is None or source is None:
            continue
        if call.operation.name in ("softmax", "Softmax"):
            fixed = _fixed_part(source, made_by, moves, tape)
            if fixed is None:
                continue
            left = _run(recorded[call.outputs], {source: fixed}) != 0
            if not bool(left.all()):
                patterns[call] = of_value[output] = left
        elif source in of_value and _first_operand(call) == source:
            if call.operation.name in PRODUCTS:
                patterns[call] = of_value[source]
            elif call.outputs in moves:
                of_value[output] = _run(recorded[call.outputs], {source: of_value[source].float()}) > 0
    return patterns


def _first_operand(call: Call) -> Any:
    """What a call is applied to first; the equation of an einsum is no operand."""
    operands = call.args[1:] if call.operation.name == "einsum" else call.args
    first = operands[0] if operands else None
    return first[0] if isinstance(first, list | tuple) and first else first


def _fixed_part(value: Value, made_by: dict[Value, Call], moves: set[Any], tape: Tape) -> Tensor | None:
    """What constants alone contribute to a value; None where there are none."""
    call = made_by.get(value)
    if call is None or call.operation is OVERWRITE:
        return None
    linear = call.operation.name in _LINEAR
    if not linear and call.outputs not in moves:
        return None
    parts = {source: _fixed_part(source, made_by, moves, tape) for source in call.sources}
    brings_mask = linear and any(True for _ in tensors_in((call.args, call.kwargs)))
    if all(part is None for part in parts.values()) and not brings_mask:
        return None
    zeros = {source: torch.zeros_like(tape.values[source]) if part is None else part for source, part in parts.items()}
    fixed: Tensor = _run(call, zeros)
    return fixed


def _run(call: Call, values: dict[Value, Tensor]) -> Any:
    args, kwargs = map_arguments(
        (call.args, call.kwargs), lambda part: values[part].clone() if isinstance(part, Value) else part
    )
    result = call.operation.function(*args, **kwargs)
    return result[0] if isinstance(result, tuple | list) else result
