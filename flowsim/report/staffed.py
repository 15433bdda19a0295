"""Rosters as tables, sentences and a workbook: staff by weekday, what they start and hold, how fast people are picked up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

import pandas as pd
from rich.table import Table

from flowsim.decisions.roster import SOURCES, Work
from flowsim.decisions.staffing import Outlook, Staffing, is_enough
from flowsim.experiment.intervals import Interval
from flowsim.report.plans import people, percent
from flowsim.units import WEEKDAYS, in_percent

AMOUNTS: Final = (
    "Roster", "Pay a week, £", "of it for weekends, £", "Caseload, people", "Picked up within 24 h", "picked up, low",
    "picked up, high", "Delayed, mean", "delayed, low", "delayed, high", "Chance of target", "chance, low", "chance, high",
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
        table.add_row(outlook.name, *_offer(outlook), in_time(outlook.picked_up), people(outlook.delayed), percent(outlook.chance))  # fmt: skip
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


def in_time(share: Interval) -> str:
    """A share picked up, with a decimal where whole per cents would say all, or nobody, of what is neither."""
    if share.value in (0.0, 1.0) or 0.005 <= share.value < 0.995:
        return percent(share)
    value, low, high = (f"{100 * v:.1f} %" for v in (share.value, share.low, share.high))
    return f"{value} ({low} to {high})"


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
            f"At the same pay of £{seven.pay:,.0f} a week five days pick up {in_time(five.picked_up)} within 24 hours, seven "
            f"days {in_time(seven.picked_up)}; weekend enhancement takes £{found.enhancement(five):,.0f} of it in the "
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
    share, asked = outlook.picked_up, f"the {in_percent(found.pick_up)} asked for"
    if share.low >= found.pick_up:
        words = f"is surely {asked}"
    elif share.value >= found.pick_up:
        words = f"seems to be {asked}, but {found.replications} replications cannot show it"
    else:
        words = f"{'is' if share.high < found.pick_up else 'seems'} less than {asked}"
    return (
        f"With {outlook.name} {in_time(share)} of those referred are picked up within 24 hours, which {words}; {people(outlook.delayed)} "
        f"are delayed, and the chance of a mean at or under {found.scenario.target.delayed:g} is {percent(outlook.chance)}."
    )


def _found(found: Staffing, name: str, outlook: Outlook) -> str:
    pattern, _, target = name.partition(", ")
    staff = " ".join(f"{s:.3g}" for s in _staff(outlook))
    return (
        f"The smallest roster {KINDS[pattern]} that is surely enough {_aim(found, target)}: {staff} on shift from Monday to Sunday, for "
        f"£{outlook.pay:,.0f} a week; {_comes_to(outlook, target)}."
    )


def _comes_to(outlook: Outlook, target: str) -> str:
    chance = f"; the chance of it is {percent(outlook.chance)}" if target else ""
    return f"{in_time(outlook.picked_up)} are picked up and {people(outlook.delayed)} are delayed{chance}"


def _aim(found: Staffing, target: str) -> str:
    goal = found.scenario.target
    more = (
        f" and a mean at or under {goal.delayed:g} with a chance of {in_percent(goal.confidence)}"
        if target
        else ""
    )
    return f"for {in_percent(found.pick_up)} to be picked up within 24 hours{more}"


def _not_found(found: Staffing, name: str) -> str:
    pattern, _, target = name.partition(", ")
    largest = found.largest[pattern]
    chance = found.scenario.target.confidence if target else 0.0
    up_to, comes_to = f"with up to {max(_staff(largest)):.0f} on shift", _comes_to(largest, target)
    if is_enough(largest, found.pick_up, chance):
        return (
            f"{up_to.capitalize()} a roster {KINDS[pattern]} seems enough {_aim(found, target)}, but {found.judges} replications cannot "
            f"show it: {comes_to}."
        )
    surely = "" if largest.picked_up.high < found.pick_up or largest.chance.high < chance else "surely "
    # Where people are picked up in time, more staff would change nothing.
    waits = ": others hold them up" if target and largest.picked_up.value >= found.pick_up else ""
    return f"No roster {KINDS[pattern]} that was tried is {surely}enough {_aim(found, target)}: {up_to} {comes_to}{waits}."


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
         o.picked_up.value, o.picked_up.low, o.picked_up.high, o.delayed.value, o.delayed.low, o.delayed.high, o.chance.value, o.chance.low, o.chance.high)
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
