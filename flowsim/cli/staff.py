"""`flowsim staff`: how many reablement staff on which days."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.progress import progress
from flowsim.cli.runs import Cores, Engine, Out, Seed, make_room
from flowsim.cli.words import announce, console, in_words
from flowsim.cli.written import Named, save_about, say_written

if TYPE_CHECKING:
    from flowsim.decisions.roster import Roster
    from flowsim.decisions.staffing import Staffing

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
        int,
        typer.Option(
            "--replications",
            "-n",
            min=2,
            help="Replications of each roster; the smallest are looked for on these, and judged on 80 others or more.",
        ),
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
    with in_words(), progress("replications") as on_done:
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
    from flowsim.files import write_whole
    from flowsim.report.staffed import roster_book, rosters_table, staffing_sentences, work_table
    from flowsim.report.takeaway import workbook

    with in_words():
        shown = console()
        shown.print(rosters_table(found))
        shown.print(work_table(found))
        for sentence in staffing_sentences(found):
            shown.print(sentence, highlight=False, markup=False)
        if out is not None:
            book = workbook(roster_book(found))
            written = [write_whole(out / "roster.xlsx", lambda path: path.write_bytes(book))]
            written += save_figures({"pick-up.png": pick_up_chart(found.outlooks, found.pick_up)}, out)
            about = {
                "service": found.service,
                "work": asdict(found.work),
                "replications": found.replications,
                "judged_on": found.judges,
            }
            written.append(save_about(out, "staff", found.scenario, found.seed, found.engine, about))
            say_written(out, written)
