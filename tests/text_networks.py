"""A small network that reads text: the next character from the present one alone."""

from torch import Tensor, nn


class ClassesFirst(nn.Module):
    """Logits (sample, position, class) as (sample, class, position)."""

    def forward(self, logits: Tensor) -> Tensor:
        return logits.transpose(1, 2)


def build(input_shape: tuple[int, ...], classes: int, width: int = 16) -> nn.Module:
    """Embedding, a hidden layer and logits, at each position by itself."""
    embedding = nn.Embedding(classes, width)
    hidden, logits = nn.Linear(width, 2 * width), nn.Linear(2 * width, classes)
    return nn.Sequential(embedding, hidden, nn.ReLU(), logits, ClassesFirst())
