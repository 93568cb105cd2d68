"""Networks trained elsewhere: an entry of ``networks`` that names a model, and the files with its weights."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from emergence.core.plugins import own_program
from emergence.core.saved_steps import PLACES
from emergence.parameters.base import MOST_SAMPLES
from emergence.parameters.described import Described, Option
from emergence.parameters.training import Training

Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f]+$", max_length=4000)]


def _has_places(template: str) -> str:
    """Refuse a template without a place for the seed or the step, or with another one."""
    left = template
    for place in PLACES:
        if place not in template:
            raise ValueError(f"it lacks {place}; allowed: a path such as runs/{{seed}}/step_{{step}}.safetensors")
        left = left.replace(place, "")
    if "{" in left or "}" in left:
        raise ValueError(f"allowed in braces: {' and '.join(PLACES)}")
    return template


class TrainedElsewhere(Described):
    """A network that another program trained, and the weights that it saved (docs/trained_elsewhere.md)."""

    builder: Literal["trained_elsewhere"] = "trained_elsewhere"
    """Which kind of network."""

    model: Text
    """module:function, torchvision:NAME, timm:NAME, transformers:CLASS, or a folder of Hugging Face."""

    options: dict[str, Option] = {}
    """Keyword arguments of the model."""

    checkpoints: Annotated[Text, AfterValidator(_has_places)]
    """Files with {seed} and {step} in their names, below the study's folder or $EMERGENCE_DATA, or whole paths."""

    updates_per_epoch: Annotated[int, Field(ge=1, le=MOST_SAMPLES)] | None = None
    """Updates in an epoch, where {step} counts updates; null: it counts epochs."""

    input_mean: list[float] | None = None
    """Mean per channel, or one, that inputs as stored were reduced by; null: that of the seed's training part."""

    input_std: list[Annotated[float, Field(gt=0)]] | None = None
    """Standard deviation per channel, or one, that they were divided by; null: that of the seed's training part."""

    training: Training | None = None
    """Settings of its training, with which `minima` train on; null: none are sought."""

    @model_validator(mode="after")
    def _scales_by_both(self) -> Self:
        if (self.input_mean is None) != (self.input_std is None) or (
            self.input_mean is not None and self.input_std is not None and len(self.input_mean) != len(self.input_std)
        ):
            raise ValueError("input_mean and input_std belong together: give both, with as many numbers, or none")
        return self

    @property
    def names_folder(self) -> bool:
        """True where the model is that of a folder of Hugging Face."""
        return ":" not in self.model

    @property
    def program(self) -> str:
        """The function of the user's own that builds the model, module:function; "" where a library does."""
        return own_program(self.model)

    def arguments(self) -> dict[str, Any]:
        return {"model": self.model, "options": self.options, "rescaled": self.input_mean is not None}
