"""Reading strangers' files: size, encoding, TOML and its bombs, each refused in words and quickly."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

import tomli

from flowsim.errors import ScenarioError
from flowsim.scenario.words import nearest, printable, shortened

MOST_BYTES: Final = 256 * 1024
MOST_DEPTH: Final = 8
MOST_KEYS: Final = 2_000
LONGEST_KEY: Final = 120
MOST_KEY_PARTS: Final = 12
MOST_DIGITS: Final = 400
# Names that open a device on Windows, in any folder and with any ending.
DEVICES: Final = {"con", "prn", "aux", "nul", *(f"{p}{i}" for p in ("com", "lpt") for i in range(10))}

# Strings and comments hold anything; what is left shows nesting, long keys and long numbers.
# Possessive (*+), and with an end that may be missing, so that no text is looked at twice.
_QUOTED: Final = re.compile(
    r'"""(?:\\.|[^\\"]|"(?!""))*+(?:""")?|'
    r"'{3}(?:[^']|'(?!''))*+(?:'{3})?|"
    r'"(?:\\[^\n]|[^"\\\n])*+"?|'
    r"'[^'\n]*+'?|#[^\n]*+",
    re.DOTALL,
)
# What divides one key or value from the next.
_DIVIDES: Final = re.compile(r"[,=\[\]{}\n]")


def read_bytes(path: Path, most: int, what: str) -> bytes:
    """The content of a file. Raises ScenarioError where it is no plain file, too large or not readable."""
    name = printable(str(path))
    refuse_device(path.name, name)
    try:
        status = path.stat()
        # A pipe or a device could keep us waiting, so it is never opened.
        if stat.S_ISDIR(status.st_mode):
            raise ScenarioError([f"{name}: is a folder, not {what}"])
        if not stat.S_ISREG(status.st_mode):
            raise ScenarioError([f"{name}: is not a plain file"])
        refuse_size(status.st_size, most, what, name)
        with path.open("rb") as file:
            return file.read(most + 1)
    except FileNotFoundError:
        raise ScenarioError([f"{name}: there is no such file"]) from None
    except PermissionError:
        raise ScenarioError([f"{name}: you have no permission to read this file"]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is not one a file can have"
        raise ScenarioError([f"{name}: cannot be read: {reason}"]) from None


def refuse_size(size: int, most: int, what: str, name: str) -> None:
    """Raise ScenarioError where a file has more bytes than may be read."""
    if size > most:
        raise ScenarioError(
            [f"{name}: is too large for {what}: {size:,} bytes; at most {most:,} can be read"]
        )


def refuse_device(file_name: str, shown: str) -> None:
    """Raise ScenarioError where a file name means a device on Windows."""
    if file_name.split(".", maxsplit=1)[0].rstrip(" ").lower() in DEVICES:
        raise ScenarioError([f"{shown}: is the name of a device on Windows, not of a file"])


def text_of(data: bytes, name: str) -> str:
    """A file's bytes as text. Raises ScenarioError where it is not UTF-8; a byte order mark is accepted."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ScenarioError([f'{name}: is saved as UTF-16 ("Unicode"); save it as UTF-8'])
    if b"\0" in data:
        # Every other byte of plain text in UTF-16 is zero, whether or not it begins with a mark.
        zeros = max(data[::2].count(0), data[1::2].count(0))
        if zeros > len(data) // 4:
            raise ScenarioError([f"{name}: looks like UTF-16; save it as UTF-8"])
        raise ScenarioError([f"{name}: holds zero bytes, so it is not a text file"])
    try:
        # TOML ends lines as Windows does or as Unix does; a lone carriage return is neither.
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ScenarioError(
            [f"{name}: is not a text file in UTF-8 (line {line}); save it as UTF-8"]
        ) from None


def document_in(text: str, name: str) -> dict[str, Any]:
    """TOML text as nested tables. Raises ScenarioError for a syntax error or a bomb."""
    if len(text) > MOST_BYTES:
        raise ScenarioError(
            [f"{name}: is too large for a scenario; at most {MOST_BYTES:,} bytes can be read"]
        )
    if not text.strip():
        raise ScenarioError(
            [f"{name}: is empty; a scenario needs at least a title, [run], streams, routes, services"]
        )
    _refuse_bombs(_QUOTED.sub(_blank, text), name)
    try:
        document: dict[str, Any] = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise ScenarioError([f"{name}: is not written as TOML: {_readable(str(error), text)}"]) from None
    except (RecursionError, ValueError, OverflowError):
        raise ScenarioError(
            [f"{name}: cannot be read: a number, a key or a nesting is far too long"]
        ) from None
    _refuse_excess(document, name)
    return document


def _blank(match: re.Match[str]) -> str:
    """What stands for a string or a comment: nothing but its line ends, so that lines keep their numbers."""
    return '""' + "\n" * match.group().count("\n") if match.group()[0] != "#" else ""


def _refuse_bombs(bare: str, name: str) -> None:
    """Raise ScenarioError for what would keep a TOML reader busy; `bare` has no strings or comments."""
    line = 1
    start = 0
    for end in [m.start() for m in _DIVIDES.finditer(bare)] + [len(bare)]:
        token = bare[start:end].strip()
        if len(token) > MOST_DIGITS or token.count(".") > MOST_KEY_PARTS:
            is_number = token[:3].lstrip("+-")[:1].isdigit()
            what = "a number" if is_number else "a key" if bare[end : end + 1] in ("=", "]") else "a word"
            raise ScenarioError([f"{name}: holds {what} that is far too long (line {line})"])
        line += bare[end : end + 1] == "\n"
        start = end + 1
    depth = 0
    for bracket in re.finditer(r"[\[{\]}]", bare):
        depth += 1 if bracket.group() in "[{" else -1
        if depth > 2 * MOST_DEPTH:
            line = bare.count("\n", 0, bracket.start()) + 1
            raise ScenarioError([f"{name}: is nested too deeply (line {line}); at most {MOST_DEPTH} levels"])


def _readable(message: str, text: str) -> str:
    """The reader's message with the line it is about."""
    where = re.search(r"\(at line (\d+), column (\d+)\)", message)
    plain = re.sub(r" \(at [^()]*\)$", "", message)
    if where is None:
        return f"{plain} (at the end of the file)"
    twice = re.match(r"Cannot (?:overwrite a value|declare .* twice|mutate .*)$", plain)
    plain = "this is stated for a second time" if twice else plain
    lines = text.split("\n")
    line = lines[min(int(where[1]), len(lines)) - 1].strip()
    return f"{plain} (line {where[1]}, column {where[2]}): {shortened(line)}"


def _refuse_excess(document: dict[str, Any], name: str) -> None:
    """Raise ScenarioError for a document that is too deep, has too many keys, or too long ones."""
    keys = 0
    frontier: list[tuple[Any, int, str]] = [(document, 0, "")]
    while frontier:
        node, depth, path = frontier.pop()
        if depth > MOST_DEPTH:
            raise ScenarioError([f"{name}: {path[:80]}: is nested too deeply; at most {MOST_DEPTH} levels"])
        if isinstance(node, Mapping):
            keys += len(node)
            for key, value in node.items():
                if len(key) > LONGEST_KEY:
                    raise ScenarioError([f"{name}: has a key of {len(key):,} characters: {shortened(key)}"])
                frontier.append((value, depth + 1, f"{path}.{printable(key)}" if path else printable(key)))
        elif isinstance(node, list):
            frontier += [(value, depth + 1, path) for value in node if isinstance(value, (Mapping, list))]
        if keys > MOST_KEYS:
            raise ScenarioError([f"{name}: has more than {MOST_KEYS:,} keys"])


def beside(folder: Path, file: str, name: str, key: str) -> Path:
    """The path of a file named inside a scenario: in its folder or below, and nowhere else.

    Raises ScenarioError where the name is absolute, has a drive letter, climbs out, or is a device.
    """
    wrong = _out_of_place(file)
    if wrong is None:
        path = folder / file
        try:
            # A link inside the folder could lead out of it as well.
            inside = path.resolve().is_relative_to(folder.resolve())
        except (OSError, ValueError, RuntimeError):
            inside = False
        if inside:
            return path
        wrong = "leads out of the scenario's folder"
    raise ScenarioError([f"{name}: {key} = {shortened(file)}: {wrong}; name a file beside the scenario"])


def _out_of_place(file: str) -> str | None:
    parts = PurePosixPath(file).parts
    if not file.strip() or not file.isprintable() or len(file) > 200:
        return "is not the name of a file"
    if file.startswith(("/", "~", "\\\\")) or re.match(r"[A-Za-z]:", file):
        return "is an absolute path"
    if "\\" in file or ":" in file:
        return 'holds "\\" or ":"; folders are divided by "/"'
    if ".." in parts:
        return "leads out of the scenario's folder"
    if any(part.split(".")[0].rstrip(" ").lower() in DEVICES for part in parts):
        return "is the name of a device on Windows"
    return None


def there_is(name: str, known: tuple[str, ...]) -> str:
    """What to say of a name that is neither a file nor a bundled scenario."""
    return f"is neither a file nor a bundled scenario; {nearest(name, known)}"
