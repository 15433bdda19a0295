"""A sweep as a table and sentences for a terminal: the points with the fewest delayed, and what was run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.table import Table

from flowsim.decisions.sweep import Sweep, by_point
from flowsim.experiment.intervals import Interval
from flowsim.report.plans import people

MOST_ROWS: Final = 10


def lowest_table(found: Sweep) -> Table:
    """The points at which the fewest people are delayed, the lowest mean first."""
    lowest = by_point(found.store.table(), lowest=MOST_ROWS)
    table = Table(title="Fewest people delayed at midnight", title_justify="left")
    for column in (*lowest.columns[:-3], "Delayed, mean"):
        table.add_column(str(column), justify="right", overflow="fold")
    for *at, value, low, high in lowest.itertuples(index=False):
        table.add_row(*(f"{number:.10g}" for number in at), people(Interval(value, low, high)))
    return table


def sweep_sentences(found: Sweep) -> Iterator[str]:
    """What was run, where it is, and how far to trust it."""
    known, total = found.store.manifest, len(found.store.points)
    if found.done:
        yield (
            f"{known['replications']} replications at each point, seed {known['seed']}, engine {known['engine']}; the "
            "same draws at every point. Ranges in brackets are 95 % intervals over replications of one point: the "
            "lowest of many is partly luck."
        )
    yield from (f"Note: {note}." for note in found.notes)
    if found.stopped:
        yield (
            f"Stopped early: {found.done} of {total} points are done and kept in {found.store.folder}; the same "
            "command goes on from there."
        )
    else:
        yield f'All {total} points are in {found.store.folder}: flowsim.read_sweep("{found.store.folder}") reads them.'
