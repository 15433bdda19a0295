"""The commands that hold a scenario against what happened: what a file holds, the next weeks, and how good such forecasts were."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.progress import progress
from flowsim.cli.runs import Cores, Engine, Out, Seed, make_room
from flowsim.cli.words import ANSWER_IS_NO, STOPPED, announce, console, in_words
from flowsim.cli.written import Named, save_about, save_tables, say_written

if TYPE_CHECKING:
    from flowsim.decisions.plausible import Plausible
    from flowsim.observed import Observed
    from flowsim.observed.stays import Fitted

Area = Annotated[
    str | None, typer.Option(help="The local authority, by name or code, where a national file has several.")
]
ObservedFiles = Annotated[
    str | None,
    typer.Option(
        "--observed",
        metavar="FILE",
        help='Observed months: a file, a folder, or "sheffield" for those that come along.',
    ),
]
PlausibleSet = Annotated[
    str | None,
    typer.Option(
        "--plausible", metavar="DIR", help="A set of plausible values, as flowsim calibrate makes it."
    ),
]
Paths = Annotated[int, typer.Option(min=20, help="How many possible courses are run.")]


def observed(
    source: Annotated[
        str, typer.Argument(metavar="FILE", help='A CSV file, a workbook, a folder of them, or "sheffield".')
    ],
    area: Area = None,
    fewest: Annotated[
        int, typer.Option(min=0, help="Counts of people below this are left out of what is written.")
    ] = 5,
    out: Out = None,
) -> None:
    """Say what a file of observed figures holds, or what is wrong with it; of a list of discharges, which stays fit."""
    from flowsim.observed import read_observed
    from flowsim.report.evidence import contents_table, fits_table, notes_of

    with in_words():
        make_room(out)
        found = read_observed(source, area)
        shown = console()
        shown.print(contents_table(found))
        for sentence in notes_of(found):
            shown.print(sentence, highlight=False, markup=False)
        fitted = None
        if found.discharges is not None:
            from flowsim.observed.stays import stays_fitted

            fitted = stays_fitted(found.discharges, fewest)
            shown.print(fits_table(fitted.table))
            for sentence in fitted.sentences:
                shown.print(sentence, highlight=False, markup=False)
        if out is not None:
            _write_observed(found, fitted, fewest, out)


def _write_observed(found: Observed, fitted: Fitted | None, fewest: int, out: Path) -> None:
    from flowsim.charts import save_figures, stays_chart
    from flowsim.observed.small import exported

    written = save_tables(exported(found, fewest), out)
    if fitted is not None:
        written += save_tables({"stays-fitted": fitted.table}, out)
        written += save_figures(
            {f"stays-{name}.png": stays_chart(group) for name, group in fitted.groups}, out
        )
    say_written(out, written)


def forecast(
    scenario: Named,
    observed: ObservedFiles = None,
    today: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Counts of today: in hospital ready by reason or service, caseloads (everybody there), queues.",
        ),
    ] = None,
    area: Area = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DATE",
            help="First day of the forecast. [default: the day after the last that is known]",
        ),
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, help="How many weeks.")] = 12,
    plausible: PlausibleSet = None,
    paths: Paths = 400,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    out: Out = None,
) -> None:
    """Forecast the next weeks: bands by day and week, the chance of being at or under target, the day it is met."""
    from flowsim.decisions import forecast as work
    from flowsim.experiment.replicate import cores_here
    from flowsim.observed.today import read_today
    from flowsim.scenario.files import load

    with in_words():
        loaded = load(scenario)
        make_room(out)
        known = _observed(observed, area)
        counts = read_today(today) if today is not None else None
        begin = _date(start, "--from") if start is not None else None
        values = _plausible(plausible)
    announce(engine)
    with in_words(), progress("courses") as on_done:
        found = work.forecast(
            loaded, known, today=counts, start=begin, weeks=weeks, plausible=values, paths=paths, seed=seed,
            engine=engine, cores=cores or cores_here(), on_done=on_done,
        )  # fmt: skip
    from flowsim.charts import forecast_chart, save_figures
    from flowsim.report.evidence import forecast_sentences, weeks_table

    with in_words():
        shown = console()
        shown.print(weeks_table(found))
        for sentence in forecast_sentences(found):
            shown.print(sentence, highlight=False, markup=False)
        if out is not None:
            tables = {
                "forecast-daily": found.daily,
                "forecast-weekly": found.weekly,
                "forecast-monthly": found.monthly,
            }
            if found.day_0 is not None:
                tables["day-0"] = found.day_0
            written = save_tables(tables, out)
            written += save_figures({"forecast.png": forecast_chart(found, known)}, out)
            about: dict[str, Any] = {
                "from": str(found.paths.dates[0].date()), "weeks": weeks, "paths": paths, "method": found.method,
                "observed": list(known.sources) if known else [], "effective_paths": found.paths.effective,
                "model_error": found.paths.lack,
            }  # fmt: skip
            written.append(save_about(out, "forecast", found.scenario, found.seed, found.engine, about))
            say_written(out, written)
    if found.stopped:
        raise typer.Exit(STOPPED)


def backtest(
    scenario: Named,
    observed: Annotated[str, typer.Option("--observed", metavar="FILE", help='Observed months: a file, a folder, or "sheffield".')] = "sheffield",
    cuts: Annotated[str | None, typer.Option(metavar="DATE,DATE...", help="First days that are not known, such as 2017-04-01. [default: every month after the first year]")] = None,
    months: Annotated[int, typer.Option(min=1, help="How many months to forecast at each cut.")] = 6,
    area: Area = None,
    plausible: PlausibleSet = None,
    fit: Annotated[Path | None, typer.Option(help="A fit file: values are calibrated anew at each cut, on the months before it.")] = None,
    paths: Paths = 400,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    out: Out = None,
) -> None:  # fmt: skip
    """Forecast months that are known by now from those before them, and score it against three rivals; exit code 1 where a naive one is better."""
    from flowsim.decisions import backtest as work
    from flowsim.errors import RunError
    from flowsim.experiment.replicate import cores_here
    from flowsim.scenario.files import load

    with in_words():
        loaded = load(scenario)
        make_room(out)
        known = _observed(observed, area)
        assert known is not None  # it has a default
        chosen = [_date(text, "--cuts") for text in cuts.split(",")] if cuts else []
        values = _plausible(plausible)
        if fit is not None and values is not None:
            raise RunError("--fit and --plausible: give one; a fit makes a set of its own at each cut")
    announce(engine)
    with in_words(), progress("courses") as on_done:
        kept = out / "cuts" if out else None
        fitting = None
        if fit is not None:
            fitting = work.fitting_by(
                loaded,
                fit,
                folder=kept,
                seed=seed,
                engine=engine,
                cores=cores or cores_here(),
                on_done=on_done,
            )
        found = work.backtest(
            loaded, known, chosen, months=months, plausible=values, fitting=fitting, paths=paths, seed=seed,
            engine=engine, cores=cores or cores_here(), folder=kept, on_done=on_done,
        )  # fmt: skip
    from flowsim.charts import backtest_chart, save_figures
    from flowsim.report.evidence import backtest_sentences, scores_table

    with in_words():
        shown = console()
        shown.print(scores_table(found))
        for sentence in backtest_sentences(found):
            shown.print(sentence, highlight=False, markup=False)
        if out is not None:
            tables = {"backtest": found.table, "scores": found.scores, "scores-by-cut": found.by_cut}
            written = save_tables(tables, out)
            written += save_figures({"backtest.png": backtest_chart(found, known)}, out)
            about = {
                "paths": found.paths,
                "months": months,
                "method": found.method,
                "observed": list(known.sources),
            }
            written.append(save_about(out, "backtest", found.scenario, found.seed, engine, about))
            say_written(out, written)
    if not all(found.beats().values()):
        raise typer.Exit(ANSWER_IS_NO)


def _observed(source: str | None, area: str | None) -> Observed | None:
    if source is None:
        return None
    from flowsim.observed import read_observed

    return read_observed(source, area)


def _plausible(folder: str | None) -> Plausible | None:
    if folder is None:
        return None
    from flowsim.decisions.plausible import Plausible

    return Plausible.load(folder)


def _date(text: str, option: str) -> dt.date:
    """A date as given on the command line. Raises RunError in words."""
    from flowsim.errors import RunError

    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise RunError(f"{option} {text}: is no date; write it as 2017-04-01") from None
