"""A paper as one self-contained page: pictures are in it, there is no script, nothing is loaded, and what people typed is escaped."""

from __future__ import annotations

import re
from base64 import b64encode
from html import escape
from typing import Final

from flowsim.report.blocks import (
    Block,
    Bullets,
    Command,
    Document,
    Heading,
    Paragraph,
    Picture,
    Table,
    unbroken,
)

STYLE: Final = """
body { font: 11pt/1.5 Arial, sans-serif; color: #212b32; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { color: #003087; font-size: 1.7em; line-height: 1.25; } h2 { color: #005eb8; font-size: 1.25em; margin-top: 2em; }
.answer { border-left: 6px solid #005eb8; padding: 0.2em 1em; font-size: 1.15em; } .quiet { color: #425563; }
.scroll { overflow-x: auto; } caption span { display: block; position: sticky; left: 0; max-width: calc(100vw - 2rem); } table { border-collapse: collapse; width: 100%; font-size: 0.9em; margin: 1em 0; }
th, td { border-bottom: 1px solid #d8dde0; padding: 0.35em 0.8em 0.35em 0; text-align: left; vertical-align: top; overflow-wrap: break-word; }
thead th { border-bottom: 2px solid #4c6272; vertical-align: bottom; } tbody th { font-weight: normal; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; } caption { text-align: left; font-weight: bold; padding: 0.4em 0; }
figure { margin: 1.5em 0; } figcaption { color: #425563; font-size: 0.9em; } img { max-width: 100%; height: auto; }
pre { background: #f0f4f5; padding: 0.6em; white-space: pre-wrap; overflow-wrap: anywhere; } dt { font-weight: bold; } dd { margin: 0 0 0.6em 0; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } h2 { break-after: avoid; } tr, figure { break-inside: avoid; } }
"""
# Behind the dots of a path, and in long rows of digits.
_IN_PATHS: Final = re.compile(r"(?<=[a-z\])])[.](?=[a-z])|[0-9a-f]{16}(?=[0-9a-f])")


def as_html(paper: Document) -> str:
    """The page as text."""
    title = escape(paper.title)
    body = "\n".join([f"<h1>{title}</h1>", *map(_shown, paper.blocks)])
    return (
        f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _shown(block: Block) -> str:
    match block:
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Paragraph(text, look):
            return f"<p>{escape(text)}</p>" if look == "plain" else f'<p class="{look}">{escape(text)}</p>'
        case Bullets(points):
            return f"<dl>{''.join(f'<dt>{escape(a)}</dt><dd>{escape(b)}</dd>' for a, b in points)}</dl>"
        case Picture():
            return _picture(block)
        case Table():
            return _table(block)
        case Command(text):
            return f"<pre>{escape(text)}</pre>"


def _picture(picture: Picture) -> str:
    data = b64encode(picture.png).decode("ascii")
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{escape(picture.alt, quote=True)}">'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )


def _table(table: Table) -> str:
    kinds = [' class="n"' if n in table.numbers else "" for n in range(len(table.headings))]
    head = "".join(f'<th scope="col"{k}>{escape(h)}</th>' for k, h in zip(kinds, table.headings, strict=True))
    body = "\n".join(
        "<tr>" + "".join(_cell(n, kinds[n], cell) for n, cell in enumerate(row)) + "</tr>"
        for row in table.rows
    )
    name = escape(f"Table: {table.caption}", quote=True)
    shares = [f'<col style="width: {width / sum(table.widths):.0%}">' for width in table.widths]
    columns = f"<colgroup>{''.join(shares)}</colgroup>\n" if shares else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table><caption><span>{escape(table.caption)}</span></caption>\n'
        f"{columns}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>\n"
    )


def _cell(column: int, kind: str, words: str) -> str:
    if column == 0:
        return f'<th scope="row">{_breakable(words)}</th>'
    return f"<td{kind}>{escape(unbroken(words)) if kind else _breakable(words)}</td>"


def _breakable(words: str) -> str:
    """Words of a cell, where the path of a figure, or a fingerprint, may go on in the next line; whoever copies it gets it whole."""
    return _IN_PATHS.sub(r"\g<0><wbr>", escape(words))
