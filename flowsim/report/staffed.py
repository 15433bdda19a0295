"""Rosters as tables, sentences and a workbook: staff by weekday, what they start and hold, how fast people are picked up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

import pandas as pd
from rich.table import Table

from flowsim.decisions.roster import SOURCES, Work
from flowsim.decisions.staffing import Outlook, Staffing
from flowsim.report.plans import people, percent
from flowsim.units import WEEKDAYS

AMOUNTS: Final = (
    "Roster", "Pay a week, £", "of it for weekends, £", "Caseload, people", "Picked up within 24 h", "picked up, low",
    "picked up, high", "Delayed, mean", "delayed, low", "delayed, high", "Chance of target",
)  # fmt: skip
KINDS: Final = {
    "five days": "of five days",
    "seven days": "of seven days",
    "as referred": "that follows the referrals",
}
DAYS: Final = tuple(day.capitalize() for day in WEEKDAYS)


def rosters_table(found: Staffing) -> Table:
    """One line a roster: staff by weekday, pay, caseload, starts a week, pick-up, delayed."""
    title = f"Rosters for {found.scenario.services[found.service].label or found.service}"
    table = Table(title=title, title_justify="left")
    headings = ("Roster", "Staff, Mon to Sun", "Pay a week, £", "Caseload", "Starts a week", "Picked up in 24 h", "Delayed, mean", "Chance of target")  # fmt: skip
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number > 1 else "left", overflow="fold")
    for outlook in found.outlooks:
        table.add_row(outlook.name, *_offer(outlook), percent(outlook.picked_up), people(outlook.delayed), percent(outlook.chance))  # fmt: skip
    return table


def _offer(outlook: Outlook) -> tuple[str, str, str, str]:
    if outlook.roster is None or outlook.offered is None:
        return ("", "", "", "")
    staff = " ".join(f"{s:.3g}" for s in outlook.roster.staff)
    return (
        staff,
        f"{outlook.pay:,.0f}",
        f"{outlook.offered.caseload:.0f}",
        f"{sum(outlook.offered.starts):.1f}",
    )


def work_table(found: Staffing) -> Table:
    """What a shift does and a person needs: the value used, and where the usual one comes from."""
    table = Table(title="What the rosters rest on", title_justify="left")
    for heading in ("What", "Value", "Where the usual value comes from"):
        table.add_column(heading, justify="right" if heading == "Value" else "left", overflow="fold")
    for what, value, source in _work_rows(found):
        table.add_row(what, f"{value:g}", source)
    return table


def _work_rows(found: Staffing) -> list[tuple[str, float, str]]:
    usual = Work()
    return [
        (name.replace("_", " "), value, SOURCES[name] if name == "stay_days" or value == getattr(usual, name) else "as given")
        for name, value in asdict(found.work).items()
    ]  # fmt: skip


def staffing_sentences(found: Staffing) -> Iterator[str]:
    """What the table means, and what could not be had."""
    looked_for = {name: o for name, o in found.found.items() if name.partition(", ")[0] in found.largest}
    yield from (
        _given(found, o) for name, o in found.found.items() if o is not None and name not in looked_for
    )
    yield from (_found(found, name, outlook) for name, outlook in looked_for.items() if outlook is not None)
    yield from (_not_found(found, name) for name, outlook in looked_for.items() if outlook is None)
    if len(found.same_pay) == 2:
        five, seven = found.same_pay
        yield (
            f"At the same pay of £{seven.pay:,.0f} a week five days pick up {percent(five.picked_up)} within 24 hours, seven "
            f"days {percent(seven.picked_up)}; weekend enhancement takes £{found.enhancement(five):,.0f} of it in the "
            f"first and £{found.enhancement(seven):,.0f} in the second."
        )
    each = f"{found.replications} replications of each, on the same draws"
    if found.judges:
        each = f"Looked for on {found.replications} replications, and judged on {found.judges} others, which all figures are of"
    yield (
        f"{each}; seed {found.seed}, engine {found.engine}. A roster's caseload and starts are in balance; sickness and leave are "
        "taken off as averages, so a day with many off is worse."
    )


def _given(found: Staffing, outlook: Outlook) -> str:
    return (
        f"With {outlook.name} {percent(outlook.picked_up)} of those referred are picked up within 24 hours, {people(outlook.delayed)} are "
        f"delayed, and the chance of a mean at or under {found.scenario.target.delayed:g} is {percent(outlook.chance)}."
    )


def _found(found: Staffing, name: str, outlook: Outlook) -> str:
    pattern, _, target = name.partition(", ")
    staff = " ".join(f"{s:.3g}" for s in _staff(outlook))
    return (
        f"The smallest roster {KINDS[pattern]} that is surely enough {_aim(found, target)}: {staff} on shift from Monday to Sunday, for "
        f"£{outlook.pay:,.0f} a week; {percent(outlook.picked_up)} are picked up and {people(outlook.delayed)} are delayed."
    )


def _aim(found: Staffing, target: str) -> str:
    goal = found.scenario.target
    more = (
        f" and a mean at or under {goal.delayed:g} with a chance of {100 * goal.confidence:.0f} %"
        if target
        else ""
    )
    return f"for {100 * found.pick_up:.0f} % to be picked up within 24 hours{more}"


def _not_found(found: Staffing, name: str) -> str:
    pattern, _, target = name.partition(", ")
    largest = found.largest[pattern]
    waits = ": others hold them up" if target else ""
    return (
        f"No roster {KINDS[pattern]} that was tried is surely enough {_aim(found, target)}: with up to {max(_staff(largest)):.0f} on shift "
        f"{percent(largest.picked_up)} are picked up and {people(largest.delayed)} are delayed{waits}."
    )


def _staff(outlook: Outlook) -> tuple[float, ...]:
    return outlook.roster.staff if outlook.roster else (0.0,)


def roster_book(found: Staffing) -> dict[str, pd.DataFrame]:
    """The sheets of the workbook: rosters by weekday, what they come to, what was assumed."""
    by_day: list[tuple[str | float, ...]] = []
    for outlook in found.outlooks:
        if outlook.roster is not None and outlook.offered is not None:
            by_day += [
                (outlook.name, "staff on shift", *outlook.roster.staff),
                (outlook.name, "people started", *outlook.offered.starts),
                (outlook.name, "people referred", *outlook.referred),
                (outlook.name, "share picked up within 24 hours", *outlook.by_weekday),
            ]
    amounts = [
        (o.name, o.pay, found.enhancement(o), math.nan if o.offered is None else o.offered.caseload,
         o.picked_up.value, o.picked_up.low, o.picked_up.high, o.delayed.value, o.delayed.low, o.delayed.high, o.chance.value)
        for o in found.outlooks
    ]  # fmt: skip
    run = {
        "scenario": found.scenario.name,
        "replications": found.judges or found.replications,
        "seed": found.seed,
    }
    assumed = [*_work_rows(found), *((name, value, "") for name, value in run.items())]
    return {
        "Roster": pd.DataFrame(by_day, columns=["Roster", "What", *DAYS]),
        "What it comes to": pd.DataFrame(amounts, columns=list(AMOUNTS)),
        "Assumptions": pd.DataFrame(assumed, columns=["What", "Value", "Where the usual value comes from"]),
    }
