"""What all pictures share: colours, a quiet panel, a calendar, and how a picture is kept.

Colours are told apart by people with any colour vision, and never carry a meaning alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from flowsim.files import made_folder, write_whole

BLUE: Final = "#005EB8"
PINK: Final = "#AE2573"
GREEN: Final = "#00703C"
GREY: Final = "#425563"
LIGHT: Final = "#D8DDE0"
LINES: Final = (
    "#425563",
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#332288",
    "#D55E00",
    "#56B4E9",
    "#999999",
)
HATCHES: Final = ("", "//", "..", "xx", "\\\\", "", "++", "--", "oo", "**", "")


def plain(panel: Axes) -> None:
    """Nothing but the axes below and to the left, and thin lines across."""
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="y", color=LIGHT, linewidth=0.6)
    panel.set_axisbelow(True)


def calendar(panel: Axes) -> None:
    """Dates below, as few words as will do."""
    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    plain(panel)


def png_of(figure: Figure) -> bytes:
    """A picture as the bytes of a PNG file, to lie inside a page."""
    held = BytesIO()
    figure.savefig(held, format="png", dpi=110)
    return held.getvalue()


def save_figures(pictures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write pictures by file name into a folder, each whole or not at all."""
    made_folder(folder)
    return [write_whole(folder / name, partial(figure.savefig, dpi=110)) for name, figure in pictures.items()]
