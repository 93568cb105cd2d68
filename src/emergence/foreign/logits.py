"""Models of transformers as networks that give logits."""

from torch import Tensor, nn


class Logits(nn.Module):
    """A model of transformers as networks here are, from inputs (sample, ...) to logits (sample, class, ...).

    A causal language model so maps tokens (sample, position) to logits (sample, token, position), which predict the
    token behind each. Its weights are those of the model, under names that begin with ``model.``.

    >>> from types import SimpleNamespace
    >>> class Model(nn.Module):
    ...     def forward(self, tokens):
    ...         return SimpleNamespace(logits=nn.functional.one_hot(tokens, 9), past_key_values=None)
    >>> Logits(Model())(Tensor([[1, 2, 3, 4]]).long()).shape
    torch.Size([1, 9, 4])
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits with their classes behind the samples."""
        logits: Tensor = self.model(inputs).logits
        return logits.movedim(-1, 1)
