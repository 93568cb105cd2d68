"""Bring in networks that another program trained: check their files, evaluate them, write them as training does."""

from emergence.core.saved_steps import digest, find, search
from emergence.core.storage import write_dataset
from emergence.datasets import read_processed
from emergence.foreign import ForeignError
from emergence.jobs import JobFile, job
from emergence.parameters.trained_elsewhere import TrainedElsewhere
from emergence.training.imported import Imported, architecture_of


@job
def import_networks(given: JobFile) -> None:
    described = TrainedElsewhere.model_validate(given.setting("networks", given.of_run.network))
    data, planned = read_processed(given.file("data", "dataset")), given.derived["files"]
    found = find(described.checkpoints, described.updates_per_epoch, search())
    files = {step: {seed: of_seeds[seed] for seed in given.seeds} for step, of_seeds in found.items()}
    for step, of_seeds in files.items():
        for seed, file in of_seeds.items():
            if digest(file) != planned.get(str(step), {}).get(str(seed)):
                raise ForeignError(f"{file} has changed since the workflow was planned; run the same command again")
    folder = search().find(described.model) if described.names_folder else None
    scale = (described.input_mean, described.input_std) if described.input_mean and described.input_std else None
    imported = Imported(data, architecture_of(described, folder, data), files, given.device, scale)
    metrics = imported.write(given.output("checkpoints"), described.updates_per_epoch)
    training = described.training.model_dump() if described.training else None
    write_dataset(given.output("metrics"), metrics, {**given.made_from, "training": training})
