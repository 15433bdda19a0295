"""Optimising: the cheapest plan of a case that can be enumerated, no winner's curse, best so far when stopped, words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

import flowsim
from flowsim.cli import app
from flowsim.decisions.finals import Selection, select
from flowsim.decisions.levers import Space, lever_from, limit_from, space_of, usual_levers
from flowsim.decisions.optimise import FRESH, Optimum, optimise
from flowsim.decisions.search import Goal, Race, certain_from, lower_bound, upper_bound
from flowsim.decisions.trials import Trials, Trying, _width, tried
from flowsim.errors import RunError, ScenarioError, Stopped
from flowsim.experiment.intervals import wilson_interval
from flowsim.report import optimised
from flowsim.report.frames import words_of
from flowsim.report.optimised import optimum_sentences, plan_words, rivals_table
from flowsim.scenario.files import bundled_names
from flowsim.scenario.model import Target
from tests.ctrl_c import heeds_ctrl_c, is_stopped
from tests.experiment.city import SMALL, small_city

LEVERS = ("services.stit.capacity=10:22:2@60", "services.stit.starts=1:6:1@90")


@pytest.fixture(scope="module")
def space() -> Space:
    """42 plans of the small city."""
    return space_of(small_city(), LEVERS)


@pytest.fixture(scope="module")
def found() -> Optimum:
    return optimise(small_city(), LEVERS, replications=200, seed=3)


@pytest.fixture(scope="module")
def truth(space: Space) -> Race:
    """Every plan that costs no more than a good one, on 300 replications of another seed unless 20 leave no doubt."""
    race = Race(space, Goal(6, 0.9), Trying(seed=99))
    order = np.argsort(space.costs, kind="stable")
    for first in range(0, len(order), 24):
        plans = order[first : first + 24].tolist()
        race.try_(plans, 20)
        doubtful = [p for p in plans if race.chance(p) > 0.7]
        race.try_(doubtful, 300)
        if any(race.chance(p) >= 0.9 for p in doubtful):
            break
    return race


@pytest.mark.uncounted  # long, and others go through its lines
def test_it_costs_hardly_more_than_the_cheapest_that_truly_does(
    found: Optimum, truth: Race, space: Space
) -> None:
    judged = [p for p in truth.known if truth.replications(p) == 300]
    good = [p for p in judged if truth.chance(p) >= 0.9]
    cheapest = min(space.costs[p] for p in good)
    assert found.winner is not None
    # A plan whose chance is 0.9 to within its error may be told either way: then the next one counts.
    clear = min((space.costs[p] for p in judged if truth.chance(p) >= 0.93), default=1.04 * cheapest)
    assert 0.96 * cheapest <= space.costs[found.winner] <= 1.02 * clear
    truth.try_([found.winner], 300)
    assert truth.chance(found.winner) >= 0.86
    # How few replications that takes is shown by benchmarks/optimum.py, where there are plans enough.


def test_what_is_said_of_the_winner_comes_from_fresh_draws(found: Optimum) -> None:
    assert found.finals is not None
    assert found.finals.first_replication == FRESH
    assert found.winner is not None
    row = found.rivals.set_index("plan").loc[found.winner]
    again = tried([found.space.maker(found.winner)], range(FRESH, FRESH + 100), Trying(3))
    assert np.array_equal(again.delayed[0], found.finals.known[found.winner].delayed[0, :100])
    met = (found.finals.known[found.winner].delayed[0] <= 6).mean()
    assert row["chance"] == pytest.approx(met)
    assert found.selection.certain
    assert lower_bound(found.finals, found.winner) >= 0.9
    assert row["replications"] == 200
    assert 0 < found.selection.correct <= found.selection.good <= 1
    assert row["selected"] == pytest.approx(found.selection.correct)
    # Nothing cheaper that was run on the same draws is sure to keep the goal: it is out, or it was run to the end.
    for plan in found.rivals[found.rivals["cost_per_day"] < row["cost_per_day"]]["plan"]:
        assert lower_bound(found.finals, plan) < 0.9
        assert found.finals.replications(plan) == 200 or upper_bound(found.finals, plan) < 0.9


def decided(chances: dict[int, float], most: int) -> Selection:
    """The finals of plans 0, 1, 2… whose costs ascend, where the search holds all of them for good and a plan meets the goal with a known chance."""
    space = space_of(small_city(), [f"services.stit.capacity=10:{9 + len(chances)}:1@60"])

    class Known(Race):
        def try_(self, plans: Sequence[int], replications: int) -> None:
            for plan in plans:
                luck = np.random.default_rng(plan).random(most)[None, :replications]
                values = np.where(luck < chances[plan], 5.0, 7.0)
                self.known[plan] = Trials(values, values, values)

    race, finals = (Known(space, Goal(6, 0.9), Trying(seed=1)) for _ in range(2))
    race.try_(list(chances), 12)
    for plan in chances:
        ones = np.full((1, 12), 5.0)
        race.known[plan] = Trials(ones, ones, ones)
    return select(race, finals, 1, most)


def test_the_finals_take_the_cheapest_that_is_surely_good_enough() -> None:
    found = decided({0: 0.5, 1: 0.89, 2: 0.95, 3: 0.99}, 3_200)
    assert (found.winner, found.certain) == (2, True)
    assert found.correct > 0.9
    # With few replications 0.95 cannot be told from 0.9; then the next is taken, and it is said how likely that is right.
    found = decided({0: 0.5, 1: 0.89, 2: 0.91, 3: 0.999}, 100)
    assert (found.winner, found.certain) == (3, True)
    assert found.correct < 0.9
    # None is certain: the nearest; none comes to it: none.
    found = decided({0: 0.5, 1: 0.92}, 100)
    assert (found.winner, found.certain) == (1, False)
    assert decided({0: 0.5, 1: 0.6}, 400).winner is None


@pytest.mark.parametrize("replications", [12, 40, 100, 400])
def test_a_plan_is_in_by_a_one_sided_bound_of_95_per_cent_and_out_by_one_of_99(
    space: Space, replications: int
) -> None:
    """Wilson's, as scipy has them."""
    race = Race(space, Goal(6, 0.9), Trying(seed=1))
    for kept in range(replications + 1):
        delayed = np.where(np.arange(replications) < kept, 6.0, 6.5)[None, :]
        race.known[0] = Trials(delayed, delayed, delayed)
        above = stats.binomtest(kept, replications, alternative="greater").proportion_ci(0.95, "wilson")
        below = stats.binomtest(kept, replications, alternative="less").proportion_ci(0.99, "wilson")
        assert lower_bound(race, 0) == pytest.approx(above.low, abs=1e-9)
        assert upper_bound(race, 0) == pytest.approx(below.high, abs=1e-9)


@pytest.mark.parametrize(
    ("chance", "replications", "kept"),
    [
        # Lower bounds by scipy: 0.888 of 94 in 100 and 0.901 of 95; of two sides at 97.5 % it would take 96.
        (0.9, 100, 95),
        (0.9, 60, 58),
        (0.95, 60, 60),
        (0.8, 40, 37),
    ],
)
def test_a_search_aims_at_the_fewest_that_are_surely_enough(
    chance: float, replications: int, kept: int
) -> None:
    assert certain_from(chance, replications) == pytest.approx(min(kept / replications, 0.995))


def test_plans_hardly_good_enough_are_seldom_let_in() -> None:
    """Of plans whose chance is just short of what is asked for, the 95 % bound lets one in twenty in, or fewer."""
    rng = np.random.default_rng(3)
    in_ = [wilson_interval(float((rng.random(400) < 0.899).sum()), 400, 0.9).low >= 0.9 for _ in range(2_000)]
    assert np.mean(in_) < 0.06
    assert wilson_interval(certain_from(0.9, 400) * 400, 400, 0.9).low >= 0.9
    assert wilson_interval(certain_from(0.9, 400) * 400 - 1, 400, 0.9).low < 0.9


def test_the_winner_is_looked_at_for_sense(found: Optimum, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans are tried without looking for what is wrong; what is handed over is not."""
    calls: list[object] = []

    def heard(scenario: object, **_: object) -> list[object]:
        calls.append(scenario)
        return []

    monkeypatch.setattr("flowsim.scenario.sense.complaints", heard)
    assert found.winner is not None
    found.space.maker(found.winner)()
    assert not calls
    found.scenario()
    assert calls


def test_the_winner_is_a_scenario_that_can_be_run(found: Optimum) -> None:
    scenario = found.scenario()
    assert scenario.services["stit"].capacity == found.edits()["services.stit.capacity"]
    plain = flowsim.run(scenario, replications=30, seed=1).per_replication["delayed_mean"]
    assert plain.mean() == pytest.approx(found.delayed_of(int(found.winner or 0)).value, abs=1.5)


def test_on_the_frontier_more_money_buys_fewer_days(found: Optimum) -> None:
    frontier = found.frontier
    assert len(frontier) >= 4
    assert (np.diff(frontier["cost_per_day"]) > 0).all()
    assert (np.diff(frontier["delayed_days"]) < 0).all()
    assert frontier["corner"].sum() == 1
    inner = frontier.iloc[1:-1]
    assert inner["corner"].sum() == 1


@pytest.mark.uncounted  # long, and others go through its lines
def test_the_same_seed_gives_the_same_answer_on_more_cores() -> None:
    one, two = (optimise(small_city(), LEVERS[:1], replications=100, seed=3, cores=cores) for cores in (1, 2))
    assert (one.winner, one.selection.correct, one.runs) == (two.winner, two.selection.correct, two.runs)
    assert one.winner is not None


def test_stopped_it_keeps_the_best_so_far() -> None:
    def stop(runs: int, _expected: int) -> None:
        if runs > 600:
            raise Stopped("enough")

    found = optimise(small_city(), LEVERS, seed=3, on_done=stop)
    assert found.stopped
    assert found.finals is None
    assert found.winner is not None
    assert found.searched.chance(found.winner) >= 0.8
    assert len(found.frontier) > 2


def test_the_winner_stands_in_its_table_however_many_are_cheaper(
    found: Optimum, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimised, "MOST_RIVALS", 2)
    crowded = replace(found, selection=replace(found.selection, shares={}))
    dearest = int(crowded.rivals["plan"].iloc[-1])
    assert len(crowded.rivals) > 2
    table = words_of(rivals_table(replace(crowded, winner=dearest)))
    assert table["Choice"].tolist()[-1] == "the winner"
    assert (table["Choice"] == "the winner").sum() == 1


def test_no_plan_is_an_answer_too() -> None:
    found = optimise(small_city(), ["services.stit.capacity=4:8:2@60"], replications=100, seed=3)
    assert found.winner is None
    with pytest.raises(RunError, match="no best one"):
        found.scenario()
    said = " ".join(optimum_sentences(found, {"services.stit.capacity": "STIT"}))
    assert "stands at the upper end of these ranges" in said
    assert "STIT (up to 8; try 12)" in said  # the range is 4 to 8: twice as wide


def test_where_a_limit_is_in_the_way_it_is_named() -> None:
    levers, limit = ("services.stit.capacity=4:20:2@60",), "services.stit.capacity<=9"
    found = optimise(small_city(), levers, [limit], replications=100, seed=3)
    assert found.winner is None
    said = " ".join(optimum_sentences(found))
    assert "uses up what these limits allow" in said
    assert "services.stit.capacity <= 9" in said
    assert "upper end of these ranges" not in said


def test_where_more_of_the_same_would_not_help_that_is_said() -> None:
    """A dearer team that nobody waits for does nothing for those who wait for a place: the fewest, the best."""
    city = small_city().model_copy(update={"target": Target(delayed=0.01, confidence=0.9)})
    found = optimise(city, ["services.stit.starts=20:40:10@1"], replications=100, seed=3)
    assert found.winner is None
    assert found.space.amounts[found.nearest].tolist() == [20]
    assert "more of the same would not help" in " ".join(optimum_sentences(found))


def test_levers_set_add_and_multiply_and_limits_hold() -> None:
    city = small_city()
    space = space_of(
        city,
        [
            "services.stit.capacity+=0:4:2@60",
            "services.stit.starts*=1:1.5:0.25@80",
            "services.allocation.capacity=2:3:1@40",
        ],
        ["services.stit.capacity+services.allocation.capacity<=5"],
    )
    assert len(space) == 4 * 3  # (0, 2), (0, 3), (2, 2) and (2, 3), each with three factors
    assert (space.amounts[:, 0] + space.amounts[:, 2] <= 5).all()
    plan = int(np.flatnonzero((space.amounts == [2, 1.5, 3]).all(axis=1))[0])
    assert space.costs[plan] == pytest.approx(2 * 60 + 0.5 * 80 + 3 * 40)
    services = space.maker(plan)().services
    assert services["stit"].capacity == 16
    assert services["allocation"].capacity == 3
    starts = services["stit"].starts
    assert starts is not None
    assert (starts.mon, starts.sat) == (6, 0)
    assert str(lever_from("services.stit.capacity+=0:4:2@60")) == "services.stit.capacity+=0:4:2@60"
    assert limit_from("a<=3").most == 3


@pytest.mark.uncounted  # twenty scenarios, whose lines one goes through
def test_every_scenario_has_usual_levers_that_a_form_can_hold() -> None:
    """Fields of numbers refuse a whole number among the others, as a twentieth of some capacities was."""
    for name in bundled_names():
        for lever in usual_levers(flowsim.load(name)):
            numbers = (lever.low, lever.high, lever.step, lever.price)
            assert [type(number) for number in numbers] == [float] * 4, (name, lever.path)
            ends = ":".join(f"{number:.12g}" for number in numbers[:3])
            typed = lever_from(f"{lever.path}{lever.sign}={ends}@{lever.price:.12g}")
            assert typed.axis.levels > 1
            assert lever.chosen(*numbers) == typed


def test_what_is_short_is_offered_first() -> None:
    """By the table of `flowsim check`: beds with too little room, homecare with too few starts, STIT tight."""
    usual = usual_levers(flowsim.load("winter-pressure"))
    assert [lever.path for lever in usual if lever.is_short][:3] == [
        "services.ic_beds.capacity", "services.homecare.starts", "services.stit.capacity",
    ]  # fmt: skip
    assert [lever.use for lever in usual] == sorted((lever.use for lever in usual), reverse=True)


def test_numbers_of_a_form_that_make_no_sense_are_said_in_the_words_of_the_form() -> None:
    beds = usual_levers(flowsim.load("winter-pressure"))[0]
    for numbers, wrong in (
        ((10, 5, 1, 1), "goes from 10 down to 5"),
        ((1, 5, 0, 1), "the step is 0"),
    ):
        with pytest.raises(RunError, match=wrong) as said:
            beds.chosen(*numbers)
        assert str(said.value).startswith(f"{beds.words}: ")


@pytest.mark.parametrize(
    ("plans", "replications", "cores", "expected"),
    [
        (8, 12, 1, 8),
        (8, 12, 2, 4),
        (8, 12, 4, 2),
        (8, 144, 2, 8),
        (3, 12, 8, 1),
        (32, 12, 2, 8),
        (1, 100, 2, 1),
    ],
)
def test_plans_go_together_unless_cores_were_idle(
    plans: int, replications: int, cores: int, expected: int
) -> None:
    assert _width(plans, replications, cores) == expected


def test_plans_have_the_same_trials_however_many_go_together(space: Space) -> None:
    makers = [space.maker(plan) for plan in range(5, 14)]
    together = tried(makers, range(3), Trying(seed=4))
    alone = [tried([maker], range(3), Trying(seed=4)) for maker in makers]
    np.testing.assert_array_equal(together.delayed, np.concatenate([one.delayed for one in alone]))


def test_the_sentence_says_what_is_done_with_each_lever(found: Optimum) -> None:
    levers = (lever_from("services.stit.capacity+=0:12:2@60"), lever_from("services.stit.starts*=1:2:0.5@90"))
    chosen = replace(found, space=replace(found.space, levers=levers, limits=()), winner=4)
    assert plan_words(chosen) == "services.stit.capacity +2, services.stit.starts times 1.5"
    assert plan_words(chosen, {"services.stit.capacity": "STIT"}).startswith("STIT +2, ")


def test_margins_are_below_zero_where_the_goal_is_met() -> None:
    rng = np.random.default_rng(1)
    delayed = rng.gamma(20, 1, size=(40, 400)) * np.linspace(0.5, 1.5, 40)[:, None]
    within = np.clip(rng.normal(np.linspace(1.1, 0.6, 40)[:, None], 0.05, size=(40, 400)), 0, 1)
    trials = Trials(delayed, delayed, within)
    for goal in (Goal(20, 0.9), Goal(20, 0.9, "days")):
        chance, margin = goal.met(trials).mean(axis=1), goal.margin(trials)
        clear = np.abs(chance - 0.9) > 0.01
        assert ((margin <= 0) == (chance >= 0.9))[clear].all()


@pytest.mark.parametrize(
    ("lever", "words"),
    [
        ("services.stit.capacity=1:2", "must be PATH=FROM:TO:STEP@PRICE"),
        ("services.stit.capacity=1:2:1@x", "is not a number"),
        ("services.stit.capacity=3:2:1@5", "write the lower end first"),
        ("services.stit.capacity=1:2:0@5", "must be above 0"),
        ("services.stit.capacity=1:2:1@-5", "must be 0 or more"),
        ("services.stit.capacity=1:9999999:0.001@5", "at most 1,000,000 can be searched"),
    ],
)
def test_words_for_wrong_levers(lever: str, words: str) -> None:
    with pytest.raises(RunError, match=words):
        space_of(small_city(), [lever])


def test_words_for_what_makes_no_sense_together() -> None:
    one = "services.stit.capacity=10:12:1@60"
    with pytest.raises(RunError, match="is named twice"):
        space_of(small_city(), [one, one])
    with pytest.raises(RunError, match="is no lever"):
        space_of(small_city(), [one], ["services.beds.capacity<=3"])
    with pytest.raises(RunError, match="allow no plan"):
        space_of(small_city(), [one], ["services.stit.capacity<=3"])
    with pytest.raises(ScenarioError, match="stit"):
        space_of(small_city(), ["services.stitt.capacity=1:2:1@60"])
    with pytest.raises(RunError, match="must be one of: mean, days"):
        optimise(small_city(), [one], judged="weeks")


def test_the_command_answers_and_writes(tmp_path: Path) -> None:
    file, out = tmp_path / "base.toml", tmp_path / "out"
    file.write_text(SMALL.replace("CAPACITY", "14"), encoding="utf-8")
    command = ["optimise", str(file), "--cores", "1", "--seed", "3"]
    said = CliRunner().invoke(
        app,
        [
            *command,
            "--lever",
            "services.stit.capacity=10:26:4@60",
            "--lever",
            "services.stit.starts=6:6:1@90",
            "--judged",
            "days",
            "-n",
            "100",
            "--out",
            str(out),
        ],
    )
    assert said.exit_code == 0, said.output
    assert "The cheapest plan that surely keeps a day at or under 6" in " ".join(said.output.split())
    assert {p.name for p in out.iterdir()} == {"rivals.csv", "frontier.csv", "frontier.png", "manifest.json"}
    said = CliRunner().invoke(app, [*command, "--lever", "services.stit.capacity=4:6:1@60", "-n", "100"])
    assert said.exit_code == 1
    assert "No plan within these ranges" in said.output
    assert CliRunner().invoke(app, [*command, "--lever", "nonsense"]).exit_code == 2


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no way to send Ctrl-C to one process from outside")
def test_ctrl_c_prints_and_writes_the_best_so_far(tmp_path: Path) -> None:
    file, out = tmp_path / "base.toml", tmp_path / "out"
    file.write_text(SMALL.replace("CAPACITY", "14"), encoding="utf-8")
    levers = [word for lever in LEVERS for word in ("--lever", lever)]
    command = [sys.executable, "-m", "flowsim", "optimise", str(file), *levers, "--cores", "2", "--out", str(out), "-n", "100000"]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=heeds_ctrl_c,  # noqa: PLW1509
    )  # fmt: skip
    assert process.stderr is not None
    assert any(" of " in line for line in iter(process.stderr.readline, ""))
    time.sleep(2)  # so many fresh replications take minutes
    os.killpg(process.pid, signal.SIGINT)
    said, complained = process.communicate(timeout=60)
    assert is_stopped(process.returncode), complained
    assert "Traceback" not in complained
    assert "The winner and its rivals" in said
    assert {p.name for p in out.iterdir()} == {"rivals.csv", "frontier.csv", "frontier.png", "manifest.json"}
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["stopped_early"]
