"""`flowsim new`: from ten answers in a terminal, or a workbook, to a scenario that runs."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

import flowsim
from flowsim.cli import app
from tests.scenario.test_new_city import ANSWERS
from tests.words.workbook import filled

TYPED = "\n".join(str(answer) for answer in ANSWERS.values()) + "\n"


def new(*words: str, typed: str = "") -> tuple[int, str]:
    """What `flowsim new` answers, and its exit code."""
    answer = CliRunner().invoke(app, ["new", *words], input=typed)
    return answer.exit_code, answer.output


def test_ten_answers_make_a_scenario_that_runs(tmp_path: Path) -> None:
    out = tmp_path / "leeds.toml"
    code, said = new("--out", str(out), typed=TYPED)
    assert code == 0, said
    assert "10 of 10" in said
    assert "Reablement at home" in said
    city = flowsim.load(out)
    result = flowsim.run(city, replications=2)
    assert result.by_day("delayed").shape == (2, 182)
    assert result.by_day("delayed").mean() > 0


def test_a_bad_answer_is_asked_again(tmp_path: Path) -> None:
    typed = TYPED.replace("\n80\n", "\nmany\n-1\n80\n")
    code, said = new("--out", str(tmp_path / "leeds.toml"), typed=typed)
    assert code == 0, said
    assert 'target = "many": must be a number from 0 to 10000 (people)' in said
    assert said.count("3 of 10") == 3


def test_questions_left_unanswered_write_nothing(tmp_path: Path) -> None:
    code, said = new("--out", str(tmp_path / "x.toml"), typed="Leeds\n")
    assert code == 2
    assert "nothing was written" in said
    assert not list(tmp_path.iterdir())


def test_answers_that_do_not_go_together_write_nothing(tmp_path: Path) -> None:
    code, said = new("--out", str(tmp_path / "x.toml"), typed=TYPED.replace("\n180\n", "\n10\n"))
    assert code == 2
    assert "more than the 10 who are admitted" in said
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_and_a_missing_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("precious", encoding="utf-8")
    assert "is already there" in new("--out", str(tmp_path / "mine.toml"), typed=TYPED)[1]
    assert (tmp_path / "mine.toml").read_text(encoding="utf-8") == "precious"
    code, said = new("--out", str(tmp_path / "no" / "x.toml"), typed=TYPED)
    assert code == 2
    assert "cannot write" in said


def test_a_filled_in_workbook_says_the_same_as_the_terminal(tmp_path: Path) -> None:
    form, typed, read = (str(tmp_path / name) for name in ("form.xlsx", "typed.toml", "read.toml"))
    assert new("--template", form)[0] == 0
    assert new("--out", typed, typed=TYPED)[0] == 0
    filled(Path(form), ANSWERS)
    code, said = new("--from", form, "--out", read)
    assert code == 0, said
    assert Path(read).read_text(encoding="utf-8") == Path(typed).read_text(encoding="utf-8")


def test_a_template_is_called_what_it_is(tmp_path: Path) -> None:
    code, said = new("--template", str(tmp_path / "form.csv"))
    assert code == 2
    assert "form.csv: is no name for a workbook; end it in .xlsx" in said
    assert list(tmp_path.iterdir()) == []


def test_an_empty_template_is_complained_about_question_by_question(tmp_path: Path) -> None:
    form = str(tmp_path / "form.xlsx")
    new("--template", form)
    code, said = new("--from", form)
    assert code == 2
    assert len(said.splitlines()) == len(ANSWERS)
    assert "beds: has no answer (How many intermediate-care beds are there?); must be" in said


@pytest.mark.parametrize("changed", [{"beds": "=100+90"}, {"beds": "190 beds"}])
def test_what_is_no_number_in_a_workbook_is_named(tmp_path: Path, changed: dict[str, object]) -> None:
    form = tmp_path / "form.xlsx"
    new("--template", str(form))
    filled(form, {**ANSWERS, **changed})
    code, said = new("--from", str(form))
    assert code == 2
    assert "beds" in said
    assert len(said.splitlines()) == 1


def test_another_workbook_is_no_template(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    code, said = new("--from", str(tmp_path / "other.xlsx"))
    assert code == 2
    assert "flowsim new --template" in said
