"""Writing a card: the same content as Markdown for reviews and as HTML for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.cards import plots
from ml.cards.calibration import Bin
from ml.cards.words import Words

MARKDOWN, HTML = "card.md", "card.html"
_TEMPLATES = Path(__file__).parent / "templates"
Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Rule:
    """What one rule of the gate said."""

    name: str
    outcome: str
    reason: str


@dataclass(frozen=True)
class Field:
    """What a feature holds in the hold-out."""

    name: str
    kind: str
    empty: float
    summary: str


@dataclass(frozen=True)
class Card:
    """All that a card says."""

    model: str
    words: Words
    train_periods: tuple[str, str]
    holdout_periods: tuple[str, str]
    train_rows: int
    overall: Numbers
    groups: Mapping[str, Mapping[str, Numbers]]
    bins: Sequence[Bin]
    fields: Sequence[Field]
    outcome: str
    rules: Sequence[Rule]
    lineage: Mapping[str, str]

    @property
    def drawings(self) -> dict[str, str]:
        """The plots by their captions, as SVG."""
        drawn = {"Calibration on the hold-out": plots.calibration(self.bins)}
        for kind, found in self.groups.items():
            if kind == "period":
                drawn["Performance by period"] = plots.over_time(found, ("auc", "brier"))
            else:
                area = plots.by_group(found, "auc", self.overall.get("auc", 0.0))
                drawn[f"AUC by {kind}"] = area
        return drawn


def write(card: Card, folder: Path) -> None:
    """Write `card.md` and `card.html`, which stands alone, into the folder."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  see plots

    folder.mkdir(parents=True, exist_ok=True)
    for name, escape in ((MARKDOWN, False), (HTML, True)):
        made = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            undefined=StrictUndefined,
            autoescape=escape,  # noqa: S701  Markdown is no HTML
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters["number"] = _number
        text = made.get_template(f"{name}.j2").render(card=card)
        (folder / name).write_text(text.rstrip() + "\n", encoding="utf-8")


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) >= 1 else f"{value:.4f}"
