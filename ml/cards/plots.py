"""The card's plots as SVG text, the same bytes for the same numbers."""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ml.cards.calibration import Bin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Numbers = Mapping[str, float]
INK, ACCENT, SOFT = "#1f2933", "#1769aa", "#9fb3c8"
_INCH = 1.0


def by_group(groups: Mapping[str, Numbers], measure: str, whole: float) -> str:
    """Draw a measure of each group as a bar, and that of all rows as a line."""
    names = [name for name, numbers in groups.items() if measure in numbers]
    figure, axes = _page(1.2 + 0.24 * len(names))
    axes.barh(names, [groups[name][measure] for name in names], color=ACCENT, height=0.7)
    axes.axvline(whole, color=INK, linewidth=1, linestyle="--")
    axes.invert_yaxis()
    axes.set_xlabel(f"{measure} (dashed: all rows)")
    return _text(figure)


def over_time(groups: Mapping[str, Numbers], measures: Sequence[str]) -> str:
    """Draw measures by period, one line each."""
    figure, axes = _page(2.6)
    for measure, colour in zip(measures, (ACCENT, INK), strict=False):
        points = [(name, found[measure]) for name, found in groups.items() if measure in found]
        axes.plot(*zip(*points, strict=True), marker="o", color=colour, label=measure)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return _text(figure)


def calibration(bins: Sequence[Bin]) -> str:
    """Draw what happened over what was said; on the diagonal, scores are probabilities."""
    figure, axes = _page(3.2)
    reach = max(max(found.said, found.happened) for found in bins) * 1.05
    axes.plot([0, reach], [0, reach], color=SOFT, linewidth=1)
    axes.plot([b.said for b in bins], [b.happened for b in bins], marker="o", color=ACCENT)
    axes.set_xlabel("mean score of a decile")
    axes.set_ylabel("share that happened")
    return _text(figure)


def _page(height: float) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure  # noqa: PLC0415  a second that --help does not need

    figure = Figure(figsize=(6.4 * _INCH, height * _INCH), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=8)
    return figure, axes


def _text(figure: "Figure") -> str:
    import matplotlib as mpl  # noqa: PLC0415  as above

    target = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "mlops", "svg.fonttype": "none"}):
        figure.savefig(target, format="svg", metadata={"Date": None})
    text = target.getvalue()
    return text[text.index("<svg") :]
