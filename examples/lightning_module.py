"""Record emergence in a Trainer of Lightning: python examples/lightning_module.py FOLDER."""

import sys
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from emergence.recording.lightning import RecordEmergence  # first, as Lightning needs a torchvision that fits torch

# isort: split
from lightning.pytorch import LightningModule, Trainer, callbacks, seed_everything

UPDATES, EVERY = 100, 20


class Classifier(LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images)

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        return nn.functional.cross_entropy(self(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.2)


def data() -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = load_digits(return_X_y=True)
    return torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)


def main(folder: Path) -> None:
    seed_everything(0, verbose=False)
    inputs, labels = data()
    files = {"file": folder / "recording.nc", "report": folder / "recording.html"}
    record = RecordEmergence(inputs[-256:], labels[-256:], every=EVERY, **files)
    save = callbacks.ModelCheckpoint(folder, "{step}", save_top_k=-1, every_n_train_steps=EVERY)
    samples = DataLoader(TensorDataset(inputs[:-256], labels[:-256]), batch_size=64, shuffle=True)
    trainer = Trainer(
        max_steps=UPDATES, accelerator="cpu", logger=False, enable_progress_bar=False, callbacks=[record, save]
    )
    trainer.fit(Classifier(), samples)
    print(files["report"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
