"""The commands that answer what people decide about: where days come from, how many staff, which plan, what matters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.progress import progress
from flowsim.cli.runs import Cores, Engine, Out, Plausibles, Replications, Seed, make_room
from flowsim.cli.words import ANSWER_IS_NO, STOPPED, announce, console, in_words

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.decisions.compare import Comparison
    from flowsim.decisions.money import PlanCost
    from flowsim.decisions.optimise import Optimum
    from flowsim.decisions.roster import Roster
    from flowsim.decisions.sensitivity import Sensitivity
    from flowsim.decisions.staffing import Staffing

Named = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A bundled scenario's name, or a scenario file.")
]


def diagnose(
    scenario: Named,
    switch: Annotated[
        list[str] | None,
        typer.Option(help="What to make perfect, once for each. [default: everything there is]"),
    ] = None,
    replications: Annotated[
        int, typer.Option("--replications", "-n", min=2, help="Replications of each set of switches.")
    ] = 10,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    out: Out = None,
) -> None:
    """Split the excess over what would have to be perfect: parts that add up, and who blocks whom."""
    from flowsim.decisions import diagnose as work
    from flowsim.experiment.replicate import cores_here
    from flowsim.scenario.files import load

    with in_words():
        loaded = load(scenario)
        make_room(out)
    announce(engine)
    with in_words(), progress("sets of switches") as on_done:
        found = work.diagnose(
            loaded,
            switches=switch or (),
            replications=replications,
            seed=seed,
            engine=engine,
            cores=cores or cores_here(),
            on_done=on_done,
        )
    from flowsim.charts import save_figures, waterfall_chart
    from flowsim.report.diagnosed import blocking_table, diagnosis_sentences, parts_table

    with in_words():
        shown = console()
        for measure in work.MEASURES:
            shown.print(parts_table(found, measure))
        shown.print(blocking_table(found))
        for sentence in diagnosis_sentences(found):
            shown.print(sentence, highlight=False)
        if out is not None:
            tables = {
                "parts": found.parts,
                "waiting": found.waiting,
                "blocking": found.blocking,
                "weeks": found.weeks,
            }
            written = save_tables(tables, out)
            pictures = {f"waterfall-{m}.png": waterfall_chart(found.parts, m) for m in work.MEASURES}
            written += save_figures(pictures, out)
            about = {"switches": {s.name: dict(s.put) for s in found.switches}, "replications": replications}
            written.append(save_about(out, "diagnose", loaded, found.base.seed, found.base.engine, about))
            say_written(out, written)


StaffByDay = Annotated[list[str] | None, typer.Option("--staff", metavar="MON,TUE,WED,THU,FRI,SAT,SUN", help="Try this roster: staff on shift by weekday. Repeat for more; without it, the smallest are looked for.")]  # fmt: skip


def _share(words: str) -> Any:
    return typer.Option(help=f"{words}, as a share.")


def staff(
    scenario: Named,
    roster: StaffByDay = None,
    service: Annotated[
        str | None,
        typer.Option(help="The reablement team. [default: the one home service that leads on to another]"),
    ] = None,
    pick_up: Annotated[
        float, typer.Option(help="Share of referrals to be picked up within 24 hours.")
    ] = 0.95,
    visits_per_shift: Annotated[float, typer.Option(help="Visits that one shift makes.")] = 11.0,
    visit_hours: Annotated[float, typer.Option(help="Hours that a visit takes, travel included.")] = 0.5,
    visits_at_start: Annotated[float, typer.Option(help="Visits a day that a person needs at first.")] = 4.0,
    visits_at_end: Annotated[float, typer.Option(help="Visits a day that a person needs at the end.")] = 1.0,
    stay_days: Annotated[
        float | None, typer.Option(help="Mean stay in days. [default: as the scenario says]")
    ] = None,
    first_visit_hours: Annotated[float, typer.Option(help="Extra hours of the first visit.")] = 0.5,
    assessment_hours: Annotated[float, typer.Option(help="Hours of the assessment at the start.")] = 1.5,
    sickness: Annotated[float, _share("Rostered shifts lost to sickness")] = 0.05,
    leave: Annotated[float, _share("Rostered shifts lost to leave and training")] = 0.14,
    shift_pay: Annotated[float, typer.Option(help="Pounds for a weekday shift.")] = 100.0,
    saturday: Annotated[float, _share("What a Saturday shift costs more")] = 0.30,
    sunday: Annotated[float, _share("What a Sunday shift costs more")] = 0.60,
    replications: Annotated[
        int, typer.Option("--replications", "-n", min=2, help="Replications of each roster.")
    ] = 10,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    out: Out = None,
) -> None:
    """How many reablement staff on which days: caseload, starts, pick-up within 24 hours, five days against seven."""
    from flowsim.decisions import staffing
    from flowsim.experiment.replicate import cores_here
    from flowsim.scenario.files import load

    given = {
        "visits_per_shift": visits_per_shift, "visit_hours": visit_hours, "visits_at_start": visits_at_start,
        "visits_at_end": visits_at_end, "first_visit_hours": first_visit_hours, "assessment_hours": assessment_hours,
        "sickness": sickness, "leave": leave, "shift_pay": shift_pay, "saturday": saturday, "sunday": sunday,
    }  # fmt: skip
    with in_words():
        loaded = load(scenario)
        name = staffing.service_of(loaded, service)
        work = staffing.work_for(
            loaded, name, **given, **({} if stay_days is None else {"stay_days": stay_days})
        )
        rosters = [_roster(text) for text in roster or ()]
        make_room(out)
    announce(engine)
    with in_words(), progress("rosters") as on_done:
        found = staffing.staff(
            loaded,
            service=name,
            work=work,
            rosters=rosters,
            pick_up=pick_up,
            replications=replications,
            seed=seed,
            engine=engine,
            cores=cores or cores_here(),
            on_done=on_done,
        )
    _show_staffing(found, out)


def _roster(text: str) -> Roster:
    """A roster from seven numbers. Raises RunError in words."""
    from flowsim.decisions.roster import Roster
    from flowsim.errors import RunError

    try:
        numbers = tuple(float(number) for number in text.split(","))
    except ValueError:
        raise RunError(
            f"--staff {text}: must be seven numbers with commas between, such as 30,30,30,30,30,24,24"
        ) from None
    return Roster(f"staff {text}", numbers)


def _show_staffing(found: Staffing, out: Path | None) -> None:
    from flowsim.charts import pick_up_chart, save_figures
    from flowsim.report.staffed import roster_book, rosters_table, staffing_sentences
    from flowsim.report.takeaway import workbook
    from flowsim.results import write_whole

    with in_words():
        shown = console()
        shown.print(rosters_table(found))
        for sentence in staffing_sentences(found):
            shown.print(sentence, highlight=False, markup=False)
        if out is not None:
            book = workbook(roster_book(found))
            written = [write_whole(out / "roster.xlsx", lambda path: path.write_bytes(book))]
            written += save_figures({"pick-up.png": pick_up_chart(found.outlooks, found.pick_up)}, out)
            about = {"service": found.service, "work": asdict(found.work), "replications": found.replications}
            written.append(save_about(out, "staff", found.scenario, found.seed, found.engine, about))
            say_written(out, written)


def optimise(
    scenario: Named,
    lever: Annotated[list[str], typer.Option(metavar="PATH=FROM:TO:STEP@PRICE", help="A number that may be chosen, its steps, and pounds a day for one unit; once for each. += adds to what there is, *= multiplies it (price of a factor of 1 more).")],
    limit: Annotated[list[str] | None, typer.Option(metavar="PATH+PATH<=MOST", help="Levers that together may be at most so much.")] = None,
    replications: Annotated[int, typer.Option("--replications", "-n", help="Fresh replications of the winner and its rivals, at most.")] = 400,
    plausible: Plausibles = None,
    judged: Annotated[str, typer.Option(help="What is to be at or under target: the mean of the period, or days (any one).")] = "mean",
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    out: Out = None,
) -> None:  # fmt: skip
    """Find the cheapest plan that keeps the target with its confidence; exit code 1 where there is none. Ctrl-C keeps the best so far."""
    from flowsim.decisions import optimise as work
    from flowsim.decisions.plausible import met_by
    from flowsim.experiment.replicate import cores_here
    from flowsim.scenario.files import load

    with in_words():
        loaded = load(scenario)
        met = met_by(plausible, [loaded])
        make_room(out)
    announce(engine)
    with in_words(), progress("replications") as on_done:
        found = work.optimise(
            loaded,
            lever,
            limit or (),
            judged=judged,
            replications=replications,
            seed=seed,
            engine=engine,
            cores=cores or cores_here(),
            on_done=on_done,
            met=met,
        )
    _show_optimum(found, out)
    if found.stopped:
        raise typer.Exit(STOPPED)
    if found.winner is None:
        raise typer.Exit(ANSWER_IS_NO)


def _show_optimum(found: Optimum, out: Path | None) -> None:
    from flowsim.charts import frontier_chart, save_figures
    from flowsim.report.optimised import frontier_table, optimum_sentences, rivals_table

    with in_words():
        shown = console()
        shown.print(rivals_table(found))
        shown.print(frontier_table(found))
        for sentence in optimum_sentences(found):
            shown.print(sentence, highlight=False, markup=False)
        if out is not None:
            written = save_tables({"rivals": found.rivals, "frontier": found.frontier}, out)
            written += save_figures({"frontier.png": frontier_chart(found.frontier, found.winner)}, out)
            about = {
                "levers": [str(lever) for lever in found.space.levers],
                "limits": [f"{'+'.join(limit.paths)}<={limit.most:g}" for limit in found.space.limits],
                "goal": asdict(found.goal),
                "winner": found.edits(),
                "probability_of_correct_selection": found.selected,
                "runs": found.runs,
                "stopped_early": found.stopped,
                **({"met": found.met_words} if found.met_words else {}),
            }
            written.append(save_about(out, "optimise", found.space.scenario, found.seed, found.engine, about))
            say_written(out, written)


def sensitivity(
    scenario: Named,
    against: Annotated[str | None, typer.Option(help="A second plan: say where the choice between the two would flip.")] = None,
    by: Annotated[float, typer.Option(help="How far each number is moved, as a share.")] = 0.1,
    span: Annotated[list[str] | None, typer.Option("--range", metavar="PATH=LOW:HIGH", help="A plausible range, in factors of what the scenario says; twice or more. [default: the five strongest, 0.8 to 1.2]")] = None,
    points: Annotated[int, typer.Option(help="Size of the Sobol design, a power of 2; 0 for none.")] = 32,
    replications: Annotated[int, typer.Option("--replications", "-n", min=2, help="Replications of every plan.")] = 10,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    out: Out = None,
) -> None:  # fmt: skip
    """What matters: a tornado of every number, shares of the variance over wide ranges, where a choice would flip."""
    from flowsim.decisions import sensitivity as work
    from flowsim.experiment.replicate import cores_here
    from flowsim.scenario.files import load

    with in_words():
        loaded = load(scenario)
        make_room(out)
    announce(engine)
    with in_words(), progress("plans") as on_done:
        found = work.sensitivity(
            loaded,
            against=against,
            by=by,
            ranges=span or (),
            points=points,
            replications=replications,
            seed=seed,
            engine=engine,
            cores=cores or cores_here(),
            on_done=on_done,
        )
    _show_sensitivity(found, out)


def _show_sensitivity(found: Sensitivity, out: Path | None) -> None:
    from flowsim.charts import save_figures, tornado_chart
    from flowsim.report.sensitive import flips_table, indices_table, sensitivity_sentences, tornado_table

    with in_words():
        shown = console()
        shown.print(tornado_table(found))
        if len(found.indices):
            shown.print(indices_table(found.indices))
        if len(found.flips):
            shown.print(flips_table(found))
        for sentence in sensitivity_sentences(found):
            shown.print(sentence, highlight=False, markup=False)
        if out is not None:
            tables = {"tornado": found.tornado, "indices": found.indices, "flips": found.flips}
            written = save_tables({name: table for name, table in tables.items() if len(table)}, out)
            written += save_figures({"tornado.png": tornado_chart(found.tornado, found.by)}, out)
            about = {"by": found.by, "replications": found.replications, "left_out": found.left_out}
            written.append(save_about(out, "sensitivity", found.scenario, found.seed, found.engine, about))
            say_written(out, written)


Plans = Annotated[
    list[str], typer.Argument(metavar="BASE PLAN...", help="The base first, then the plans: names or files.")
]
Payers = Annotated[list[str] | None, typer.Option("--payer", metavar="SERVICE=WHO", help="Who pays for a service. [default: by where it is]")]  # fmt: skip
PlanCosts = Annotated[list[str] | None, typer.Option("--plan-cost", metavar="PLAN:WHO=POUNDS", help="What a plan costs over the run beyond the days of care.")]  # fmt: skip


def money(
    scenarios: Plans,
    payer: Payers = None,
    plan_cost: PlanCosts = None,
    replications: Replications = None,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    out: Out = None,
) -> None:
    """Who pays and who gains under each plan: hospital, council, CCG, and the net saving with its interval."""
    from flowsim.decisions.money import money as of_money
    from flowsim.report.moneyed import money_sentences, money_table

    with in_words():
        make_room(out)
        costs, payers = _plan_costs(plan_cost), _payers(payer)
    comparison = _compared(scenarios, replications, seed, engine, cores)
    with in_words():
        table = of_money(comparison, payers, costs)
        shown = console()
        shown.print(money_table(table))
        for sentence in money_sentences(comparison, table):
            shown.print(sentence, highlight=False, markup=False)
        if out is not None:
            say_written(out, save_tables({"money": table}, out))


def report(
    scenarios: Plans,
    out: Annotated[Path, typer.Option(help="Write report.html into this folder.")],
    question: Annotated[str | None, typer.Option(help="What the paper is to answer, for its title.")] = None,
    payer: Payers = None,
    plan_cost: PlanCosts = None,
    replications: Replications = None,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
) -> None:
    """Write a board paper: one HTML page with question, answer, pictures, plans, money, assumptions and how to repeat it."""
    from flowsim.decisions.money import money as of_money
    from flowsim.scenario.sources import input_rows

    with in_words():
        make_room(out)
        costs, payers = _plan_costs(plan_cost), _payers(payer)
    comparison = _compared(scenarios, replications, seed, engine, cores)
    from flowsim.report.board import Paper, board_paper, usual_question
    from flowsim.results import write_text

    with in_words():
        table = of_money(comparison, payers, costs)
        asked = question or usual_question(comparison)
        paper = Paper(asked, comparison, table, input_rows(scenarios[0]))
        say_written(out, [write_text(out / "report.html", board_paper(paper))])


def _plan_costs(given: list[str] | None) -> tuple[PlanCost, ...]:
    from flowsim.decisions.money import plan_cost_from

    return tuple(plan_cost_from(text) for text in given or ())


def _payers(given: list[str] | None) -> dict[str, str]:
    """Payers by service. Raises RunError in words."""
    from flowsim.errors import RunError

    found = {}
    for text in given or ():
        service, equals, who = (part.strip() for part in text.partition("="))
        if not (service and equals and who):
            raise RunError(f"--payer {text}: must be SERVICE=WHO, such as stit=council")
        found[service] = who
    return found


def _compared(
    scenarios: list[str], replications: int | None, seed: int | None, engine: str, cores: int | None
) -> Comparison:
    """Run the base and the plans on the same draws."""
    from flowsim.decisions.compare import comparable, compare_with
    from flowsim.experiment.replicate import cores_here
    from flowsim.experiment.run import Effort

    with in_words():
        loaded = comparable(scenarios)
    announce(engine)
    with in_words(), progress("replications") as on_done:
        effort = Effort(
            replications=replications,
            seed=seed,
            engine=engine,
            cores=cores or cores_here(),
            on_done=on_done,
        )
        comparison = compare_with(loaded, effort)
    if comparison.base.stopped:
        typer.echo("Stopped early: there is nothing to compare with so few replications.", err=True)
        raise typer.Exit(STOPPED)
    return comparison


def save_tables(tables: Mapping[str, pd.DataFrame], out: Path) -> list[Path]:
    """Write tables as CSV files, whole and safe for spreadsheets."""
    from flowsim.results import safe_csv, write_whole

    return [write_whole(out / f"{name}.csv", partial(safe_csv, table)) for name, table in tables.items()]


def save_about(
    out: Path, command: str, scenario: Any, seed: int, engine: str, more: Mapping[str, Any]
) -> Path:
    """Write what is needed to get the same answer again."""
    from flowsim.results import write_text
    from flowsim.scenario.files import fingerprint, to_toml
    from flowsim.version import __version__

    about = {
        "flowsim": __version__,
        "command": command,
        "scenario": scenario.name,
        "fingerprint": fingerprint(scenario),
        "seed": seed,
        "engine": engine,
        **more,
        "resolved": to_toml(scenario),
    }
    return write_text(
        out / "manifest.json", json.dumps(about, indent=2, ensure_ascii=False, default=str) + "\n"
    )


def say_written(out: Path, written: list[Path]) -> None:
    """Say which files there are now."""
    console().print(f"Written to {out}: {', '.join(path.name for path in written)}", soft_wrap=True)
