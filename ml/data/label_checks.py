"""Rules about the label: a window without it, or with one class only, teaches nothing."""

from collections.abc import Iterator

import ibis

from ml.data import columns
from ml.data.checked import Checked, Finding
from ml.data.report import Problem
from ml.task import Label


def check(checked: Checked, label: Label) -> Iterator[Finding]:
    """Find windows whose label is empty everywhere or the same everywhere."""
    column = label.column
    if column in checked.unread:
        without = [part for part in checked.ingested.parts if column in part.unread]
        yield (
            Problem(
                rule="target missing",
                table=checked.name,
                window=without[0].window,
                columns=(column,),
                rows=sum(part.rows for part in without),
                found=f"no labels can be read from {', '.join(part.source for part in without)}",
                wanted=f"the column {column}, which the label is made of",
            ),
            False,
        )
        return
    cells = columns.number(checked.rows, column)
    counts = checked.count(
        {
            "labelled": columns.count(cells.notnull()),
            "positive": columns.count(cells > ibis.literal(label.above)),
        }
    )
    for window, parts in checked.ingested.windows.items():
        rows = sum(part.rows for part in parts)
        known = [counts[part.file] for part in parts if part.file in counts]
        labelled = sum(int(str(found["labelled"] or 0)) for found in known)
        positive = sum(int(str(found["positive"] or 0)) for found in known)
        if rows and not labelled:
            yield (
                Problem(
                    rule="target missing",
                    table=checked.name,
                    window=window,
                    columns=(column,),
                    rows=rows,
                    found="no row has a label",
                    wanted="rows with a label: wait until the outcomes are known",
                    examples=checked.examples(cells.isnull() & checked.of(parts), [column]),
                ),
                False,
            )
        elif labelled and positive in {0, labelled}:
            side = "above" if positive else "at most"
            yield (
                Problem(
                    rule="one class",
                    table=checked.name,
                    window=window,
                    columns=(column,),
                    rows=labelled,
                    found=f"every label is {int(bool(positive))}: {column} is {side} "
                    f"{label.above:g} in all rows",
                    wanted="both classes in each window",
                    examples=checked.examples(cells.notnull() & checked.of(parts), [column]),
                ),
                False,
            )
