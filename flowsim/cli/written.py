"""What the commands that decide leave behind: tables, what is needed to repeat them, and a word of what was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.words import console

if TYPE_CHECKING:
    import pandas as pd

Named = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A bundled scenario's name, or a scenario file.")
]


def save_tables(tables: Mapping[str, pd.DataFrame], out: Path) -> list[Path]:
    """Write tables as CSV files, whole and safe for spreadsheets."""
    from flowsim.files import write_whole
    from flowsim.frames import safe_csv

    return [write_whole(out / f"{name}.csv", partial(safe_csv, table)) for name, table in tables.items()]


def save_about(
    out: Path, command: str, scenario: Any, seed: int, engine: str, more: Mapping[str, Any]
) -> Path:
    """Write what is needed to get the same answer again."""
    from flowsim.files import write_text
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
