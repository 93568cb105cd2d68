"""The look of verdicts, the same in all figures: colours for colour-blind readers, and markers that differ as well."""

from emergence.drawing.panels import Line
from emergence.statistics.verdict import Verdict

GREY = "#6e6e6e"

LOOKS: dict[Verdict, Line] = {
    "supported": {"color": "#009E73", "marker": "o"},
    "contradicted": {"color": "#D55E00", "marker": "X"},
    "mixed": {"color": "#7B3294", "marker": "D"},
    "inconclusive": {"color": GREY, "marker": "o", "markerfacecolor": "white"},
}
