"""The values of a claim's quantities, each computed when it is first asked for."""

from collections.abc import Callable, Iterator, Mapping

import pandas as pd


class Samples(Mapping[str, pd.DataFrame]):
    """Tables of quantities by name: a row per seed, a column per test; each is computed once, when asked for.

    >>> samples = Samples({"twice": lambda: pd.DataFrame({"digits/mlp": [2, 4]})})
    >>> list(samples), samples["twice"] is samples["twice"]
    (['twice'], True)
    """

    def __init__(self, quantities: Mapping[str, Callable[[], pd.DataFrame]]) -> None:
        self._quantities = quantities
        self._found: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._found:
            self._found[name] = self._quantities[name]()
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._quantities)

    def __len__(self) -> int:
        return len(self._quantities)
