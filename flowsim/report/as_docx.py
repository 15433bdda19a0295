"""A paper for a word processor (DOCX, by python-docx): headings that a contents list finds, pictures with their text, real tables."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from flowsim.report.blocks import (
    HARD_SPACE,
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

if TYPE_CHECKING:
    import docx.document

BLUE: Final = "005EB8"
DARK: Final = "003087"
GREY: Final = "425563"
SHADE: Final = "E8EDEE"
MARGIN_CM: Final = 2.0
WIDTH_CM: Final = 21.0 - 2 * MARGIN_CM


def as_docx(paper: Document) -> bytes:
    """The file as bytes."""
    # Imported here: it takes a quarter of a second.
    import docx

    document = docx.Document()
    _settle(document, paper.title)
    document.add_heading(_plain(paper.title), level=0)
    for block in paper.blocks:
        _add(document, block)
    held = BytesIO()
    document.save(held)
    return held.getvalue()


def _plain(text: str) -> str:
    """Text without what XML cannot hold."""
    return "".join(c for c in text if c in f"\n\t{HARD_SPACE}" or c.isprintable())


def _settle(document: docx.document.Document, title: str) -> None:
    """A4, one typeface, the colours of the page, British English, who made it."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(MARGIN_CM)
    for name, size, colour in (
        ("Normal", 10.5, None), ("Title", 20, DARK), ("Heading 1", 14, BLUE), ("Caption", 9, GREY), ("List Bullet", 10.5, None),
    ):  # fmt: skip
        font = document.styles[name].font
        font.name, font.size = "Arial", Pt(size)
        fonts = document.styles[name].element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(script), None)
        for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(script), "Arial")
        if colour:
            font.color.rgb = RGBColor.from_string(colour)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-GB")
    properties = document.styles["Normal"].element.get_or_add_rPr()
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    properties.append(language)
    about, now = document.core_properties, dt.datetime.now(dt.UTC)
    about.title, about.author, about.comments, about.language = _plain(title)[:255], "flowsim", "", "en-GB"
    about.created = about.modified = now


def _add(document: docx.document.Document, block: Block) -> None:
    match block:
        case Heading(text):
            document.add_heading(_plain(text), level=1)
        case Paragraph(text, look):
            _paragraph(document, text, look)
        case Bullets(points):
            for name, words in points:
                line = document.add_paragraph(style="List Bullet")
                line.add_run(_plain(f"{name}: ")).bold = True
                line.add_run(_plain(words))
        case Picture():
            _picture(document, block)
        case Table():
            _table(document, block)
        case Command(text):
            _command(document, text)


def _paragraph(document: docx.document.Document, text: str, look: str) -> None:
    from docx.shared import Pt, RGBColor

    paragraph = document.add_paragraph()
    run = paragraph.add_run(_plain(text))
    if look == "answer":
        run.font.size = Pt(12)
        _bar(paragraph)
    elif look == "quiet":
        run.font.color.rgb = RGBColor.from_string(GREY)
        run.font.size = Pt(9.5)


def _bar(paragraph: Any) -> None:
    """A thick line to the left, as on the page."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders, left = OxmlElement("w:pBdr"), OxmlElement("w:left")
    for key, value in (("val", "single"), ("sz", "36"), ("space", "8"), ("color", BLUE)):
        left.set(qn(f"w:{key}"), value)
    borders.append(left)
    paragraph._p.get_or_add_pPr().append(borders)  # noqa: SLF001


def _picture(document: docx.document.Document, picture: Picture) -> None:
    from docx.shared import Cm

    shape = document.add_picture(BytesIO(picture.png), width=Cm(WIDTH_CM))
    # Else word processors leave a gap to its left and right, and it goes beyond the margin.
    for side in ("distT", "distB", "distL", "distR"):
        shape._inline.set(side, "0")  # noqa: SLF001
    # What a screen reader says; python-docx has no name for it.
    shape._inline.docPr.set("descr", _plain(picture.alt))  # noqa: SLF001
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    document.add_paragraph(_plain(picture.caption), style="Caption")


def _table(document: docx.document.Document, table: Table) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    caption = document.add_paragraph(_plain(table.caption), style="Caption")
    caption.runs[0].bold = True
    caption.paragraph_format.keep_with_next = True
    columns = len(table.headings)
    made = document.add_table(rows=0, cols=columns)
    made.style = "Table Grid"
    made.autofit = False
    shares = table.widths or (1.0,) * columns
    widths = [Cm(WIDTH_CM * share / sum(shares)) for share in shares]
    for column, width in zip(made.columns, widths, strict=True):
        column.width = width
    for number, row in enumerate([table.headings, *table.rows]):
        line = made.add_row()
        for column, (cell, words) in enumerate(zip(line.cells, row, strict=True)):
            cell.width = widths[column]
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(1)
            is_number = column in table.numbers and number > 0
            run = paragraph.add_run(_plain(unbroken(words) if is_number else words))
            run.font.size = Pt(8.5)
            run.bold = number == 0
            if column in table.numbers:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            if number == 0:
                _shade(cell)
        properties = line._tr.get_or_add_trPr()  # noqa: SLF001
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            repeats = OxmlElement("w:tblHeader")
            repeats.set(qn("w:val"), "true")
            properties.append(repeats)
    document.add_paragraph()


def _shade(cell: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", SHADE)):
        shade.set(qn(f"w:{key}"), value)
    cell._tc.get_or_add_tcPr().append(shade)  # noqa: SLF001


def _command(document: docx.document.Document, text: str) -> None:
    from docx.shared import Pt

    run = document.add_paragraph().add_run(_plain(text))
    run.font.name, run.font.size = "Courier New", Pt(9)
