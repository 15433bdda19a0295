"""The commands that run scenarios: `flowsim run` and `flowsim compare`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowsim.cli.progress import progress
from flowsim.cli.words import STOPPED, announce, console, in_words

if TYPE_CHECKING:
    from flowsim.decisions.compare import Comparison
    from flowsim.experiment.cluster import Cluster
    from flowsim.experiment.replicate import AsMet
    from flowsim.experiment.run import Effort
    from flowsim.results import Result
    from flowsim.scenario.model import Scenario

Replications = Annotated[int | None, typer.Option("--replications", "-n", min=1, help="How often the period is repeated. [default: as the scenario says]")]  # fmt: skip
Seed = Annotated[
    int | None, typer.Option(min=0, help="Names the set of draws. [default: as the scenario says]")
]
Engine = Annotated[
    str,
    typer.Option(
        help="compiled, simpy (the model itself, same results, slower), or auto: compiled where it can be."
    ),
]
Cores = Annotated[int | None, typer.Option(min=1, help="Processor cores to use. [default: all]")]
HalfWidth = Annotated[float | None, typer.Option("--until-half-width", help="Go on until the 95 % interval of the mean, or of every difference from the base, is at most this many people either way, or 10,000 replications are done.")]  # fmt: skip
ClusterAddress = Annotated[str | None, typer.Option("--cluster", envvar="FLOWSIM_CLUSTER", metavar="ADDRESS", help="Run on the Dask cluster whose scheduler listens there.")]  # fmt: skip
Out = Annotated[Path | None, typer.Option(help="Write tables and pictures into this folder.")]
Plausibles = Annotated[str | None, typer.Option("--plausible", metavar="DIR", help="A plausible set, as flowsim calibrate makes it (a folder or a bundled name): bands then carry the uncertainty of the fitted numbers as well as chance.")]  # fmt: skip
Keep = Annotated[
    int, typer.Option("--keep-journeys", min=0, help="Keep everybody's journey of this many replications.")
]


def run(
    scenario: Annotated[str, typer.Argument(help="A bundled scenario's name, or a scenario file.")],
    replications: Replications = None,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    cluster: ClusterAddress = None,
    until_half_width: HalfWidth = None,
    plausible: Plausibles = None,
    out: Out = None,
    keep_journeys: Keep = 1,
) -> None:
    """Run one scenario: how many people are delayed, why, and how surely it stays at or under target."""
    from flowsim.experiment.run import run_together
    from flowsim.scenario.files import load

    effort = _effort(replications, seed, engine, cores, keep_journeys, until_half_width)
    with in_words():
        loaded = load(scenario)
        effort = replace(effort, met=_met_by(plausible, [loaded]))
        make_room(out)
    announce(engine)
    with in_words(), on_cluster(cluster) as there, progress("replications") as on_done:
        results = run_together([loaded], replace(effort, cluster=there, on_done=on_done))
    with in_words():
        _show(results, None, until_half_width)
        _write(results, out, None)
    _leave(results)


def compare(
    scenarios: Annotated[list[str], typer.Argument(help="The base first, then the plans: names or files.")],
    replications: Replications = None,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    cluster: ClusterAddress = None,
    until_half_width: HalfWidth = None,
    plausible: Plausibles = None,
    out: Out = None,
    keep_journeys: Keep = 0,
) -> None:
    """Compare plans with a base on the same draws: level, chance, and what can be called a difference."""
    from flowsim.decisions.compare import comparable, compare_with

    effort = _effort(replications, seed, engine, cores, keep_journeys, until_half_width)
    with in_words():
        loaded = comparable(scenarios)
        effort = replace(effort, met=_met_by(plausible, loaded))
        make_room(out)
    announce(engine)
    with in_words(), on_cluster(cluster) as there, progress("replications") as on_done:
        comparison = compare_with(loaded, replace(effort, cluster=there, on_done=on_done))
    with in_words():
        _show(comparison.results, comparison, until_half_width)
        _write(comparison.results, out, comparison)
    _leave(comparison.results)


def _effort(
    replications: int | None,
    seed: int | None,
    engine: str,
    cores: int | None,
    keep: int,
    half_width: float | None,
) -> Effort:
    from flowsim.experiment.replicate import cores_here
    from flowsim.experiment.run import Effort

    return Effort(
        replications=replications,
        seed=seed,
        engine=engine,
        cores=cores or cores_here(),
        keep_journeys=keep,
        half_width=half_width,
    )


def _met_by(plausible: str | None, scenarios: Sequence[Scenario]) -> AsMet | None:
    """As `plausible.met_by`, which takes most of a second to load and is seldom asked for."""
    if plausible is None:
        return None
    from flowsim.decisions.plausible import met_by

    return met_by(plausible, scenarios)


@contextmanager
def on_cluster(address: str | None) -> Iterator[Cluster | None]:
    """The cluster that the user named; None where they named none."""
    if not address:
        yield None
        return
    from flowsim.experiment.cluster import cluster_at

    with cluster_at(address) as found:
        yield found


def make_room(out: Path | None) -> None:
    """Make the folder for the results before the work, not after it: then nothing is lost if it cannot be."""
    if out is not None:
        from flowsim.files import made_folder

        made_folder(out)


def _show(results: Sequence[Result], comparison: Comparison | None, half_width: float | None) -> None:
    from flowsim.report.plans import plans_table, reasons_table, sentences, tightness

    out = console()
    out.print(plans_table(results, comparison))
    out.print(reasons_table(results))
    for sentence in sentences(results, comparison):
        out.print(sentence, highlight=False)
    if half_width is not None:
        out.print(tightness(results, comparison, half_width), highlight=False)


def _write(results: Sequence[Result], out: Path | None, comparison: Comparison | None) -> None:
    if out is None:
        return
    from flowsim.charts import save_charts
    from flowsim.files import write_text
    from flowsim.report.plans import plans_markdown
    from flowsim.saving import save

    written = save(results, out, {"differences.csv": comparison.differences} if comparison else None)
    written.append(write_text(out / "plans.md", plans_markdown(results, comparison)))
    written += save_charts(results, out)
    console().print(f"Written to {out}: {', '.join(path.name for path in written)}", soft_wrap=True)


def _leave(results: Sequence[Result]) -> None:
    if results[0].stopped:
        raise typer.Exit(STOPPED)
