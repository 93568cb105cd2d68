"""Section ``training``: optimiser, schedule, augmentation, precision and the points at which the network is saved."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from emergence.core.losses import Loss
from emergence.core.steps import Step
from emergence.parameters.base import LARGEST, MOST_EPOCHS, MOST_SAMPLES, Epochs, Section, without_repeats

Rate = Annotated[float, Field(gt=0, le=LARGEST)]


Iteration = Annotated[int, Field(ge=1, le=MOST_SAMPLES)]


class Optimizer(Section):
    """The update rule."""

    name: Literal["sgd", "adam", "adamw"] = "sgd"
    """Update rule; adamw takes the weight decay apart from the gradient."""

    learning_rate: Rate = 0.05
    """Learning rate at the start."""

    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Momentum of sgd."""

    nesterov: bool = False
    """Nesterov's form of the momentum of sgd."""

    weight_decay: float = Field(default=0.0, ge=0, le=LARGEST)
    """Factor of the L2 penalty on all parameters; adamw instead shrinks them by this times the rate per update."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.nesterov and (self.name != "sgd" or not self.momentum):
            raise ValueError(
                f"nesterov is a form of the momentum of sgd, but name is {self.name} and momentum {self.momentum:g}; "
                "set nesterov to false, or name to sgd and momentum above 0"
            )
        if self.name == "adamw" and self.learning_rate * self.weight_decay >= 1:
            raise ValueError(
                f"adamw with learning_rate {self.learning_rate:g} and weight_decay {self.weight_decay:g} would turn "
                "the signs of all parameters; their product must be less than 1"
            )
        return self


class Schedule(Section):
    """Schedule of the learning rate during training."""

    name: Literal["constant", "step", "cosine"] = "constant"
    """constant; step: multiplied by `factor` after every `every` epochs; cosine: to zero at the end of training."""

    every: Epochs = 10
    """Epochs between two steps."""

    factor: float = Field(default=0.1, gt=0, le=1)
    """Factor per step."""

    warmup_epochs: float = Field(default=0, ge=0, le=MOST_EPOCHS)
    """Epochs over which the rate first grows linearly from zero; the schedule begins at their end."""

    @property
    def depends_on_length(self) -> bool:
        """True where the first epochs would differ if more epochs followed.

        >>> Schedule(name="cosine").depends_on_length
        True
        """
        return self.name == "cosine"


class Augmentation(Section):
    """Random changes of the training images, drawn anew in every epoch."""

    crop_padding: int = Field(default=0, ge=0, le=1000)
    """Pixels of zeros around an image, of which a part of the original size is cut out; 0: none."""

    flip: bool = False
    """Mirror half of the images left to right."""

    @property
    def changes_images(self) -> bool:
        """True where images differ from those stored."""
        return bool(self.crop_padding or self.flip)


class Inhibition(Section):
    """Inhibit units that respond unusually strongly to a sample (docs/monosemanticity.md)."""

    way: Literal["none", "penalty", "reverse"] = "none"
    """penalty: their distance from the mean adds to the loss (L2E); reverse: gradients drive them to answer less."""

    share: float = Field(default=0.02, gt=0, lt=1)
    """Share of all pairs of a sample and a unit that are held back."""

    factor: float = Field(default=0.005, gt=0, le=LARGEST)
    """Weight of the penalty of a sample in its loss."""


class Checkpoints(Section):
    """When weights are saved and measured: at step 0, at early iterations, at the ends of epochs."""

    early_iterations: Annotated[list[Iteration], AfterValidator(without_repeats)] = [1, 2, 4, 8]
    """Iterations of the first epoch; those beyond its end are left out."""

    every_epochs: Epochs = 1
    """Epochs between checkpoints; the last epoch is always saved."""


class Training(Section):
    """One training run."""

    epochs: Epochs = 20
    """Passes over the training data."""

    batch_size: int = Field(default=64, ge=1, le=MOST_SAMPLES)
    """Samples per update."""

    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()

    loss: Loss = "cross_entropy"
    """squared_error: sum over classes of (logit - target)^2, where the target is 1 for the right class, else 0."""

    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of the target of training that is spread evenly over all classes (Szegedy et al. 2016, section 7)."""

    l1_penalty: float = Field(default=0.0, ge=0, le=LARGEST)
    """Factor of the sum of absolute values of all matrices and kernels in what training reduces; 0: no penalty."""

    inhibition: Inhibition = Inhibition()

    augmentation: Augmentation = Augmentation()

    precision: Literal["float32", "tf32", "bfloat16", "float64"] = "float32"
    """Numbers to train with: tf32 rounds factors of products on GPUs; bfloat16 is mixed with float32."""

    checkpoints: Checkpoints = Checkpoints()

    def saves(self, step: Step) -> bool:
        """Tell whether weights are saved at a step, if the first epoch is long enough for its early iterations.

        >>> settings = Training(epochs=5, checkpoints={"early_iterations": [2], "every_epochs": 2})
        >>> [settings.saves(Step.parse(step)) for step in ("ep0", "ep0it1", "ep0it2", "ep1", "ep4", "ep5", "ep6")]
        [True, False, True, False, True, True, False]
        """
        if step.iteration:
            return step.epoch == 0 and step.iteration in self.checkpoints.early_iterations
        return step.epoch == self.epochs or (
            step.epoch < self.epochs and step.epoch % self.checkpoints.every_epochs == 0
        )

    @property
    def saved_steps(self) -> str:
        """The steps at which weights are saved, in words.

        >>> Training(epochs=5, checkpoints={"early_iterations": [2], "every_epochs": 2}).saved_steps
        'ep0, ep0it2, ep2, ep4, ep5'
        >>> Training(epochs=90).saved_steps
        'ep0, ep0it1, ep0it2, ep0it4, ep0it8, ep1, ep2, ep3, ..., ep90'
        """
        early = [Step(0, iteration) for iteration in sorted(self.checkpoints.early_iterations)]
        every = self.checkpoints.every_epochs
        epochs = [*range(every, min(self.epochs, 6 * every), every), self.epochs]
        shown = [*map(Step, epochs[:3]), "...", Step(self.epochs)] if len(epochs) > 5 else map(Step, epochs)
        return ", ".join(map(str, [Step(0), *early, *shown]))

    @model_validator(mode="after")
    def _warms_up_in_time(self) -> Self:
        if self.schedule.warmup_epochs > self.epochs:
            raise ValueError(
                f"schedule.warmup_epochs = {self.schedule.warmup_epochs:g} is more than epochs = {self.epochs}"
            )
        return self
