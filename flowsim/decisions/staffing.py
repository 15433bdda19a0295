"""How many staff on which days: rosters tried in the simulation, and the smallest that surely picks people up in time.

A few replications say where to look. What is found there is the lucky one of many, so it is judged on others, on which it, or the next
larger one, has to be enough at the lower end of its 95 % intervals, as a plan has to be that is said to keep the target.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from flowsim.decisions.roster import Offered, Roster, Work, offered, roster_for, same_pay, with_roster
from flowsim.decisions.switches import reablement_of
from flowsim.decisions.trials import Trying, stoppable
from flowsim.distributions import mean
from flowsim.engine import AUTO, chosen_engine, runs_in_threads
from flowsim.errors import RunError
from flowsim.experiment.intervals import Interval, mean_interval, wilson_interval
from flowsim.experiment.replicate import Progress, ignore
from flowsim.experiment.scatter import scattered
from flowsim.experiment.worker import Job, run_job
from flowsim.journeys import PLAN_B, STAY, Journeys
from flowsim.scenario.files import load
from flowsim.scenario.model import Scenario
from flowsim.scenario.words import nearest
from flowsim.units import WEEKDAYS, Floats

IN_TIME_DAYS: Final = 1.0
PICK_UP: Final = 0.95
# Rosters of up to so many times the referrals are tried; whoever needs more has another trouble.
MOST_TIMES: Final = 4
AS_IT_IS: Final = "as it is"
# Replications on which a roster is judged, where those tell what is asked; and how many it may take.
JUDGES: Final = 80
MOST_JUDGES: Final = 400


@dataclass(frozen=True)
class Outlook:
    """What a roster comes to in the simulation; without a roster, the scenario as it is.

    `picked_up` is the share of referrals taken on within 24 hours, `by_weekday` the same for referrals of each weekday
    (Monday first; NaN where there are none), `referred` how many there are on each a week. `delayed` is the mean at midnight,
    `chance` the share of replications whose mean is at or under the target.
    """

    name: str
    roster: Roster | None
    offered: Offered | None
    pay: float
    picked_up: Interval
    by_weekday: tuple[float, ...]
    referred: tuple[float, ...]
    delayed: Interval
    chance: Interval


@dataclass(frozen=True)
class Staffing:
    """The answer for a reablement team.

    `found` has the outlook of the smallest roster of each pattern that surely keeps the pick-up and, as `<pattern>, target`, the smallest
    that surely keeps the target too; None where no roster tried does. `largest` is the largest tried of each pattern. `same_pay` holds
    five days against seven at the pay of the seven-day roster. `replications` are those on which rosters were looked for, `judges` the
    others, which every outlook is of; none where rosters were given, whose outlooks are of the first.
    """

    scenario: Scenario
    service: str
    work: Work
    pick_up: float
    replications: int
    judges: int
    seed: int
    engine: str
    base: Outlook
    found: dict[str, Outlook | None]
    largest: dict[str, Outlook]
    same_pay: tuple[Outlook, ...]

    @property
    def outlooks(self) -> list[Outlook]:
        """Everything worth showing: as it is, what was found, and five against seven days at the same pay."""
        return [self.base, *(o for o in self.found.values() if o is not None), *self.same_pay]

    def enhancement(self, outlook: Outlook) -> float:
        """Pounds a week that a roster pays for weekends beyond weekday pay."""
        if outlook.roster is None:
            return 0.0
        return outlook.pay - outlook.roster.pay(replace(self.work, saturday=0.0, sunday=0.0))


@dataclass(frozen=True)
class _Run:
    """Replications of one scenario; everything a worker needs."""

    scenario: Scenario
    service: int
    replication: int
    seed: int
    engine: str


def run_one(job: _Run) -> Floats:
    """One replication: delayed, then referrals by weekday, then those of them picked up in time; shape (15,)."""
    keep = job.replication + 1
    (outcome,) = run_job(
        Job((job.scenario,), (job.replication,), job.seed, job.engine, keep, census_only=True)
    )
    assert outcome.journeys is not None
    referred, in_time = picked_up(outcome.journeys, job.service, job.scenario.run.start.weekday())
    return np.concatenate([[outcome.measured.totals["delayed_mean"]], referred, in_time])


def picked_up(journeys: Journeys, service: int, first_weekday: int) -> tuple[Floats, Floats]:
    """Referrals during the run by weekday (shape (7,), Monday first), and those taken on within 24 hours.

    Left out are those who stopped asking within 24 hours, and those who asked within 24 hours of the end.
    """
    asks = (journeys.service == service) & ((journeys.purpose == STAY) | (journeys.purpose == PLAN_B))
    in_run = (journeys.asked >= 0) & (journeys.asked <= journeys.horizon - IN_TIME_DAYS)
    rows = np.flatnonzero(asks & in_run)
    asked, started, left = journeys.asked[rows], journeys.started[rows], journeys.left[rows]
    in_time = started - asked <= IN_TIME_DAYS
    gave_up = np.isnan(started) & (left - asked <= IN_TIME_DAYS)
    weekday = (first_weekday + np.floor(asked).astype(np.int64)) % len(WEEKDAYS)
    counts = [np.bincount(weekday[which], minlength=len(WEEKDAYS)) for which in (~gave_up, in_time)]
    return counts[0].astype(np.float64), counts[1].astype(np.float64)


def staff(
    scenario: Scenario | str | Path,
    *,
    service: str | None = None,
    work: Work | None = None,
    rosters: Sequence[Roster] = (),
    pick_up: float = PICK_UP,
    replications: int = 10,
    seed: int | None = None,
    engine: str = AUTO,
    cores: int = 1,
    on_done: Progress = ignore,
) -> Staffing:
    """Rosters for reablement: what given ones come to, or else the smallest five-day, seven-day and as-referred ones.

    Rosters are looked for on so many `replications`, and judged on others (`judges_for`). `work` without a stay of its own takes the
    scenario's (`work_for`). `on_done(done, total)` hears of replications run; the total is a guess unless rosters are given. Raises
    ScenarioError and RunError in words, Stopped as it comes.
    """
    base = load(scenario)
    name = service_of(base, service)
    if not 0 < pick_up < 1:
        raise RunError(
            f"--pick-up: {pick_up:g} is out of range: it must be above 0 and below 1 (share of referrals)"
        )
    if replications < 2:
        raise RunError(f"{replications} replications give no intervals; ask for 2 or more")
    trying = Trying(base.run.seed if seed is None else seed, chosen_engine(engine), cores, on_done=on_done)
    judges = 0 if rosters else judges_for(replications, pick_up, base.target.confidence)
    tries = (
        _USUAL_SEEN * replications + _USUAL_JUDGED * judges if judges else (1 + len(rosters)) * replications
    )
    bench = _Bench(
        base, name, work or work_for(base, name), range(replications), trying, _Told(on_done, tries)
    )
    now = bench.outlook(AS_IT_IS, None)
    found: dict[str, Outlook | None] = {}
    largest: dict[str, Outlook] = {}
    even: tuple[Outlook, ...] = ()
    if rosters:
        found |= {roster.name: bench.outlook(roster.name, roster) for roster in rosters}
    else:
        court = replace(bench, draws=range(replications, replications + judges))
        found, largest = _smallest(bench, court, now, pick_up)
        even = _five_against_seven(court, found, largest)
        now = court.outlook(AS_IT_IS, None)
    return Staffing(
        base,
        name,
        bench.work,
        pick_up,
        replications,
        judges,
        trying.seed,
        trying.engine,
        now,
        dict(found),
        largest,
        even,
    )


def judges_for(replications: int, pick_up: float, confidence: float) -> int:
    """How many replications judge the rosters: no fewer than looked for them, nor than can tell what is asked.

    If all of so many keep the target, the lower end of the chance has to be what is asked, and that with half of them: else none of
    them might miss it. A share that is the same in all of them is no surer than that (`_of_shares`).
    """
    tell = (
        n
        for n in range(JUDGES, MOST_JUDGES)
        if wilson_interval(n, n).low >= pick_up and wilson_interval(n // 2, n // 2).low >= confidence
    )
    return max(next(tell, MOST_JUDGES), replications)


def work_for(scenario: Scenario, service: str, **given: float) -> Work:
    """What a shift does, with the mean stay of the service in the scenario unless it is given."""
    stay = scenario.services[service].stay
    # To a tenth of a second: a form shows every digit there is, and those of 26.699999999999996 say nothing.
    usual = {} if stay is None else {"stay_days": round(mean(stay), 6)}
    return Work(**(usual | given))


def service_of(scenario: Scenario, name: str | None) -> str:
    """The reablement team: as named, else the one place at home that leads on to another."""
    if name is not None:
        if name not in scenario.services or scenario.services[name].kind != "place":
            raise RunError(
                f"--service {name}: {scenario.name} has no such place; {nearest(name, scenario.services)}"
            )
        return name
    found = reablement_of(scenario)
    if len(found) != 1:
        raise RunError(
            f"{scenario.name} has {len(found)} places at home that lead on to others; say which with --service, one of: "
            f"{', '.join(n for n, s in scenario.services.items() if s.kind == 'place')}"
        )
    return found[0]


@dataclass
class _Told:
    """Who hears of replications that were run, and how many they may come to."""

    on_done: Progress
    expected: int
    done: int = 0

    def one_more(self) -> None:
        """A replication was run."""
        self.done += 1
        self.on_done(self.done, max(self.done, self.expected))


@dataclass(frozen=True)
class _Bench:
    """Where rosters are tried, all on the same draws."""

    scenario: Scenario
    service: str
    work: Work
    draws: range
    trying: Trying
    told: _Told

    def outlook(self, name: str, roster: Roster | None) -> Outlook:
        """What a roster comes to."""
        scenario = self.scenario
        if roster is not None:
            scenario = with_roster(scenario, self.service, roster, self.work)
        number = tuple(scenario.services).index(self.service)
        jobs = [_Run(scenario, number, r, self.trying.seed, self.trying.engine) for r in self.draws]
        rows = np.empty((len(self.draws), 1 + 2 * len(WEEKDAYS)))
        threads = runs_in_threads(self.trying.engine)
        for job, row in stoppable(scattered(run_one, jobs, cores=self.trying.cores, threads=threads)):
            rows[self.draws.index(job.replication)] = row
            self.told.one_more()
        return self._outlook(name, roster, rows)

    def _outlook(self, name: str, roster: Roster | None, rows: Floats) -> Outlook:
        delayed, referred, in_time = rows[:, 0], rows[:, 1:8], rows[:, 8:]
        target = self.scenario.target.delayed
        people = referred.sum(axis=0)
        by_weekday = np.divide(
            in_time.sum(axis=0), people, out=np.full(len(WEEKDAYS), np.nan), where=people > 0
        )
        each = referred.sum(axis=1)
        if not each.all():
            raise RunError(
                f"nobody is referred to {self.service} in some replications: there is nothing to staff"
            )
        weeks = self.scenario.run.days / 7 * len(rows)
        return Outlook(
            name=name,
            roster=roster,
            offered=None if roster is None else offered(roster, self.work),
            pay=float("nan") if roster is None else roster.pay(self.work),
            picked_up=_of_shares(in_time.sum(axis=1) / each),
            by_weekday=tuple(by_weekday.tolist()),
            referred=tuple((people / weeks).tolist()),
            delayed=mean_interval(delayed),
            chance=wilson_interval(float((delayed <= target).sum()), len(delayed)),
        )


# Rosters looked at in a search, and judged after it; for the guess of how long it takes.
_USUAL_SEEN: Final = 20
_USUAL_JUDGED: Final = 15


def _of_shares(shares: Floats) -> Interval:
    """The mean of shares with its interval, within what a share can be.

    Where all are equal, all picked up or nobody, their spread says that there is no doubt at all; the score interval does not.
    """
    if np.ptp(shares) == 0:
        return wilson_interval(float(shares.sum()), len(shares))
    found = mean_interval(shares)
    return Interval(found.value, max(0.0, found.low), min(1.0, found.high))


def patterns(referred: Sequence[float]) -> dict[str, tuple[float, ...]]:
    """Shares of a week's starts by weekday: five days alike, seven alike, and as people are referred."""
    whole = sum(referred)
    return {
        "five days": (0.2,) * 5 + (0.0, 0.0),
        "seven days": (1 / 7,) * 7,
        "as referred": tuple(r / whole for r in referred),
    }


def _smallest(
    bench: _Bench, court: _Bench, now: Outlook, pick_up: float
) -> tuple[dict[str, Outlook | None], dict[str, Outlook]]:
    """For each pattern the smallest roster that surely keeps the pick-up, and the smallest that surely keeps the target as well."""
    confidence = bench.scenario.target.confidence
    found: dict[str, Outlook | None] = {}
    largest = {}
    for name, pattern in patterns(now.referred).items():
        seen = partial(_at, bench, name, pattern, tries={})
        judged = partial(_at, court, name, pattern, tries={})
        least = max(1, int(0.8 * sum(now.referred)))
        most = MOST_TIMES * least
        largest[name] = judged(most)
        for label, chance in ((name, 0.0), (f"{name}, target", confidence)):
            level = _surely_least(seen, judged, range(least, most + 1), pick_up, chance)
            found[label] = None if level is None else replace(judged(level), name=label)
    return found, largest


def _surely_least(
    seen: Callable[[int], Outlook],
    judged: Callable[[int], Outlook],
    levels: range,
    pick_up: float,
    chance: float,
) -> int | None:
    """The smallest of these levels that is surely enough; None where the largest is not."""
    least, most = levels[0], levels[-1]
    if not is_enough(judged(most), pick_up, chance, surely=True):
        return None
    # A few replications say where to begin; they may have been unlucky as well as lucky.
    begin = _least(least, most, lambda level: is_enough(seen(level), pick_up, chance)) or most
    sure: Callable[[int], bool] = lambda level: is_enough(judged(level), pick_up, chance, surely=True)  # noqa: E731
    # From there in growing steps, for where others hold people up more staff change little, and far away chance would decide.
    step = 1
    if sure(begin):
        while begin - step >= least and sure(begin - step):
            begin, step = begin - step, 2 * step
        return _least(max(least, begin - step + 1), begin, sure)
    while begin + step < most and not sure(begin + step):
        begin, step = begin + step, 2 * step
    return _least(begin + 1, min(begin + step, most), sure)


def is_enough(outlook: Outlook, pick_up: float, chance: float, *, surely: bool = False) -> bool:
    """Whether a roster keeps pick-up and chance, as they come out or at the lower end of their intervals."""
    if surely:
        return outlook.picked_up.low >= pick_up and outlook.chance.low >= chance
    return outlook.picked_up.value >= pick_up and outlook.chance.value >= chance


def _at(
    bench: _Bench, name: str, pattern: tuple[float, ...], level: int, *, tries: dict[int, Outlook]
) -> Outlook:
    """The outlook of so many starts a week, worked out once."""
    if level not in tries:
        roster = roster_for(name, tuple(level * share for share in pattern), bench.work)
        tries[level] = bench.outlook(name, roster)
    return tries[level]


def _least(low: int, high: int, enough: Callable[[int], bool]) -> int | None:
    """The smallest number from low to high that is enough, taken to grow; None where the highest is not."""
    if not enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _five_against_seven(
    bench: _Bench, found: Mapping[str, Outlook | None], largest: Mapping[str, Outlook]
) -> tuple[Outlook, ...]:
    """Five days and seven at the pay of the smallest seven-day roster, in parts of shifts."""
    seven = found["seven days"] or largest["seven days"]
    shares = patterns(seven.referred)
    names = ("five days", "seven days")
    paid = {n: same_pay(f"{n}, same pay", seven.pay, shares[n], bench.work) for n in names}
    return tuple(bench.outlook(roster.name, roster) for roster in paid.values())
