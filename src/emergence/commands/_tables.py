"""Values of one network, written for a terminal."""

import pandas as pd
import xarray as xr

COUNTED = {
    "log10 E": "log10_emergence",
    "E": "emergence",
    "share of paths": "normalised_emergence",
    "E per parameter": "relative_emergence",
}


def write_tables(found: xr.Dataset, *names: str) -> str:
    """Write emergence by threshold and criterion, active units by site, and the variables called `names`.

    A site's active units are those of the first criterion.
    """
    counted = found.isel(through=0, drop=True)
    cells = counted[list(COUNTED.values())].rename({name: title for title, name in COUNTED.items()})
    emergence = cells.to_dataframe()[list(COUNTED)].reset_index()
    active = counted["active_units"].isel(criterion=0)
    by_threshold = {
        f"active > {part['threshold'].item():g}": part.values for part in active.transpose("threshold", ...)
    }
    by_site = pd.DataFrame({"site": found["site"].values, "units": found["site_size"].values, **by_threshold})
    values = pd.Series({name.removeprefix("probe_"): found[name].item() for name in names if not found[name].ndim})
    tables = [
        emergence.to_string(index=False, float_format=_written, na_rep="no path"),
        by_site.to_string(index=False, float_format=_written),
        values.to_string(float_format=_written),
    ]
    return "\n\n".join(tables[: 2 + bool(len(values))])


def _written(value: float) -> str:
    return f"{value:.4g}"
