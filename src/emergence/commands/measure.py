"""Measure emergence in a network on samples from a file.

MODEL is one of
  module:function         a function of your own that returns a torch.nn.Module
  torchvision:resnet18    a model of torchvision, by its name
  timm:resnet18           a model of timm, by its name
  transformers:CLASS      a model of transformers, by its class
  FOLDER                  a model of Hugging Face, with its weights
  FILE.safetensors        a checkpoint of this project

Samples are those that the network gets: .npz, .safetensors or .pt with `inputs` (sample, ...) and, for loss and
accuracy, `labels`; or .npy with inputs alone.
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what is given on the command line."""
    add = parser.add_argument
    add("model", metavar="MODEL", help="the network, see above")
    add("--data", type=Path, metavar="FILE", required=True, help="samples, see above")
    add("--weights", type=Path, metavar="FILE", help="weights: .safetensors, .pt, .ckpt, or a folder of Hugging Face")
    add("--option", action="append", default=[], metavar="NAME=VALUE", help="of the model, such as num_classes=10")
    add("--seed", type=int, help="network in a checkpoint of this project (default: the first)")
    add("--threshold", type=float, nargs="+", default=[0.05], help="units are active above it (default: 0.05)")
    add("--criterion", nargs="+", default=["mean"], help="mean (default), any, all, fraction, sample")
    add("--measures", nargs="*", metavar="NAME", help="further measures, or module:function; none without a name")
    add("--output", type=Path, metavar="FILE", help="netCDF file for all values")


def run(given: Namespace) -> None:
    """Print tables, and write the file where one is named."""
    from emergence.commands._samples import read_samples
    from emergence.commands._tables import write_tables
    from emergence.core.files import check_no_folder
    from emergence.core.storage import write_dataset
    from emergence.recording.measuring import OF_PROBE, Measuring
    from emergence.recording.settings import Settings, usual_measures

    if given.output is not None:
        check_no_folder(given.output)
    sys.path.insert(0, "")  # modules of the user's own lie where the command is called
    inputs, labels = read_samples(given.data)
    measures = usual_measures(inputs) if given.measures is None else given.measures
    settings = Settings(thresholds=given.threshold, criteria=given.criterion, measures=measures)
    measuring = Measuring(_network(given), inputs, labels, settings)
    found = measuring()
    if found["nonzero_parameters"].isnull():
        raise ValueError(f"activations of {measuring.name} on the samples of {given.data} are not numbers (NaN)")
    shown = [name for name in (*OF_PROBE, *measures) if name in found]
    print(f"{measuring.name}: {int(found['nonzero_parameters']):,} parameters not zero, {len(inputs)} samples\n")
    print(write_tables(found, *shown))
    if given.output is not None:
        write_dataset(given.output, found, {"measured": measuring.described()})
        print(f"\n{given.output}")


def _network(given: Namespace) -> "nn.Module":
    import torch

    from emergence.foreign import load_model, load_weights
    from emergence.training import checkpoints

    path = Path(given.model)
    if path.suffix == ".safetensors":
        checkpoint = checkpoints.read(path)
        return checkpoint.network(checkpoint.seeds[0] if given.seed is None else given.seed)
    torch.manual_seed(0)
    model = load_model(given.model, **dict(map(_option, given.option)))
    if given.weights is not None:
        load_weights(model, given.weights)
    elif not path.is_dir():
        print("No --weights: the network is as it is built, with weights drawn from seed 0.")
    return model


def _option(text: str) -> tuple[str, Any]:
    """Return name and value of an option; a value that is no JSON is a text."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError(f"--option '{text}' must be NAME=VALUE")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value
