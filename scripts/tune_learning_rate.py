"""Train a network at several learning rates, dense or pruned, and choose the one of least validation loss."""

from emergence.core.storage import write_dataset
from emergence.jobs import JobFile, job
from emergence.jobs.training import made_from, settings_of_training, trainer
from emergence.parameters.training import Checkpoints
from emergence.training.tuning import sweep


@job
def tune_learning_rate(given: JobFile) -> None:
    train, rates = trainer(given), given.setting("tuning", "learning_rates")
    length = {"epochs": given.setting("tuning", "epochs"), "checkpoints": Checkpoints(early_iterations=[])}
    training = settings_of_training(given).model_copy(update=length)
    tuning = sweep(lambda at_a_rate: train(at_a_rate).metrics, training, rates)
    write_dataset(given.output("tuning"), tuning, made_from(given, training))
