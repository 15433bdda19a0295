"""What a paper is made of, whatever it is written as: headings, paragraphs, pictures, tables, commands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

HARD_SPACE: Final = "\N{NO-BREAK SPACE}"
_BRACKETS: Final = re.compile(r"\([^()]{1,40}\)")
# A hyphen in front of a number, at which a word processor would begin a new line.
_NEGATIVE: Final = re.compile(r"(?<![\w)])-(?=£?\d)")

Look = Literal["plain", "answer", "quiet"]


@dataclass(frozen=True)
class Heading:
    """A heading below the title."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Some sentences; the answer stands out, notes are quiet."""

    text: str
    look: Look = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list of points: what it is about, and what is to say of it."""

    points: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Picture:
    """A picture as the bytes of a PNG file, with what it shows for those who cannot see it."""

    png: bytes
    alt: str
    caption: str


@dataclass(frozen=True)
class Table:
    """A table in words; `numbers` are the columns that are set to the right, `widths` relative widths of columns if they matter."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()
    widths: tuple[float, ...] = field(default=())


@dataclass(frozen=True)
class Command:
    """What to type."""

    text: str


Block = Heading | Paragraph | Bullets | Picture | Table | Command


@dataclass(frozen=True)
class Document:
    """A whole paper."""

    title: str
    blocks: Sequence[Block]


def unbroken(words: str) -> str:
    """Numbers for a narrow column: no new line before a per cent sign or question mark, after a minus, nor within brackets."""
    kept = words.replace(" %", f"{HARD_SPACE}%").replace(" ?", f"{HARD_SPACE}?")
    kept = _NEGATIVE.sub("\N{MINUS SIGN}", kept)
    return _BRACKETS.sub(lambda found: found[0].replace(" ", HARD_SPACE), kept)
