"""Each bad scenario file and its sentence: what a user reads who made this mistake."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flowsim.cli import app, main
from flowsim.cli.words import OUR_FAULT
from tests.cities import little_city, write

ROOT = Path(__file__).resolve().parents[2]
# What no user should ever have to read.
JARGON = re.compile(
    r"Traceback|validation error|Input should|type=|pydantic|constrained-float|literal\[|NoneType"
)

# What to put for what in the little city, and what the complaint must say: where, and what is right.
STIT_STARTS = "starts = { mon = 6, tue = 6, wed = 6, thu = 6, fri = 6, sat = 0, sun = 0, holiday = 0 }"
STIT_NEXT = 'next = { leave = "rest", homecare = 0.2, care_home = 0.03, hospital = 0.09 }'
EMERGENCY = 'routes = { home = "rest", d2a_home = 0.15, d2a_step_down = 0.08 }'
STIT_STAY = "stay = { mean = 28, sd = 14 }"

SMALL_MISTAKES: dict[str, tuple[str, str, str, str]] = {
    "text for a number": ("per_day = 20 ", 'per_day = "20" ', "streams.emergency.per_day", "0 to 100000"),
    "true for a number": ("per_day = 20 ", "per_day = true ", "streams.emergency.per_day", "a number from 0"),
    "not a number": ("per_day = 20 ", "per_day = nan ", "streams.emergency.per_day = nan", "not a number that can"),
    "infinite": ("capacity = 48", "capacity = inf", "services.ic_beds.capacity = inf", '"unlimited"'),
    "minus infinity": ("capacity = 48", "capacity = -inf", "services.ic_beds.capacity", '"unlimited"'),
    "huge float": ("capacity = 48", "capacity = 1e300", "services.ic_beds.capacity", "0 to 1000000000"),
    "huge whole number": ("capacity = 48", f"capacity = 1{'0' * 300}", "services.ic_beds.capacity", "some 301 digits"),
    "too large for a float": ("capacity = 48", f"capacity = 1{'0' * 399}", "services.ic_beds.capacity", "400 digits"),
    "overflowing float": ("capacity = 48", "capacity = 1e999", "services.ic_beds.capacity", "0 to 1000000000"),
    "negative": ("capacity = 48", "capacity = -48", "services.ic_beds.capacity = -48", "0 to 1000000000 (capacity units)"),
    "wrong word": ("capacity = 48", 'capacity = "lots"', "services.ic_beds.capacity", '"unlimited"'),
    "table for a number": ("capacity = 48", "capacity = { mon = 3 }", "services.ic_beds.capacity = a table", "a number"),
    "misspelt key": ("capacity = 48", "capcity = 48", "services.ic_beds.capcity", 'did you mean "capacity"?'),
    "unknown key": ("capacity = 48", "capacity = 48\nwibble = 1", "services.ic_beds.wibble", "is not a key"),
    "unknown section": ("[costs]", "[kosts]", "kosts", 'did you mean "costs"?'),
    "misspelt section": ("[while_waiting]", "[whilewaiting]", "whilewaiting", 'did you mean "while_waiting"?'),
    "name set in the file": ('title = "A', 'name = "x"\ntitle = "A', "name", "may not be set in it"),
    "no title": ('title = "A little city with everything"', "", "title", "is missing"),
    "title too long": ("A little city with everything", "x" * 121, "title", "120 characters"),
    "control character": ("A little city with everything", "\\u001b[2J", "title", "control characters"),
    "no start": ("start = 2017-10-01", "", "run.start", "a date such as 2017-10-01"),
    "date as text": ("start = 2017-10-01", 'start = "2017-10-01"', "run.start", "without quotation marks"),
    "date with time": ("start = 2017-10-01", "start = 2017-10-01T00:00:00", "run.start", "without a time of day"),
    "first century": ("start = 2017-10-01", "start = 0001-01-01", "run.start", "from 1990-01-01"),
    "last century": ("start = 2017-10-01", "start = 9999-12-31", "run.start", "to 2099-12-31"),
    "no days": ("days = 90", "days = 0", "run.days = 0", "a whole number from 1 to 7300 (days)"),
    "half a day": ("days = 90", "days = 1.5", "run.days = 1.5", "a whole number from 1"),
    "warm-up backwards": ("warm_up_days = 60", "warm_up_days = -1", "run.warm_up_days = -1", "from 0 to 3650"),
    "confidence of 2": ("confidence = 0.9", "confidence = 2", "target.confidence = 2", "from 0.5 to 0.9999"),
    "shares above 1": (EMERGENCY, "routes = { home = 0.9, d2a_home = 0.2 }", "streams.emergency.routes", "add up to 1.1"),
    "shares below 1": (EMERGENCY, "routes = { home = 0.9 }", "streams.emergency.routes", "add up to 0.9"),
    "two rests": (EMERGENCY, 'routes = { home = "rest", d2a_home = "rest" }', "streams.emergency.routes", "2 times"),
    "rest below zero": (EMERGENCY, 'routes = { home = "rest", d2a_home = 0.8, d2a_step_down = 0.4 }', "routes", "must not exceed 1"),
    "share above 1": (EMERGENCY, 'routes = { home = "rest", d2a_home = 1.5 }', "streams.emergency.routes.d2a_home = 1.5", 'from 0 to 1 (share), or "rest"'),
    "misspelt rest": (EMERGENCY, 'routes = { home = "reste", d2a_home = 0.1 }', "streams.emergency.routes.home", 'or "rest"'),
    "misspelt route": (EMERGENCY, 'routes = { home = "rest", d2a_hom = 0.1 }', "streams.emergency.routes.d2a_hom", 'did you mean "d2a_home"?'),
    "capital in a name": ("[routes.home]", "[routes.Home]", "routes.Home", "small letters"),
    "space in a name": ("[routes.home]", '[routes."to home"]', 'routes."to home"', "small letters"),
    "misspelt place": ("next = { stit = 1.0 }", "next = { stitt = 1.0 }", "routes.d2a_home.next.stitt", 'did you mean "stit"?'),
    "team as a place": ("next = { stit = 1.0 }", "next = { review = 1.0 }", "routes.d2a_home.next.review", "is a team"),
    "place as a team": ('tasks = ["allocation"]', 'tasks = ["stit"]', "routes.d2a_home.tasks.stit", "is a place"),
    "misspelt team": ('tasks = ["allocation"]', 'tasks = ["alocation"]', "routes.d2a_home.tasks.alocation", 'did you mean "allocation"?'),
    "misspelt entry": ('enters = "stit"', 'enters = "hospitle"', "streams.community.enters", 'did you mean "hospital"?'),
    "entering a team": ('enters = "stit"', 'enters = "review"', "streams.community.enters", "must be a place"),
    "misspelt plan B": ('service = "ic_beds"', 'service = "icbeds"', "services.stit.otherwise.service", 'did you mean "ic_beds"?'),
    "plan B is plan A": ('service = "ic_beds"', 'service = "stit"', "services.stit.otherwise.service", "another place"),
    "misspelt waiting place": ('wait_in = ["offsite_beds"]', 'wait_in = ["offsite_bed"]', "services.homecare.wait_in", 'did you mean "offsite_beds"?'),
    "difference at no place": ("[routes.d2a_step_down.at.stit]", "[routes.d2a_step_down.at.sit]", "routes.d2a_step_down.at.sit", 'did you mean "stit"?'),
    "misspelt weekday": (STIT_STARTS, "starts = { mo = 6 }", "services.stit.starts.mo", "is not a key"),
    "negative starts": (STIT_STARTS, "starts = { mon = -6 }", "services.stit.starts.mon = -6", "from 0 to 1000000"),
    "negative starts on all days": (STIT_STARTS, "starts = -6", "services.stit.starts = -6", "from 0 to 1000000"),
    "decided above 1": ("decided = { sat = 0.4, sun = 0.3 }", "decided = { sat = 4 }", "services.hospital.decided.sat = 4", "from 0 to 1 (share)"),
    "never decided": ("decided = { sat = 0.4, sun = 0.3 }", "decided = 0", "services.hospital.decided", "declared ready"),
    "no hour": ("hour = [1, 1,", "hour = [1,", "streams.emergency.hour", "must have 24"),
    "hours of zero": ("hour = [1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 5, 5, 5, 4, 4, 3, 2, 2, 1]", f"hour = [{', '.join(['0'] * 24)}]", "streams.emergency.hour", "above 0"),
    "word among hours": ("hour = [1, 1,", 'hour = ["x", 1,', "streams.emergency.hour[1]", "a number from 0"),
    "negative weight": ("weekday = { mon = 1.1,", "weekday = { mon = -1.1,", "streams.emergency.weekday.mon", "from 0"),
    "week of zeros": ("weekday = { mon = 1.1, sat = 0.9, sun = 0.85 }", "weekday = 0", "streams.emergency.weekday", "above 0"),
    "misspelt month": ("month = { jan = 1.05,", "month = { january = 1.05,", "streams.emergency.month.january", 'did you mean "jan"?'),
    "opens at 25": ('opens = "08:00"', 'opens = "25:00"', "services.stit.opens", "time of day"),
    "opens as a number": ('opens = "08:00"', "opens = 8", "services.stit.opens", "in quotation marks"),
    "closes before it opens": ('closes = "17:00"', 'closes = "08:30"', "services.allocation.opens", "before it closes"),
    "size grows": ("size = { start = 4, end = 1 }", "size = { start = 1, end = 4 }", "services.stit.size.end = 4", "sizes fall"),
    "size above capacity": ("size = 11.2", "size = 5000", "services.homecare.size.start = 5000", "would not fit"),
    "size on a route above capacity": ("size = 3", "size = 400", "routes.d2a_step_down.at.stit.size.start", "would not fit"),
    "mean with median": (STIT_STAY, "stay = { mean = 28, median = 20 }", "services.stit.stay", "mean and sd, or median and p90"),
    "mean alone": (STIT_STAY, "stay = { mean = 28 }", "services.stit.stay", "mean and sd, or median and p90"),
    "too much": (STIT_STAY, "stay = { mean = 28, sd = 3, p90 = 50 }", "services.stit.stay", "mean and sd, or median and p90"),
    "unknown family": (STIT_STAY, 'stay = { dist = "normal", mean = 28, sd = 3 }', "services.stit.stay.dist", '"lognormal"'),
    "p90 below median": ("stay = { median = 8, p90 = 20 }", "stay = { median = 8, p90 = 6 }", "routes.d2a_home.stay.p90 = 6", "above the median"),
    "spread without mean": (STIT_STAY, "stay = { mean = 0, sd = 3 }", "services.stit.stay.mean = 0", "above 0"),
    "wild spread": (STIT_STAY, "stay = { mean = 1, sd = 300 }", "services.stit.stay.sd = 300", "at most 50 times the mean"),
    "longest of zero": (STIT_STAY, "stay = { mean = 28, sd = 14, max = 0 }", "services.stit.stay.max = 0", "above 0"),
    "all above the longest": (STIT_STAY, 'stay = { dist = "fixed", mean = 28, max = 3 }', "services.stit.stay", "leaves nobody"),
    "empty mixture": (STIT_STAY, 'stay = { dist = "mixture", parts = [] }', "services.stit.stay.parts", "more than 0"),
    "part of a mixture": (STIT_STAY, 'stay = { dist = "mixture", parts = [{ weight = 1, of = { mean = 3 } }] }', "services.stit.stay.parts[1].of", "needs mean and sd"),
    "no values": ("values = [100, 400, 900], weights = [1, 2, 1]", "values = []", "services.care_home.stay.values", "at least one"),
    "weights do not fit": ("weights = [1, 2, 1]", "weights = [1, 2]", "services.care_home.stay.weights", "3 values"),
    "weights of zero": ("weights = [1, 2, 1]", "weights = [0, 0, 0]", "services.care_home.stay.weights", "more than 0"),
    "stay as text": (STIT_STAY, 'stay = "28 days"', "services.stit.stay", "a number of days, or a table"),
    "no stay": (STIT_STAY, "", "services.stit.stay", "is missing"),
    "no work": ("work = 1.0", "", "services.equipment.work", "is missing: a team needs"),
    "work in a place": (STIT_STAY, STIT_STAY + "\nwork = 3", "services.stit.work", "this is a place"),
    "stay in a team": ("work = 1.0", "work = 1.0\nstay = 3", "services.equipment.stay", "this is a team"),
    "unknown kind": ('kind = "team"\nlabel = "Review"', 'kind = "teem"', "services.review.kind", 'one of "place", "team"'),
    "unknown reason": ('reason = "Dii"', 'reason = "Z"', "services.care_home.reason", '"Dii"'),
    "attribution below 1": ("attribution = { social_care = 1.0 }", "attribution = { social_care = 0.4 }", "services.homecare.attribution", "add up to 0.4"),
    "C is the NHS's": ('cost_per_day = 160\nreason = "C"\nattribution = { nhs = 1.0 }', 'reason = "C"\nattribution = { social_care = 1.0 }', "services.ic_beds.attribution", "only be the NHS's"),
    "G is never both's": ('reason = "E"\nattribution = { social_care = 1.0 }', 'reason = "G"\nattribution = { both = 1.0 }', "services.homecare.attribution.both", "never both"),
    "round for ever": ("next = { died = 0.3, leave = 0.7 }", "next = { homecare = 1.0 }", "routes.d2a_home.next", "no way leads out"),
    "round very often": ("next = { died = 0.3, leave = 0.7 }", "next = { homecare = 0.999, leave = 0.001 }", "routes.", "visits each"),
    "over-prescription to nowhere": ("d2a_home = 0.02", "d2a_hom = 0.02", "over_prescription.home.d2a_hom", 'did you mean "d2a_home"?'),
    "over-prescription from nowhere": ("[over_prescription.home]", "[over_prescription.hom]", "over_prescription.hom", 'did you mean "home"?'),
    "change ends before it begins": ("to = 2017-12-20", "to = 2017-11-20", "changes[2].to = 2017-11-20", "2017-12-01"),
    "change without a date": ("from = 2017-11-01", "", "changes[1].from", "is missing"),
    "change of nothing": ('"services.stit.starts" = {', '"services.stitt.starts" = {', "services.stitt", 'did you mean "stit"?'),
    "change of no key": ('"services.stit.starts" = {', '"services.stit.start" = {', "services.stit.start", 'did you mean "starts"?'),
    "change of the run": ('add = { "services.ic_beds.capacity" = 6 }', 'add = { "run.days" = 6 }', "run.days", "cannot change during a run"),
    "change of who is there": ('add = { "services.ic_beds.capacity" = 6 }', 'add = { "services.ic_beds.initial.people" = 6 }', "services.ic_beds.initial", "settled before any change"),
    "change of what is read once": ('set = { "services.stit.starts" = { sat = 4, sun = 4 } }', 'set = { "services.homecare.skip" = false }', "services.homecare.skip", "read once for the whole run"),
    "change of a reason": ('set = { "services.stit.starts" = { sat = 4, sun = 4 } }', 'set = { "services.stit.reason" = "C" }', "services.stit.reason", "read once for the whole run"),
    "waiting in a hospital": ('wait_in = ["offsite_beds"]', 'wait_in = ["hospital"]', "services.homecare.wait_in", "is a hospital"),
    "team with a size": ('label = "Route allocation"', 'label = "Route allocation"\nsize = 2', "services.allocation.size", "belongs to a place"),
    "change of a kind": ('set = { "services.stit.starts" = { sat = 4, sun = 4 } }', 'set = { "services.stit.kind" = "team" }', "services.stit.kind", "cannot become a team"),
    "scaling no limit": ('scale = { "streams.emergency.per_day" = 1.1 }', 'scale = { "services.care_home.capacity" = 1.1 }', "services.care_home.capacity", "has no limit, so cannot be multiplied"),
    "adding to no limit": ('add = { "services.ic_beds.capacity" = 6 }', 'add = { "services.care_home.capacity" = 6 }', "services.care_home.capacity", "has no limit, so cannot be added to"),
    "scaling text": ('scale = { "streams.emergency.per_day" = 1.1 }', 'scale = { "services.stit.label" = 2 }', "services.stit.label", "cannot be multiplied"),
    "factor as text": ('"streams.emergency.per_day" = 1.1', '"streams.emergency.per_day" = "1.1"', "changes[2].scale", "a number"),
    "change to below zero": ('"services.ic_beds.capacity" = 6', '"services.ic_beds.capacity" = -100', 'change "Winter" on 2017-12-0', "services.ic_beds.capacity = -"),
    "change of a share": ('"services.stit.starts" = { sat = 4, sun = 4 }', '"services.ic_beds.next.stit" = 0.9', 'change "Seven-day pick-up by STIT" on 2017-11-01', "add up to 1.5"),
    "escalation of needs": ('add = { "services.offsite_beds.capacity" = 6 }', 'add = { "streams.emergency.per_day" = 6 }', "streams.emergency.per_day", "settled before the run"),
    "escalation of nothing": ('add = { "services.offsite_beds.capacity" = 6 }', 'add = { "services.offsite.capacity" = 6 }', "services.offsite", 'did you mean "offsite_beds"?'),
    "escalation upside down": ("until_below = 15", "until_below = 30", "escalations[1].until_below = 30", "when_delayed_above"),
    "crowds at the start": ("initial = { people = 220 }", "initial = { people = 999999, waiting = 99 }", "services.*.initial", "at most 1000000"),
    "a reserved name": ("[services.review]", "[services.rest]", "services.rest", "meaning of its own"),
    "no such base": ('title = "A', 'base = "sheffeld"\ntitle = "A', "base", "neither a file nor a bundled"),
    "base is a number": ('title = "A', 'base = 5\ntitle = "A', "base = 5", "in quotation marks"),
    "base climbs out": ('title = "A', 'base = "../other.toml"\ntitle = "A', "base", "leads out of"),
    "base is absolute": ('title = "A', 'base = "/etc/passwd"\ntitle = "A', "base", "absolute path"),
    "base on a drive": ('title = "A', "base = 'C:\\x.toml'\ntitle = \"A", "base", "absolute path"),
    "base on a share": ('title = "A', "base = '\\\\server\\x.toml'\ntitle = \"A", "base", "absolute path"),
    "base with backslashes": ('title = "A', "base = 'a\\b.toml'\ntitle = \"A", "base", "divided by"),
    "base is a device": ('title = "A', 'base = "NUL"\ntitle = "A', "base", "device"),
    "base is a device with an ending": ('title = "A', 'base = "con.toml"\ntitle = "A', "base", "device"),
    "base is itself": ('title = "A', 'base = "bad.toml"\ntitle = "A', "base", "goes round in a circle"),
    "no observed file": ("adults = 100000", 'observed = "x.csv"\nadults = 100000', "counting.observed", "no such file"),
    "observed climbs out": ("adults = 100000", 'observed = "../x.csv"\nadults = 100000', "counting.observed", "leads out of"),
    "no file of values": ("stay = { mean = 28, sd = 14 }", 'stay = { file = "x.csv", column = "days" }', "services.stit.stay", "no such file"),
    "a file without a column": ("stay = { mean = 28, sd = 14 }", 'stay = { dist = "empirical", file = "x.csv" }', "services.stit.stay", "file and column"),
    "syntax": ("days = 90", "days = = 90", "line 7", "not written as TOML"),
    "a string that never ends": ('title = "A little city with everything"', 'title = "A', "line 2", "not written as TOML"),
    "a key twice": ("days = 90", "days = 90\ndays = 91", "line 8", "not written as TOML"),
    "a table twice": ("[costs]", "[run]", "not written as TOML", "run"),
    "nested too deeply": ("days = 90", "days = " + "[" * 3000, "nested too deeply", "line 7"),
    "a key of many parts": ("days = 90", "a." * 20_000 + "a = 1", "far too long", "line 7"),
    "a number of many digits": ("days = 90", "days = " + "9" * 5000, "far too long", "line 7"),
    "very many keys": ("[costs]", "\n".join(f"[services.s{i}]\nkind = 'place'" for i in range(2500)) + "\n[costs]", "2,000 keys", "more than"),
}  # fmt: skip


def check(*files: Path | str) -> Result:
    """`flowsim check` in this process."""
    return CliRunner().invoke(app, ["check", *map(str, files)])


def assert_refused(result: Result, *fragments: str) -> None:
    """Exit code 2, a message in words that holds every fragment, and nothing else."""
    assert result.exit_code == 2, result.output
    assert not JARGON.search(result.output), result.output
    for fragment in fragments:
        assert fragment in result.stderr, result.stderr
    assert all(len(line) < 600 for line in result.stderr.splitlines())


def test_the_little_city_itself_is_fine(tmp_path: Path) -> None:
    result = check(write(tmp_path, "fine", little_city()))
    assert result.exit_code == 0, result.output
    assert result.stderr == ""


@pytest.mark.parametrize("mistake", SMALL_MISTAKES)
def test_a_mistake_is_answered_in_words(tmp_path: Path, mistake: str) -> None:
    before, after, where, right = SMALL_MISTAKES[mistake]
    assert before in little_city(), "the mistake must be made"
    file = write(tmp_path, "bad", little_city().replace(before, after, 1))
    began = time.process_time()
    result = check(file)
    assert_refused(result, "bad.toml", where, right)
    assert time.process_time() - began < 5
    assert [p.name for p in tmp_path.iterdir()] == ["bad.toml"], "nothing is written"


@pytest.mark.uncounted  # long, and others go through its lines
def test_one_mistake_is_one_complaint(tmp_path: Path) -> None:
    several = {
        "wild spread",
        "no stay",
        "round for ever",
        "round very often",
        "change to below zero",
        "a reserved name",
    }
    several |= {"capital in a name", "space in a name", "change of a share", "over-prescription from nowhere"}
    several |= {"unknown section", "misspelt section", "unknown kind"}
    for mistake, (before, after, _, _) in SMALL_MISTAKES.items():
        result = check(write(tmp_path, "bad", little_city().replace(before, after, 1)))
        if mistake not in several:
            assert len(result.stderr.splitlines()) == 1, (mistake, result.stderr)


def test_all_complaints_come_at_once(tmp_path: Path) -> None:
    text = little_city()
    for before, after in (
        ("capacity = 48", "capcity = 48"),
        ("per_day = 20 ", "per_day = -20 "),
        (STIT_STAY, "stay = { mean = 28 }"),
        ("to = 2017-12-20", "to = 2017-11-20"),
    ):
        text = text.replace(before, after, 1)
    result = check(write(tmp_path, "bad", text))
    assert_refused(
        result, "services.ic_beds.capcity", "streams.emergency.per_day", "services.stit.stay", "changes[2].to"
    )


def test_several_files_are_all_told_about(tmp_path: Path) -> None:
    good, bad = write(tmp_path, "good", little_city()), write(tmp_path, "bad", "")
    result = check(bad, good)
    assert result.exit_code == 2
    assert "bad.toml" in result.stderr
    assert "A little city with everything" in result.stdout


Bytes = Callable[[Path], object]
FILES: dict[str, tuple[Bytes, str]] = {
    "empty": (lambda p: p.write_bytes(b""), "is empty"),
    "blank": (lambda p: p.write_bytes(b" \n\n"), "is empty"),
    "only a comment": (lambda p: p.write_bytes(b"# later\n"), "title: is missing"),
    "a folder": (lambda p: p.mkdir(), "is a folder"),
    "missing": (lambda p: None, "there is no such file"),
    "binary": (lambda p: p.write_bytes(bytes(range(256)) * 20), "zero bytes"),
    "zero bytes": (lambda p: p.write_bytes(b'title = "a\0b"'), "zero bytes"),
    "Latin-1": (lambda p: p.write_bytes('title = "Café"'.encode("latin-1")), "UTF-8 (line 1)"),
    "UTF-16 with a mark": (lambda p: p.write_bytes(little_city().encode("utf-16")), "UTF-16"),
    "UTF-16 without a mark": (lambda p: p.write_bytes(little_city().encode("utf-16-le")), "UTF-16"),
    "UTF-32": (lambda p: p.write_bytes(little_city().encode("utf-32-be")), "UTF-16"),
    "a zip file": (lambda p: p.write_bytes(b"PK\x03\x04" + bytes(range(1, 256))), "not a text file"),
    "too large": (lambda p: p.write_bytes(b"# x\n" * 70_000), "too large"),
    "100 MB": (lambda p: _sparse(p, 100_000_000), "100,000,000 bytes"),
    "100,000 brackets": (lambda p: p.write_text("a = " + "[" * 100_000), "nested too deeply"),
    "100,000 inline tables": (lambda p: p.write_text("a = " + "{a=" * 60_000), "nested too deeply"),
    "a key of 20,000 parts": (lambda p: p.write_text("a." * 20_000 + "a = 1"), "far too long"),
    "a quoted key of 20,000 parts": (lambda p: p.write_text('"a".' * 20_000 + '"a" = 1'), "far too long"),
    "a header of 20,000 parts": (lambda p: p.write_text("[" + "a." * 20_000 + "a]"), "far too long"),
    "a long key": (lambda p: p.write_text("a" * 300 + " = 1"), "a key of 300 characters"),
    "a hex bomb": (lambda p: p.write_text("a = 0x" + "f" * 200_000), "far too long"),
    "endless spaces": (lambda p: p.write_text("a" + " " * 200_000), "not written as TOML"),
    "endless backslashes": (lambda p: p.write_text('"\\' * 100_000), "not written as TOML"),
    "endless quotes": (lambda p: p.write_text('"' * 200_000), "far too long"),
    "JSON": (lambda p: p.write_text('{"title": "x"}'), "not written as TOML"),
    "YAML": (lambda p: p.write_text("title: x\nrun:\n  days: 3\n"), "not written as TOML"),
    "an array of everything": (lambda p: p.write_text("title = []\nrun = []\nstreams = 3\n"), "must be a table"),
}  # fmt: skip


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_no_scenario_is_refused_quickly(tmp_path: Path, kind: str) -> None:
    make, fragment = FILES[kind]
    file = tmp_path / "bad.toml"
    make(file)
    before = sorted(tmp_path.iterdir())
    began = time.process_time()
    result = check(file)
    assert_refused(result, "bad.toml", fragment)
    # A second is what is promised; the rest is room for a busy machine that tests in parallel.
    assert time.process_time() - began < 3
    assert sorted(tmp_path.iterdir()) == before


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "windows.toml"
    file.write_bytes(b"\xef\xbb\xbf" + little_city().replace("\n", "\r\n").encode())
    assert check(file).exit_code == 0


@pytest.mark.parametrize("name", ["NUL", "con", "aux.toml", "COM1.toml", "lpt9"])
def test_device_names_are_not_opened(name: str) -> None:
    assert_refused(check(name), name, "device on Windows")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    assert_refused(check(pipe), "pipe.toml", "not a plain file")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    file = write(tmp_path, "closed", little_city())
    file.chmod(0)
    assert_refused(check(file), "closed.toml", "permission")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / "base.toml").symlink_to(write(outside, "secret", little_city()))
    assert_refused(check(write(inside, "bad", 'base = "base.toml"')), "bad.toml", "leads out of")


def test_a_misspelt_bundled_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowsim.scenario.files.bundled_folder", lambda: tmp_path)
    write(tmp_path, "sheffield-2017", little_city())
    assert check("sheffield-2017").exit_code == 0
    assert_refused(check("shefield-2017"), "shefield-2017", 'did you mean "sheffield-2017"?')


def test_bases_in_a_circle_and_in_a_long_chain(tmp_path: Path) -> None:
    write(tmp_path, "a", 'base = "b.toml"')
    write(tmp_path, "b", 'base = "a.toml"')
    assert_refused(check(tmp_path / "a.toml"), "goes round in a circle")
    write(tmp_path, "link0", little_city())
    for i in range(1, 12):
        write(tmp_path, f"link{i}", f'base = "link{i - 1}.toml"')
    assert check(tmp_path / "link8.toml").exit_code == 0
    assert_refused(check(tmp_path / "link11.toml"), "more than 8 scenarios")


def test_a_bad_base_is_named(tmp_path: Path) -> None:
    write(tmp_path, "base", "days = = 3")
    assert_refused(check(write(tmp_path, "bad", 'base = "base"')), "base.toml", "not written as TOML")


COLUMNS: dict[str, tuple[bytes, str]] = {
    "no such column": (b"length\n1\n", "has no such column"),
    "a word": (b"days\n1\nlong\n", "row 3"),
    "a negative": (b"days\n-1\n", "from 0 to 36500"),
    "not a number": (b"days\nnan\n", "from 0 to 36500"),
    "no values": (b"days\n", "has no values"),
    "empty file": (b"", "has no such column"),
    "binary": (b"days\n\0\0\1", "zero bytes"),
    "too many rows": (b"days\n" + b"1\n" * 200_001, "200,000 rows"),
    "too large": (b"days\n" + b"1" * 6_000_000, "too large"),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_that_is_no_column(tmp_path: Path, kind: str) -> None:
    content, fragment = COLUMNS[kind]
    (tmp_path / "stays.csv").write_bytes(content)
    text = little_city().replace(STIT_STAY, 'stay = { file = "stays.csv", column = "days" }', 1)
    assert_refused(check(write(tmp_path, "bad", text)), "bad.toml", "services.stit.stay", fragment)


def test_no_more_people_than_a_run_can_hold(tmp_path: Path) -> None:
    text = little_city().replace("per_day = 20 ", "per_day = 80000 ").replace("days = 90", "days = 7300", 1)
    assert_refused(
        check(write(tmp_path, "bad", text)), "bad.toml", "streams.emergency.per_day", "at most 20,000,000"
    )


def test_no_more_work_than_a_check_can_do(tmp_path: Path) -> None:
    change = '[[changes]]\nlabel = "x"\nfrom = 2017-10-02\nramp_days = 3000\nscale = { "services.stit.stay_scale" = 1.0 }\n'
    text = little_city().replace("days = 90", "days = 3000", 1) + change * 40
    began = time.process_time()
    assert_refused(check(write(tmp_path, "bad", text)), "bad.toml", "make ramps shorter")
    assert time.process_time() - began < 3


def in_a_process(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command line as users start it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252"}
    return subprocess.run(
        [sys.executable, "-m", "flowsim", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        encoding="cp1252",
        timeout=60,
        check=False,
    )


def test_as_a_process_with_a_code_page(tmp_path: Path) -> None:
    write(tmp_path, "good", little_city().replace("Homecare", "Pflege \u2713 \u65e5"))
    done = in_a_process("check", "good.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Pflege ? ?" in done.stdout
    assert done.stderr == ""


def test_as_a_process_a_mistake_is_told_on_standard_error(tmp_path: Path) -> None:
    write(tmp_path, "bad", little_city().replace("capacity = 48", "capcity = 48"))
    done = in_a_process("check", "bad.toml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        'bad.toml: services.ic_beds.capcity: is not a key that is known here; did you mean "capacity"?'
        in done.stderr
    )
    assert not JARGON.search(done.stderr)


def test_as_a_process_without_arguments_and_with_wrong_ones(tmp_path: Path) -> None:
    for arguments in (["check"], ["chek"], ["check", "--nonsense"]):
        done = in_a_process(*arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert not JARGON.search(done.stderr)


def test_fault_of_ours_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(file: str) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("flowsim.cli.check._check", fails)
    monkeypatch.setattr(sys, "argv", ["flowsim", "check", "x"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == OUR_FAULT
    assert "ZeroDivisionError: by nothing" in capsys.readouterr().err
