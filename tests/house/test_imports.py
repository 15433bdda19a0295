"""The house stands: imports point down the picture in CONTRIBUTING.md, and each outside library has one door."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Bottom to top. A name stands for the module and, if it is a package, for all that is in it; the
# longest name that fits counts. A new module gets its place here.
LAYERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ground", ("flowsim.errors", "flowsim.units", "flowsim.version", "flowsim.memory", "flowsim.files")),
    ("loops", ("flowsim.loops", "flowsim.compiling", "flowsim.counting", "flowsim.counting_loops")),
    (
        "inputs",
        (
            "flowsim.scenario",
            "flowsim.observed",
            "flowsim.distributions",
            "flowsim.generators",
            "flowsim.philox",
            "flowsim.workbooks",
        ),
    ),
    ("ranks", ("flowsim.ranks",)),
    ("people", ("flowsim.people",)),
    ("journeys", ("flowsim.journeys", "flowsim.journeys_loop")),
    ("engine", ("flowsim.engine",)),
    ("measures", ("flowsim.measures",)),
    ("experiment", ("flowsim.experiment", "flowsim.results", "flowsim.frames", "flowsim.saving")),
    ("decisions", ("flowsim.decisions",)),
    ("reports", ("flowsim.report", "flowsim.charts")),
    ("surface", ("flowsim",)),
    ("screens", ("flowsim.cli", "flowsim.pages", "flowsim.__main__")),
)
LEVEL = {name: level for level, (_, names) in enumerate(LAYERS) for name in names}

# Downwards, but still not allowed.
NEVER: tuple[tuple[str, str, str], ...] = (
    ("flowsim.ranks", "flowsim.scenario", "drawing never sees a scenario"),
    ("flowsim.generators", "flowsim.scenario", "drawing never sees a scenario"),
    ("flowsim.measures", "flowsim.engine", "measures read journeys, not how they were made"),
    ("flowsim.measures", "flowsim.people", "measures read journeys, not what people would have needed"),
)

# Outside library: its one door. What is not named here may be used anywhere. tomllib stands here because
# a scenario read by it, rather than by tomli, can be made to take half a minute.
DOORS = {
    "simpy": "flowsim.engine",
    "matplotlib": "flowsim.charts",
    "typer": "flowsim.cli",
    "holidays": "flowsim.scenario",
    "tomli": "flowsim.scenario",
    "tomlkit": "flowsim.scenario",
    "tomllib": "flowsim.scenario",
    "pyarrow": "flowsim.frames",
    "numba": "flowsim.compiling",
    "llvmlite": "flowsim.compiling",
    "distributed": "flowsim.experiment.cluster",
    "streamlit": "flowsim.pages",
    "plotly": "flowsim.pages.pictures",
    "vidigi": "flowsim.pages.animation",
    "sklearn": "flowsim.decisions.emulator",
    "docx": "flowsim.report.as_docx",
    "SALib": "flowsim.decisions.indices",
    "openpyxl": "flowsim.workbooks",
    "xlrd": "flowsim.workbooks",
    "xlsxwriter": "flowsim.report.takeaway",
}
# Libraries that are imported by another name than they are installed by.
IMPORTED_AS = {"python-docx": "docx", "scikit-learn": "sklearn"}
# pandas opens pyarrow's door from behind.
PARQUET_METHODS = {"to_parquet", "read_parquet", "to_feather", "read_feather"}


@dataclass(frozen=True)
class Import:
    """One import: who imports whom, where it is written, and whether it happens when the module is loaded."""

    module: str
    target: str
    file: str
    line: int
    on_load: bool

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.module} imports {self.target}"


def modules_below(root: Path) -> dict[str, Path]:
    """All modules of the package by dotted name."""
    found = {}
    for path in sorted((root / "flowsim").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _nodes(tree: ast.AST, on_load: bool = True) -> Iterator[tuple[ast.AST, bool]]:
    """Every node, and whether it runs when the module is loaded (not in functions, not for types only)."""
    for node in ast.iter_child_nodes(tree):
        yield node, on_load
        if isinstance(node, ast.If) and _is_type_checking(node.test):
            for child in node.body:
                yield child, False
                yield from _nodes(child, False)
            for child in node.orelse:
                yield child, on_load
                yield from _nodes(child, on_load)
            continue
        deferred = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _nodes(node, on_load and not deferred)


def _targets(node: ast.AST, names: set[str]) -> list[str]:
    """What one statement imports; of `from package import x` the module x where there is one."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        source = node.module or ""
        whole = (f"{source}.{alias.name}" for alias in node.names)
        return sorted({name if name in names else source for name in whole})
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
            return [node.args[0].value]
    if isinstance(node, ast.Attribute) and node.attr in PARQUET_METHODS:
        return ["pyarrow"]
    return []


def imports_below(root: Path) -> list[Import]:
    """Every import of every module of the package."""
    modules = modules_below(root)
    found = []
    for module, path in modules.items():
        file = path.relative_to(root).as_posix()
        for node, on_load in _nodes(ast.parse(path.read_text(encoding="utf-8"), file)):
            if isinstance(node, ast.ImportFrom) and node.level:
                dots = "." * node.level + (node.module or "")
                found.append(Import(module, dots, file, node.lineno, on_load))
            found += [
                Import(module, target, file, getattr(node, "lineno", 0), on_load)
                for target in _targets(node, set(modules))
            ]
    return found


def within(module: str, package: str) -> bool:
    """Whether a module is the package or in it."""
    return module == package or module.startswith(package + ".")


def level_of(module: str) -> int | None:
    """The floor a module lives on; None where the picture has no place for it."""
    # `flowsim` itself is the public surface, not a roof over whatever has no place of its own.
    fitting = [name for name in LEVEL if module == name or (name != "flowsim" and within(module, name))]
    return LEVEL[max(fitting, key=len)] if fitting else None


def homeless(root: Path) -> list[str]:
    """Modules that stand nowhere in the picture."""
    return [
        f"{path.relative_to(root).as_posix()}: {module} has no place in the layers"
        for module, path in modules_below(root).items()
        if level_of(module) is None
    ]


def upward(imports: list[Import]) -> list[str]:
    """Imports that point up the picture, or down it where a sentence forbids that."""
    complaints = []
    for one in imports:
        mine, other = level_of(one.module), level_of(one.target)
        if mine is not None and other is not None and other > mine:
            complaints.append(f"{one}, which is above it ({LAYERS[other][0]} over {LAYERS[mine][0]})")
        complaints += [
            f"{one}, but {why}"
            for above, below, why in NEVER
            if within(one.module, above) and within(one.target, below)
        ]
    return complaints


def relative(imports: list[Import]) -> list[str]:
    """Imports that begin with a dot."""
    return [f"{one}, which is a relative import" for one in imports if one.target.startswith(".")]


def wrong_doors(imports: list[Import]) -> list[str]:
    """Outside libraries that are used elsewhere than behind their door."""
    return [
        f"{one}, whose one door is {DOORS[library]}"
        for one in imports
        if (library := one.target.partition(".")[0]) in DOORS and not within(one.module, DOORS[library])
    ]


def undeclared(imports: list[Import], declared: set[str]) -> list[str]:
    """Outside libraries that pyproject.toml does not promise."""
    known = declared | set(sys.stdlib_module_names) | {"flowsim", ""}
    return [
        f"{one}, which is not a dependency in pyproject.toml"
        for one in imports
        if one.target.partition(".")[0] not in known
    ]


def circles(imports: list[Import]) -> list[str]:
    """Circles among imports that happen while modules load; each is told once, as a chain."""
    inner = [one for one in imports if one.on_load and within(one.target, "flowsim")]
    edges = {(one.module, one.target): one for one in inner if one.target != one.module}
    reach: dict[str, set[str]] = {}
    for module, target in edges:
        reach.setdefault(module, set()).add(target)
    complaints, told = [], set()
    for start in sorted(reach):
        chain = _way_back(start, reach)
        if chain and frozenset(chain) not in told:
            told.add(frozenset(chain))
            first = edges[chain[0], chain[1]]
            complaints.append(f"{first}, and the way leads back: {' -> '.join(chain)}")
    return complaints


def _way_back(start: str, reach: dict[str, set[str]]) -> list[str]:
    """The shortest chain of imports from a module to itself; empty where there is none."""
    chains, seen = [[start]], {start}
    while chains:
        chain = chains.pop(0)
        for target in sorted(reach.get(chain[-1], ())):
            if target == start:
                return [*chain, start]
            if target not in seen:
                seen.add(target)
                chains.append([*chain, target])
    return []


def declared_libraries() -> set[str]:
    """The libraries that pyproject.toml names, by the name they are imported by.

    Those that only tests need are not for the package.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = {extra: needs for extra, needs in project["optional-dependencies"].items() if extra != "test"}
    needs = [*project["dependencies"], *(need for needs in optional.values() for need in needs)]
    names = [need.partition(">")[0].strip() for need in needs]
    return {IMPORTED_AS.get(name, name.replace("-", "_")) for name in names}


def say(complaints: list[str]) -> None:
    """Fail with one sentence a line."""
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


HOUSE = imports_below(ROOT)


def test_the_package_was_found() -> None:
    assert "flowsim" in modules_below(ROOT)
    assert HOUSE


def test_every_module_has_its_place() -> None:
    say(homeless(ROOT))


def test_imports_point_down() -> None:
    say(upward(HOUSE))


def test_no_circles() -> None:
    say(circles(HOUSE))


def test_no_relative_imports() -> None:
    say(relative(HOUSE))


def test_each_library_has_one_door() -> None:
    say(wrong_doors(HOUSE))


def test_each_library_is_declared() -> None:
    say(undeclared(HOUSE, declared_libraries()))


# The checks above are silent in a house that stands, so each is shown one that does not.


def house(root: Path, files: dict[str, str]) -> list[Import]:
    """Build a small flowsim from files and their text; return its imports."""
    for name, text in {"__init__.py": "", **files}.items():
        path = root / "flowsim" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return imports_below(root)


def test_a_module_without_a_place_is_named(tmp_path: Path) -> None:
    house(tmp_path, {"attic.py": "", "engine/__init__.py": "", "engine/loop.py": ""})
    assert homeless(tmp_path) == ["flowsim/attic.py: flowsim.attic has no place in the layers"]


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        (
            "units.py",
            "x = 1\nfrom flowsim.scenario import load",
            (
                "flowsim/units.py, line 2: flowsim.units imports flowsim.scenario, "
                "which is above it (inputs over ground)"
            ),
        ),
        (
            "engine/process.py",
            "def late():\n    import flowsim.measures.census",
            (
                "flowsim/engine/process.py, line 2: flowsim.engine.process imports flowsim.measures.census, "
                "which is above it (measures over engine)"
            ),
        ),
        (
            "decisions/compare.py",
            "import flowsim",
            (
                "flowsim/decisions/compare.py, line 1: flowsim.decisions.compare imports flowsim, "
                "which is above it (surface over decisions)"
            ),
        ),
        (
            "people/steps.py",
            "from importlib import import_module\nx = import_module('flowsim.engine')",
            (
                "flowsim/people/steps.py, line 2: flowsim.people.steps imports flowsim.engine, "
                "which is above it (engine over people)"
            ),
        ),
        (
            "ranks.py",
            "from flowsim.scenario import model",
            (
                "flowsim/ranks.py, line 1: flowsim.ranks imports flowsim.scenario, "
                "but drawing never sees a scenario"
            ),
        ),
        (
            "measures/waits.py",
            "if TYPE_CHECKING:\n    from flowsim.people import People",
            (
                "flowsim/measures/waits.py, line 2: flowsim.measures.waits imports flowsim.people, "
                "but measures read journeys, not what people would have needed"
            ),
        ),
    ],
)
def test_an_import_that_points_up_is_named(tmp_path: Path, file: str, text: str, complaint: str) -> None:
    assert upward(house(tmp_path, {file: text})) == [complaint]


def test_imports_within_a_layer_and_down_are_fine(tmp_path: Path) -> None:
    files = {
        "measures/census.py": "from flowsim.measures import waits\nimport flowsim.scenario.model",
        "measures/waits.py": "from flowsim.journeys import Journeys",
        "cli.py": "import flowsim\nfrom flowsim import report",
        "report.py": "from flowsim import charts",
        "charts.py": "import matplotlib.pyplot as plt",
    }
    imports = house(tmp_path, files)
    assert not upward(imports)
    assert not circles(imports)
    assert not wrong_doors(imports)


def test_a_circle_is_told_once_as_a_chain(tmp_path: Path) -> None:
    files = {
        "scenario/a.py": "from flowsim.scenario import b",
        "scenario/b.py": "import flowsim.scenario.c",
        "scenario/c.py": "from flowsim.scenario.a import x",
    }
    (complaint,) = circles(house(tmp_path, files))
    assert complaint.startswith("flowsim/scenario/a.py, line 1: ")
    assert complaint.endswith(
        "flowsim.scenario.a -> flowsim.scenario.b -> flowsim.scenario.c -> flowsim.scenario.a"
    )


@pytest.mark.parametrize("late", ["def f():\n    {}", "if TYPE_CHECKING:\n    {}"])
def test_late_imports_make_no_circle(tmp_path: Path, late: str) -> None:
    files = {
        "scenario/a.py": "from flowsim.scenario import b",
        "scenario/b.py": late.format("from flowsim.scenario import a"),
    }
    assert not circles(house(tmp_path, files))


@pytest.mark.parametrize(
    ("text", "door"),
    [
        ("import simpy", "flowsim.engine"),
        ("from matplotlib import pyplot", "flowsim.charts"),
        ("def f():\n    import tomlkit.items", "flowsim.scenario"),
        ("frame.to_parquet(path)", "flowsim.frames"),
    ],
)
def test_a_wrong_door_is_named(tmp_path: Path, text: str, door: str) -> None:
    (complaint,) = wrong_doors(house(tmp_path, {"decisions/compare.py": text}))
    assert complaint.startswith("flowsim/decisions/compare.py, line ")
    assert complaint.endswith(f"whose one door is {door}")


def test_a_relative_import_is_named(tmp_path: Path) -> None:
    (complaint,) = relative(house(tmp_path, {"engine/a.py": "from ..units import grid"}))
    assert complaint == (
        "flowsim/engine/a.py, line 1: flowsim.engine.a imports ..units, which is a relative import"
    )


def test_an_undeclared_library_is_named(tmp_path: Path) -> None:
    imports = house(tmp_path, {"decisions/compare.py": "import json\nimport numpy\nimport requests"})
    (complaint,) = undeclared(imports, {"numpy"})
    assert complaint == (
        "flowsim/decisions/compare.py, line 3: flowsim.decisions.compare imports requests, "
        "which is not a dependency in pyproject.toml"
    )


def test_a_worker_loads_only_what_it_runs() -> None:
    """Each core has a process of its own: what they load needlessly is paid for in memory as often."""
    code = "import sys, flowsim.experiment.worker; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    heavy = {"pandas", "pyarrow", "matplotlib", "scipy.optimize", "scipy.stats", "rich", "typer", "streamlit"}
    assert sorted(heavy & set(loaded.stdout.split())) == []
