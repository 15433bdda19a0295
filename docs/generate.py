"""Pages of the handbook that the program writes itself: inputs, commands, scenarios, modules, and the method in words.

Each has one source: the table of inputs, the commands' own help, the scenario files, the first line of each module,
and flowsim/report/method.py, which the app's Method page shows too. They land in reference/generated/ and are not kept.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import typer

import flowsim
from flowsim.cli import app
from flowsim.experiment.summary import UNITS
from flowsim.report.method import CHECKLIST, FIGURES, LIMITS, RULES
from flowsim.scenario.fields import InputField, inputs
from flowsim.scenario.files import bundled_names, load
from flowsim.scenario.sources import input_rows
from flowsim.scenario.words import plain

SECTIONS = {
    "title": "The file itself", "about": "The file itself", "run": "[run]", "target": "[target]", "counting": "[counting]",
    "streams": "[streams.NAME]", "routes": "[routes.NAME]", "over_prescription": "[over_prescription.NAME]", "services": "[services.NAME]",
    "while_waiting": "[while_waiting]", "changes": "[[changes]]", "escalations": "[[escalations]]", "costs": "[costs]",
    "distribution": "A distribution, wherever one stands",
}  # fmt: skip
# Surface names by what they are; what is in none of these lists is an error of this page.
SURFACE = {
    "Scenarios": ("load", "Scenario"),
    "Running": ("run", "Result"),
    "Comparing and deciding": ("compare", "Comparison", "sweep", "read_sweep", "Sweep"),
    "Errors": ("FlowsimError", "ScenarioError", "RunError"),
}


def write_all(docs: Path) -> None:
    """Write every generated page, and every part to include in one, below a docs folder.

    What has not changed is left alone, so that a second build is quick.
    """
    pages = {
        "inputs.md": _inputs(), "commands.md": _commands(), "python.md": _python(), "scenarios.md": _scenarios(),
        "modules.md": _modules(docs.parent), "measures.txt": _measures(), "rules.txt": _list(RULES), "limits.txt": _list(LIMITS),
        "figures.txt": _table(("Figure", "What it means"), FIGURES), "checklist.txt": _table(("Item", "Answer"), CHECKLIST),
    }  # fmt: skip
    folder = docs / "reference" / "generated"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


# Markdown


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ") or " "


def _list(sentences: Iterable[str]) -> str:
    return "".join(f"1. {sentence}\n" for sentence in sentences)


def _code(text: object) -> str:
    return f"`{text}`" if str(text) else ""


# Inputs


def _inputs() -> str:
    head = ("Input", "What it is", "Kind", "Unit", "From", "To", "If left out")
    parts = []
    for section, fields in groupby(inputs(), lambda f: SECTIONS[f.group]):
        parts.append(f"## {section}\n\n{_table(head, (_input_row(f) for f in fields))}\n")
    return "# Inputs of a scenario\n\n" + _INPUTS_HEAD + "".join(parts)


_INPUTS_HEAD = (
    "Made from the table that also feeds the check and the app's forms (`flowsim.scenario.inputs()`). `*` stands for a name that you "
    "choose, or for an entry of a list. Where a source is wanted, it is that of the figure in a scenario: see "
    "[](scenarios.md). Unknown names are errors, and a misspelt one is answered with the nearest there is.\n\n"
)


def _input_row(field: InputField) -> tuple[str, ...]:
    name = field.path.partition(".")[2] or field.path
    what = (
        f"**{field.label}**{': ' if field.label and field.hint else ''}{field.hint}"
        if field.label
        else field.hint
    )
    kind = f"{field.type}: {', '.join(map(_code, field.choices))}" if field.type == "choice" else field.type
    return (
        _code(name), what, kind, field.unit, "" if field.low is None else plain(field.low), "" if field.high is None else plain(field.high),
        "must be given" if field.required else _default(field),
    )  # fmt: skip


def _default(field: InputField) -> str:
    if field.default is None:
        return "none"
    if isinstance(field.default, dict | tuple | list):
        return _code(field.default) if field.default and len(str(field.default)) < 40 else "as usual"
    return _code(str(field.default).lower() if isinstance(field.default, bool) else field.default)


# Commands


def _commands() -> str:
    group = typer.main.get_command(app)
    parts = [_command(name, command) for name, command in group.commands.items()]  # type: ignore[attr-defined]
    return "# Commands\n\n" + _COMMANDS_HEAD + "\n".join(parts)


_COMMANDS_HEAD = (
    "Made from the commands' own help. Each is `python -m flowsim COMMAND …`, or `flowsim COMMAND …` where flowsim is installed. "
    "Exit codes: 0 done; 1 the answer is no (a check that failed); 2 the input is wrong, said on standard error in words; "
    "130 stopped by Ctrl-C, with what was finished kept.\n\n"
)


def _command(name: str, command: Any) -> str:
    rows = [
        (_code(_names(p)), " ".join((p.help or "").split()), _default_of(p))
        for p in command.params
        if p.name != "help"
    ]
    table = (
        _table(("Argument or option", "What it is", "If left out"), rows) if rows else "Takes no arguments.\n"
    )
    return f"## flowsim {name}\n\n{command.help or ''}\n\n{table}"


def _names(parameter: Any) -> str:
    shown = parameter.metavar or parameter.name.upper()
    if parameter.param_type_name == "argument":
        return f"{shown}…" if parameter.nargs == -1 and not shown.endswith("...") else str(shown)
    return ", ".join(parameter.opts) + ("" if parameter.is_flag else f" {shown}")


def _default_of(parameter: Any) -> str:
    if parameter.required:
        return "must be given"
    default = parameter.default
    return "" if default in (None, False) or callable(default) else _code(default)


# Python


def _python() -> str:
    from_elsewhere = [
        name for name in flowsim.__all__ if name != "__version__" and name not in sum(SURFACE.values(), ())
    ]
    sections = {**SURFACE, "Further questions": tuple(from_elsewhere)}
    parts = ["# Python\n\n", _PYTHON_HEAD]
    for title, names in sections.items():
        parts.append(f"## {title}\n\n```{{eval-rst}}\n")
        parts += [_autodoc(name) for name in names if name in flowsim.__all__]
        parts.append("```\n\n")
    return "".join(parts)


_PYTHON_HEAD = (
    "Made from the docstrings. All of these are attributes of `flowsim`; what is not named here may change without a word. "
    "Times are in days, people are people, money is in pounds of the scenario's price year, shares are from 0 to 1.\n\n"
)


def _autodoc(name: str) -> str:
    thing = getattr(flowsim, name)
    if not isinstance(thing, type):
        return f".. autofunction:: flowsim.{name}\n\n"
    # A scenario's fields are on the page of inputs, each with unit and range.
    members = "" if name == "Scenario" else "   :members:\n"
    return f".. autoclass:: flowsim.{name}\n   :no-index:\n{members}\n"


# Scenarios, measures, modules


def _scenarios() -> str:
    rows = []
    for name in bundled_names():
        figures = [row for row in input_rows(name) if row.is_figure]
        counts = [
            str(sum(row.confidence in kinds for row in figures))
            for kinds in (("H", "M", "L"), ("assumption",), ("tuned",))
        ]
        rows.append((_code(name), load(name).title, *counts))
    text = "Figures stated in the file or in one that it builds on, by where they come from. `flowsim check NAME` says what each amounts to.\n\n"
    return (
        "# Bundled scenarios\n\n"
        + text
        + _table(("Name", "Title", "Documented", "Assumed", "Tuned"), rows)
        + "\n"
        + _OWN_SOURCES
    )


_OWN_SOURCES = '```{include} ../../../scenarios/README.md\n:start-after: "# Scenarios"\n:end-before: "## Official figures"\n```\n'


def _measures() -> str:
    rows = [(_code(f"{beginning}…"), unit) for beginning, unit in UNITS]
    return _table(("A measure whose name begins with", "is in"), rows)


def _modules(root: Path) -> str:
    rows = []
    for path in sorted((root / "flowsim").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
        rows.append((_code(name), first))
    return (
        "# Modules\n\nEvery module with the one thing that it is for: the first line of its text.\n\n"
        + _table(("Module", "What it is for"), rows)
    )
