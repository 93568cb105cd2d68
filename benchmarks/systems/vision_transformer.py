"""A small vision transformer that may merge tokens once on the way."""

import torch
from torch import Tensor, nn


def merge_tokens(tokens: Tensor, merged: int) -> Tensor:
    """Merge the most similar pairs of tokens (sample, token, width) into their means; `merged` tokens fewer come back.

    Bipartite soft matching (Bolya et al. 2023, arXiv:2210.09461, section 3): every second token looks for the one most
    similar by cosine among the others, and those most similar join it. Raises ValueError for more than half of them.

    >>> tokens = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 3.0], [-1.0, 0.0]]])
    >>> merge_tokens(tokens, 1).tolist()
    [[[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]]]
    """
    looking, standing = tokens[:, ::2], tokens[:, 1::2]
    if merged > looking.shape[1]:
        raise ValueError(f"{merged} of {tokens.shape[1]} tokens cannot be merged; at most {looking.shape[1]}")
    units = [nn.functional.normalize(part, dim=-1) for part in (looking, standing)]
    similarity, partner = (units[0] @ units[1].mT).max(-1)
    order = similarity.argsort(dim=1, descending=True)
    joins, stays = order[:, :merged], order[:, merged:].sort(dim=1).values
    width = tokens.shape[-1]
    goes_to = partner.gather(1, joins)
    joined = looking.gather(1, joins[..., None].expand(-1, -1, width))
    sums = standing.scatter_add(1, goes_to[..., None].expand(-1, -1, width), joined)
    counts = torch.ones_like(standing[..., 0]).scatter_add(1, goes_to, torch.ones_like(joined[..., 0]))
    kept = looking.gather(1, stays[..., None].expand(-1, -1, width))
    return torch.cat([kept, sums / counts[..., None]], dim=1)


class VisionTransformer(nn.Module):
    """Patches as tokens, `blocks` of attention and a feed-forward layer, logits from the mean token.

    Dosovitskiy et al. (2021, arXiv:2010.11929), with the mean in place of a token of its own for the class. `merged`
    tokens are merged away once, behind the first block.

    >>> VisionTransformer((1, 8, 8), classes=10, patch=2, merged=6)(torch.zeros(3, 1, 8, 8)).shape
    torch.Size([3, 10])
    """

    def __init__(
        self,
        input_shape: tuple[int, int, int],
        classes: int,
        patch: int = 2,
        blocks: int = 4,
        heads: int = 4,
        width: int = 32,
        merged: int = 0,
    ) -> None:
        super().__init__()
        channels, height, breadth = input_shape
        self.merged = merged
        self.patches = nn.Conv2d(channels, width, patch, stride=patch)
        self.positions = nn.Embedding(height // patch * (breadth // patch), width)
        nn.init.normal_(self.positions.weight, std=0.02)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
            )
            for _ in range(blocks)
        )
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (sample, channel, height, width) to logits (sample, class)."""
        tokens = self.patches(images).flatten(2).mT + self.positions.weight
        for number, block in enumerate(self.blocks):
            tokens = block(tokens)
            if number == 0 and self.merged:
                tokens = merge_tokens(tokens, self.merged)
        logits: Tensor = self.output(self.norm(tokens.mean(1)))
        return logits

    @property
    def hidden_layers(self) -> dict[str, nn.Module]:
        """The layers whose units are read: behind the first matrix of each feed-forward layer."""
        return {f"block{number}": block.get_submodule("linear1") for number, block in enumerate(self.blocks, start=1)}
