"""A diagnosis as tables and sentences for a terminal: the parts of the excess, and who blocks whom."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

from rich.table import Table

from flowsim.decisions.diagnose import Diagnosis
from flowsim.experiment.intervals import Interval
from flowsim.report.plans import people
from flowsim.report.where import label_of, stages
from flowsim.units import in_percent

MOST_BLOCKED: Final = 8
# So many parts are named that cannot be told from the greatest.
MOST_ALIKE: Final = 3


def parts_table(found: Diagnosis, measure: str) -> Table:
    """One line a switch: how many fewer people, with its interval; alone, and when it comes last."""
    table = Table(title=f"Where the {measure} comes from (mean people at midnight)", title_justify="left")
    for number, heading in enumerate(("What would have to be perfect", "People", "Alone", "Last of all")):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in found.parts[found.parts["measure"] == measure].to_dict("records"):
        is_switch = row["part"] not in ("whole", "perfect")
        sign = -1 if is_switch else 1
        bounds = sorted((sign * row["low"], sign * row["high"]))
        cells = [f"{sign * row['value']:.1f} ({bounds[0]:.1f} to {bounds[1]:.1f})"]
        cells += ["" if math.isnan(row[key]) else f"{-row[key]:.1f}" for key in ("alone", "last")]
        table.add_row(str(row["label"]), *cells, end_section=row["part"] == "whole")
    return table


def blocking_table(found: Diagnosis) -> Table:
    """Who is ready where, and waits for what: the largest numbers of people."""
    table = Table(title="Who blocks whom (mean people who are ready and wait)", title_justify="left")
    for number, heading in enumerate(("Hold a place in", "Wait for", "People")):
        table.add_column(heading, justify="right" if number == 2 else "left", overflow="fold")
    for holds, awaited, count in found.blocking.head(MOST_BLOCKED).itertuples(index=False):
        table.add_row(_label(found, holds), _label(found, awaited), f"{count:.1f}")
    return table


def _label(found: Diagnosis, name: str) -> str:
    """What people call a service; all hospitals together are no service."""
    return label_of(found.base, name) if name in found.scenario.services else name


def stages_table(found: Diagnosis) -> Table:
    """The same excess by the stages of the city's diagnostic of 2016/17, its shares beside the model's."""
    table = Table(title="By the diagnostic's stages (Better Care Fund plan 2017-19, section 15)", title_justify="left")  # fmt: skip
    for number, heading in enumerate(("Stage", "Diagnostic", "Model", "People")):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for stage, diagnostic, model, count in stages(found.base).itertuples(index=False):
        share = "-" if math.isnan(model) else in_percent(model)
        table.add_row(str(stage), in_percent(diagnostic), share, f"{count:.1f}")
    return table


def weeks_table(found: Diagnosis) -> Table:
    """How far each week is from a perfect one: people ready and still there, and how many more than if all were perfect."""
    table = Table(title="Weeks (mean people ready and still there)", title_justify="left")
    for number, heading in enumerate(("Week from", "As it is", "Perfect", "Apart")):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in found.weeks.to_dict("records"):
        apart = f"{row['gap']:.1f} ({row['low']:.1f} to {row['high']:.1f})"
        table.add_row(str(row["week"]), f"{row['excess']:.1f}", f"{row['perfect']:.1f}", apart)
    return table


def diagnosis_sentences(found: Diagnosis) -> Iterator[str]:
    """What most is due to and how surely, what was run, and how to read it."""
    yield _greatest(found)
    averaged = f"{len(found.orders)} random orders" if len(found.orders) else "all orders"
    yield (
        f"{len(found.sets):,} sets of {len(found.switches)} switches, {found.base.replications} replications of "
        f"each on the same draws, seed {found.base.seed}, engine {found.base.engine}. The parts are Shapley values: the "
        f"effect of each averaged over {averaged} of turning them on, so they add up. Brackets are 95 % intervals."
    )
    yield (
        "Alone: what a part would do if it were the only one that is perfect. Last of all: what it would still add when all others "
        "are. Far apart, they say that the part hides behind another."
    )
    weeks = found.weeks
    if len(weeks):
        worst = weeks.sort_values("gap").iloc[-1]
        yield (
            f"The week furthest from a perfect one begins on {worst['week']}: {worst['excess']:.0f} people ready and still "
            f"there at midnight, against {worst['perfect']:.0f}."
        )


def _greatest(found: Diagnosis) -> str:
    rows = found.parts[found.parts["measure"] == "excess"].to_dict("records")
    whole, parts = rows[0], rows[1:-1]
    place, alike = found.greatest("excess")
    most = parts[place]
    if most["value"] <= 0:
        return f"Of {people(_interval(whole))} people who are ready and still there at midnight, none are due to any one of these."
    others = [f"“{parts[n]['label']}” ({parts[n]['value']:.1f})" for n in alike[:MOST_ALIKE]]
    others += [f"{len(alike) - MOST_ALIKE} more"] if len(alike) > MOST_ALIKE else []
    named = " or ".join(filter(None, (", ".join(others[:-1]), *others[-1:])))
    doubt = (
        f"; that it is more than {named} cannot be told with {found.base.replications} replications"
        if named
        else ""
    )
    return (
        f"Of {people(_interval(whole))} people who are ready and still there at midnight, {people(_interval(most))} are due to one "
        f"thing: “{most['label']}”{doubt}."
    )


def _interval(row: Mapping[Hashable, Any]) -> Interval:
    return Interval(row["value"], row["low"], row["high"])
