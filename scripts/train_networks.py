"""Train a network on a data set from several seeds, dense or pruned, and save checkpoints and metrics."""

from dataclasses import asdict

from emergence.core.files import write_json
from emergence.core.storage import write_dataset
from emergence.jobs import JobFile, job
from emergence.jobs.training import made_from, settings_of_training, trainer
from emergence.training.checkpoints import publish
from emergence.training.tuning import at_rate, chosen_rate


@job
def train_networks(given: JobFile) -> None:
    train, training = trainer(given), settings_of_training(given)
    if given.inputs["tuning"]:
        training = at_rate(training, chosen_rate(given.file("tuning")))
    trained = train(training)
    publish(trained.checkpoints, given.output("checkpoints"))
    write_dataset(given.output("metrics"), trained.metrics, made_from(given, training))
    if given.cost:
        write_json(given.cost, asdict(trained.cost))
