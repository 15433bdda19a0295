"""Money and the board paper: payers add up to the whole, changes are paired, and the page stands by itself."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Hashable
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import docx
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import flowsim
from flowsim.cli import app
from flowsim.decisions import compare as compare_module
from flowsim.decisions.compare import Comparison
from flowsim.decisions.money import ALL, PlanCost, money, plan_cost_from
from flowsim.errors import RunError
from flowsim.report.as_docx import as_docx
from flowsim.report.as_html import as_html
from flowsim.report.blocks import Command, Document, Picture, Table, unbroken
from flowsim.report.board import Paper, answer, board_paper, grouped
from flowsim.report.moneyed import change_in_words, rounded_pounds
from flowsim.report.plans import people
from flowsim.scenario.files import from_text
from flowsim.scenario.sources import InputRow, input_rows
from tests.experiment.city import SMALL, small_city
from tests.experiment.written import written_result


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return flowsim.compare([small_city(14, "base"), small_city(20, "plan")], replications=8)


def cell(table: pd.DataFrame, scenario: str, payer: str, column: str) -> float:
    (value,) = table.loc[(table["scenario"] == scenario) & (table["payer"] == payer), column]
    return float(value)


def test_payers_add_up_to_the_cost(comparison: Comparison) -> None:
    table = money(comparison)
    for result in comparison.results:
        name, numbers = result.scenario.name, result.per_replication
        assert cell(table, name, ALL, "cost") == pytest.approx(numbers["cost"].mean())
        assert cell(table, name, "hospital", "cost") == pytest.approx(numbers["cost_excess_days"].mean())
        assert cell(table, name, "council", "cost") == pytest.approx(numbers["cost_stit"].mean())


def test_a_change_is_the_paired_difference(comparison: Comparison) -> None:
    table = money(comparison)
    change = comparison.difference(comparison.results[1], "cost_excess_days")
    for column, value in (("change", change.value), ("change_low", change.low), ("change_high", change.high)):
        assert cell(table, "plan", "hospital", column) == pytest.approx(value)
    # More places: fewer excess days for the hospital, more days of care for the council.
    assert cell(table, "plan", "hospital", "change") < 0 < cell(table, "plan", "council", "change")
    assert table.loc[table["scenario"] == "base", "change"].isna().all()


MORE_PLACES = """
[services.homes]
kind = "place"
setting = "care_home"
stay = 9
cost_per_day = 1
[services.beds]
kind = "place"
setting = "bed"
stay = 9
cost_per_day = 1
[services.offsite]
kind = "place"
setting = "waiting"
capacity = 1
cost_per_day = 1
"""


def test_who_pays_goes_by_where_a_service_is() -> None:
    """The hospital for days beyond need, the council for care at home and in care homes, the CCG for beds and places to wait in."""
    costs = {"excess_days": 1.0, "stit": 10.0, "homes": 100.0, "beds": 1_000.0, "offsite": 10_000.0}
    results = []
    for name in ("base", "plan"):
        result = written_result([5.0], [5.0], name=name)
        city = from_text(SMALL.replace("CAPACITY", "14") + MORE_PLACES, name)
        result = replace(result, scenario=city)
        vars(result)["per_replication"] = {f"cost_{what}": np.full(2, cost) for what, cost in costs.items()}
        results.append(result)
    table = money(Comparison(tuple(results)))
    found = {payer: cell(table, "plan", payer, "cost") for payer in set(table["payer"])}
    assert found == {"hospital": 1.0, "council": 110.0, "CCG": 11_000.0, ALL: 11_111.0}


def test_payers_can_be_said_and_plans_have_costs_of_their_own(comparison: Comparison) -> None:
    plain = money(comparison)
    table = money(comparison, {"stit": "CCG"}, (plan_cost_from("plan:council=5000"),))
    assert cell(table, "plan", "CCG", "cost") == pytest.approx(cell(plain, "plan", "council", "cost"))
    assert cell(table, "plan", "council", "change") == pytest.approx(5000)
    assert cell(table, "plan", ALL, "cost") == pytest.approx(cell(plain, "plan", ALL, "cost") + 5000)
    with pytest.raises(RunError, match="has no such service"):
        money(comparison, {"stitt": "CCG"})
    with pytest.raises(RunError, match="is none of the scenarios"):
        money(comparison, None, (PlanCost("other", "council", 1.0),))
    with pytest.raises(RunError, match="must be PLAN:PAYER=POUNDS"):
        plan_cost_from("plan=3")
    with pytest.raises(RunError, match='cuoncil pays for nothing else; did you mean "council"'):
        money(comparison, None, (PlanCost("plan", "cuoncil", 1.0),))
    named = money(comparison, {"stit": "the ICB"}, (PlanCost("plan", "the ICB", 1.0),))
    assert cell(named, "plan", "the ICB", "cost") == pytest.approx(cell(plain, "plan", "council", "cost") + 1)


@pytest.mark.parametrize("command", ["money", "report"])
@pytest.mark.parametrize("wrong", [("--payer", "stti=CCG"), ("--plan-cost", "plan:cuoncil=3")])
def test_a_misspelt_payment_is_said_before_the_work(
    command: str, wrong: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare_module, "compare_with", lambda *_: pytest.fail("ran"))
    files = [tmp_path / "base.toml", tmp_path / "plan.toml"]
    for file in files:
        file.write_text(SMALL.replace("CAPACITY", "14"), encoding="utf-8")
    said = CliRunner().invoke(app, [command, *map(str, files), *wrong, "--out", str(tmp_path / "out")])
    assert said.exit_code == 2, said.output
    assert "did you mean" in said.output


class Page(HTMLParser):
    """Tags in order, with what they load; complains where they do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.loads: list[str] = []
        self.alts: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        given = dict(attrs)
        self.loads += [given[key] or "" for key in ("src", "href") if key in given]
        if tag == "img":
            self.alts.append(given.get("alt") or "")
        elif tag not in ("meta", "col", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def paper(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Document:
    file = tmp_path_factory.mktemp("base") / "base.toml"
    file.write_text(SMALL.replace("CAPACITY", "14"), encoding="utf-8")
    question = 'Are <script>alert(1)</script> "20" places enough?'
    stated = {result.scenario.name: input_rows(file) for result in comparison.results}
    return board_paper(Paper(question, comparison, money(comparison), stated))


@pytest.fixture(scope="module")
def page(paper: Document) -> str:
    return as_html(paper)


def test_the_page_is_whole_and_loads_nothing(page: str) -> None:
    told = Page(page)
    assert {"script", "link", "iframe"}.isdisjoint(told.seen)
    assert "&lt;script&gt;" in page
    assert len(told.loads) == 2
    for source in told.loads:
        kind, _, data = source.partition(";base64,")
        assert kind == "data:image/png"
        assert base64.b64decode(data).startswith(b"\x89PNG")
    assert all("A small city" in alt for alt in told.alts)
    assert not re.search(r"https?://", page)
    assert told.seen.count("h1") == 1
    assert told.seen.count("table") >= 4


def test_the_page_says_what_was_found(page: str, comparison: Comparison) -> None:
    base, plan = comparison.results
    for result in (base, plan):
        assert unbroken(people(result.interval("delayed_mean"))) in page
    table = money(comparison)
    first, second = answer(comparison, table)
    gap = comparison.difference(plan, "delayed_mean")
    assert f"that is {abs(gap.value):.1f} fewer ({abs(gap.high):.1f} to {abs(gap.low):.1f} fewer)" in second
    saving = table[(table["scenario"] == plan.scenario.name) & (table["payer"] == "all together")].iloc[0]
    assert rounded_pounds(*saving[["change", "change_low", "change_high"]]) in second or not saving["called"]
    assert first in page
    chance = plan.interval("chance_mean_at_or_under_target")
    assert first.startswith("No plan does" if chance.value < 0.9 else "“A small city”")
    assert ("seems to" in first) == (chance.low < 0.9 <= chance.value)
    assert "--replications 8 --seed 7" in page


def test_the_file_for_a_word_processor_says_the_same(paper: Document) -> None:
    """Read back by the library: title, every sentence, every table cell by cell, every picture with its text."""
    written = docx.Document(BytesIO(as_docx(paper)))
    said = [paragraph.text for paragraph in written.paragraphs]
    assert said[0] == paper.title == written.core_properties.title
    tables = [block for block in paper.blocks if isinstance(block, Table)]
    assert len(written.tables) == len(tables)
    for made, meant in zip(written.tables, tables, strict=True):
        cells = [
            [c.text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-") for c in row.cells]
            for row in made.rows
        ]
        assert cells == [list(meant.headings), *[list(row) for row in meant.rows]]
    pictures = [block for block in paper.blocks if isinstance(block, Picture)]
    alts = [shape._inline.docPr.get("descr") for shape in written.inline_shapes]
    assert alts == [picture.alt for picture in pictures]
    for block in paper.blocks:
        text = getattr(block, "text", None)
        assert text is None or text in said


def test_pictures_stay_within_the_margins(paper: Document) -> None:
    """Where nothing is said of the distance to what is beside them, LibreOffice moves them to the right."""
    written = docx.Document(BytesIO(as_docx(paper)))
    section = written.sections[0]
    assert section.page_width is not None
    assert section.left_margin is not None
    assert section.right_margin is not None
    for shape in written.inline_shapes:
        assert shape.width <= section.page_width - section.left_margin - section.right_margin
        assert {shape._inline.get(side) for side in ("distT", "distB", "distL", "distR")} == {"0"}


def test_numbers_are_not_cut_in_two() -> None:
    kept = unbroken("-5.0 (-6.1 to -4.0) ?")
    assert kept.count(" ") == 1
    assert "-" not in kept
    assert unbroken("12 %") == "12\N{NO-BREAK SPACE}%"
    assert unbroken("2017-11-01, seven-day") == "2017-11-01, seven-day"


def test_paths_in_the_page_may_be_cut_and_columns_have_their_widths() -> None:
    table = Table("t", ("a", "b"), [("services.stit.capacity", "50 %")], widths=(3, 1))
    page = as_html(Document("d", [table]))
    assert "services.<wbr>stit.<wbr>capacity" in page
    assert '<col style="width: 75%"><col style="width: 25%">' in page


def test_a_table_that_a_change_alters_is_named_whole() -> None:
    """Its path has marks around what is altered, and lies in several rows."""
    rows = [
        InputRow(
            f'changes[2].scale."streams.emergency.routes.{name}"', 1.04, "", "", "", None, None, "4 %", "L"
        )
        for name in ("d2a_home", "package")
    ]
    assert list(grouped(rows)) == [
        ("changes[2].scale.streams.emergency.routes", "d2a_home 1.04, package 1.04", "4 %")
    ]


def test_what_rounds_to_nought_has_no_sign() -> None:
    row: dict[Hashable, float] = {
        "change": -4_000.0,
        "change_low": -9_000.0,
        "change_high": 3_000.0,
        "called": False,
    }
    assert change_in_words(row) == "0.00 (-0.01 to 0.00) ?"


def test_what_was_entered_is_in_the_paper_and_in_its_command(comparison: Comparison) -> None:
    costs, payers = (PlanCost("plan", "council", 250_000.0),), {"stit": "CCG"}
    table = money(comparison, payers, costs)
    stated = {result.scenario.name: list[InputRow]() for result in comparison.results}
    paper = board_paper(Paper('Is "more" enough?', comparison, table, stated, costs, payers))
    (command,) = [block.text for block in paper.blocks if isinstance(block, Command)]
    words = shlex.split(command)
    assert words[words.index("--question") + 1] == 'Is "more" enough?'
    assert plan_cost_from(words[words.index("--plan-cost") + 1]) == costs[0]
    assert words[words.index("--payer") + 1] == "stit=CCG"
    said = " ".join(getattr(block, "text", "") for block in paper.blocks)
    assert "itself costs £250,000, paid by the council" in said
    plans, who_pays = [block for block in paper.blocks if isinstance(block, Table)][:2]
    assert plans.rows[1][-1] == next(row[2] for row in who_pays.rows[::-1] if row[1] == ALL)


def test_a_paper_with_odd_letters_can_be_written() -> None:
    """Letters that XML cannot hold are left out; nothing is taken for markup."""
    odd = "a\x00b <w:p/> & “c”\x1b"
    table = Table(odd, (odd,), [(odd,)])
    written = docx.Document(BytesIO(as_docx(Document(odd, [table]))))
    assert written.paragraphs[0].text == "ab <w:p/> & “c”"
    assert "&lt;w:p/&gt; &amp;" in as_html(Document(odd, [table]))


def test_the_commands_answer(tmp_path: Path) -> None:
    files = []
    for name, capacity in (("base", 14), ("plan", 20)):
        files.append(tmp_path / f"{name}.toml")
        files[-1].write_text(SMALL.replace("CAPACITY", str(capacity)), encoding="utf-8")
    words, out = [str(file) for file in files], tmp_path / "out"
    said = CliRunner().invoke(
        app, ["money", *words, "-n", "4", "--cores", "1", "--payer", "stit=CCG", "--out", str(out)]
    )
    assert said.exit_code == 0, said.output
    assert "Who pays and who gains" in said.output
    assert "CCG" in set(pd.read_csv(out / "money.csv")["payer"])
    said = CliRunner().invoke(app, ["report", *words, "-n", "4", "--cores", "1", "--out", str(out)])
    assert said.exit_code == 0, said.output
    assert (out / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert docx.Document(str(out / "report.docx")).tables
    for command in (
        ["money", *words, "--payer", "stit"],
        ["report", *words, "--plan-cost", "x", "--out", str(out)],
    ):
        assert CliRunner().invoke(app, command).exit_code == 2
