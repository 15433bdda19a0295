"""What is written in the tree: docstrings where others read them, and nothing of anybody's own computer."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Written with a class of one letter, so that no pattern matches its own line. A path counts from its first slash
# only: `docs/home/` is a folder of ours.
FORBIDDEN = {
    "a folder of somebody's computer": re.compile(
        r"(?<![\w.~-])/(?:[w]ork|[f]arm|[r]oot|[h]ome/\w+|[U]sers/\w+|[t]mp/\w+)/\S"
        r"|[A-Za-z]:[\\/]+[U]sers[\\/]"
        r"|/[.]library\b"
    ),
    "a package index": re.compile(
        r"[p]ypi\.org|[p]ythonhosted\.org|[a]naconda\.org|[a]rtifactory|[i]ndex-url|https?://\S+/[s]imple\b",
        re.IGNORECASE,
    ),
}
# Left behind by tools; only looked at where git is not there to say what belongs to the tree.
NOT_OURS = {"results", "dist", "build", "htmlcov", "__pycache__"}


def files_of_the_tree(root: Path) -> list[Path]:
    """All files that are, or would be, committed."""
    if (root / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(
            command, cwd=root, capture_output=True, text=True, encoding="utf-8", check=True
        )
        return [path for name in listed.stdout.split("\0") if name and (path := root / name).is_file()]
    return [path for path in sorted(root.rglob("*")) if path.is_file() and _is_ours(path.relative_to(root))]


def _is_ours(path: Path) -> bool:
    hidden = [part for part in path.parts if part.startswith(".") and part != ".ci"]
    # Files at the top such as .gitignore are ours; hidden folders are caches and environments.
    return not NOT_OURS & set(path.parts) and (not hidden or hidden == [path.name] == list(path.parts))


def forbidden_in(text: str) -> Iterator[tuple[int, str, str]]:
    """Line number, what it is and the words, for everything that may not stand in a file."""
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in FORBIDDEN.items():
            for match in pattern.finditer(line):
                yield number, what, match.group()


def docstring_complaints(tree: ast.Module, file: str) -> Iterator[str]:
    """What is missing: the module's sentence, and the docstrings of public functions and classes."""
    yield from purpose_complaints(tree, file)
    yield from _undocumented(tree, file, "")


def purpose_complaints(tree: ast.Module, file: str) -> Iterator[str]:
    """Whether a module's first line says in a sentence what it is for."""
    first = (ast.get_docstring(tree) or "").partition("\n")[0]
    if not first:
        yield f"{file}: the module has no docstring"
    elif not re.match(r"^([A-Z`\"]|flowsim\b).*[.?!]$", first):
        yield f"{file}: the module's docstring does not begin with a sentence on one line: {first!r}"


def _is_stub(node: ast.stmt) -> bool:
    """Whether a body is only `...`: an overload, or a line of a Protocol whose class says what it means."""
    body = getattr(node, "body", [])
    return len(body) == 1 and ast.unparse(body[0]) == "..."


def _undocumented(node: ast.AST, file: str, owner: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if child.name.startswith("_"):
                continue
            if not ast.get_docstring(child) and not _is_stub(child):
                yield f"{file}, line {child.lineno}: {owner}{child.name} has no docstring"
            if isinstance(child, ast.ClassDef):
                yield from _undocumented(child, file, f"{owner}{child.name}.")


def test_docstrings() -> None:
    complaints = [
        complaint
        for path in sorted((ROOT / "flowsim").rglob("*.py"))
        for complaint in docstring_complaints(
            ast.parse(path.read_text(encoding="utf-8")), path.relative_to(ROOT).as_posix()
        )
    ]
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


def test_every_file_says_what_it_is_for() -> None:
    complaints = [
        complaint
        for folder in ("scripts", "tests", "docs", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for complaint in purpose_complaints(
            ast.parse(path.read_text(encoding="utf-8")), path.relative_to(ROOT).as_posix()
        )
    ]
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


def test_nothing_of_this_computer_is_in_the_tree() -> None:
    complaints = []
    files = files_of_the_tree(ROOT)
    assert ROOT / "pyproject.toml" in files
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        text = path.read_bytes().decode("utf-8", errors="ignore")
        complaints += [
            f"{name}, line {line}: {words!r} is {what}" for line, what, words in forbidden_in(text)
        ]
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


@pytest.mark.parametrize(
    "parts",
    [
        ("see /wo", "rk/main/x.py"),
        ("'/ro", "ot/.cache'"),
        ("/ho", "me/ann/flowsim"),
        ("/Us", "ers/ann/flowsim"),
        (r"C:\Us", r"ers\ann"),
        ("/tm", "p/x/y"),
        ("https://py", "pi.org/project/x"),
        ("files.python", "hosted.org"),
        ("--index", "-url=x"),
        ("https://mirror.example/sim", "ple"),
    ],
)
def test_each_forbidden_thing_is_found(parts: tuple[str, str]) -> None:
    assert list(forbidden_in("".join(parts)))


@pytest.mark.parametrize(
    "text", ["docs/home/page.md", "no homework/late", "a simple https://example.org/page"]
)
def test_innocent_words_are_not(text: str) -> None:
    assert not list(forbidden_in(text))


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("", "x.py: the module has no docstring"),
        ('"""words"""', "x.py: the module's docstring does not begin with a sentence on one line: 'words'"),
        ('"""A sentence."""\ndef f(): return 1', "x.py, line 2: f has no docstring"),
        (
            '"""A sentence."""\nclass A:\n  """B."""\n  def f(self): return 1',
            "x.py, line 4: A.f has no docstring",
        ),
    ],
)
def test_each_missing_docstring_is_named(code: str, complaint: str) -> None:
    assert list(docstring_complaints(ast.parse(code), "x.py")) == [complaint]
