"""The commands that answer what people decide about: diagnose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.progress import progress
from flowsim.cli.runs import Cores, Engine, Out, Seed, make_room
from flowsim.cli.words import announce, console, in_words

if TYPE_CHECKING:
    import pandas as pd

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
