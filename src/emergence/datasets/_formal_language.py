"""Sentences of a formal language: sequences of words, of which each is to be predicted from those before it."""

import numpy as np

from emergence.core.raw_files import RawFiles
from emergence.datasets._raw import RawDataset
from emergence.parameters.data import TEST_SHARE, FormalLanguage
from emergence.testbeds.language import Mixture, packed
from emergence.testbeds.language.described import generators, language_of


def load(files: RawFiles, name: str, described: FormalLanguage) -> RawDataset:
    """Return sequences as tokens (sample, position), and for each token the next one as its label.

    Classes are the words of the language. Every sequence begins with the end of a sentence. The last tenth of them is
    the test part. Random words are those of all sequences in a random order: as frequent, and independent of those
    before them. Raises ValueError where an entity has no property.

    >>> data = load(RawFiles(()), "language", FormalLanguage(entities=4, properties=8, classes=2, density=1, length=8))
    >>> data.inputs.shape, data.labels.shape, data.classes[0]
    ((20000, 8), (20000, 8), 'end')
    """
    _, drawing, shuffling = generators(described)
    language = language_of(described)
    mixture = Mixture(**described.tasks.model_dump())
    rows = packed(language, described.sequences, described.length, mixture, drawing)
    if described.random_words:
        rows[:, 1:] = shuffling.permutation(rows[:, 1:].ravel()).reshape(len(rows), -1)
    return RawDataset(
        inputs=rows[:, :-1],
        labels=rows[:, 1:],
        classes=language.names,
        source="random words of a formal language" if described.random_words else "a formal language",
        test=np.arange(len(rows)) >= len(rows) - len(rows) // TEST_SHARE,
        tokens=True,
    )
