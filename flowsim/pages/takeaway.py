"""Downloads: made when somebody asks for them, from the results on the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from flowsim.decisions.compare import Comparison
from flowsim.report.takeaway import census_png, csv_bytes, everything, reasons_png, tables_of, workbook
from flowsim.results import Result
from flowsim.scenario.files import to_toml

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def buttons(results: Sequence[Result], comparison: Comparison | None) -> None:
    """Buttons for everything that can be taken away from a comparison."""
    last = results[-1].scenario
    columns = st.columns(3)
    offers: tuple[tuple[str, Callable[[], bytes | str], str, str], ...] = (
        ("Tables (XLSX)", lambda: workbook(tables_of(results, comparison)), "flowsim.xlsx", XLSX),
        (
            "Summary (CSV)",
            lambda: csv_bytes(pd.concat([r.summary for r in results])),
            "summary.csv",
            "text/csv",
        ),
        ("Picture of the census (PNG)", partial(census_png, results), "census.png", "image/png"),
        ("Picture of the reasons (PNG)", partial(reasons_png, results), "reasons.png", "image/png"),
        (f"Scenario {last.name} (TOML)", partial(to_toml, last), f"{last.name}.toml", "text/plain"),
        ("Everything (ZIP)", partial(everything, results, comparison), "flowsim.zip", "application/zip"),
    )
    for number, (label, make, name, mime) in enumerate(offers):
        columns[number % 3].download_button(label, make, name, mime, on_click="ignore", key=f"take {name}", width="stretch")  # fmt: skip
