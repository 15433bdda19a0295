"""Rules of sense for one distribution: which numbers go together, and whether it can be worked out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowsim.scenario.model import Distribution
from flowsim.scenario.words import Complaint, one_of, plain

TWO_NUMBERS: Final = ("lognormal", "gamma", "weibull")
# The largest spread that can still be told from "nobody stays, but one person stays for ever".
MOST_SPREAD: Final = 50
_MOMENTS: Final = ({"mean", "sd"}, {"median", "p90"})
_NEEDS: Final = {
    "exponential": ({"mean"},),
    "fixed": ({"mean"},),
    "mixture": ({"parts"},),
    "empirical": ({"values"}, {"values", "weights"}),
    **dict.fromkeys(TWO_NUMBERS, _MOMENTS),
}
_WORDS: Final = {
    "exponential": "mean",
    "fixed": "mean",
    "mixture": "parts",
    "empirical": "values (and weights, if you like), or file and column",
    **dict.fromkeys(TWO_NUMBERS, "mean and sd, or median and p90"),
}


def distribution_complaints(path: str, spec: Distribution) -> Iterator[Complaint]:
    """What is wrong with a distribution; deeper rules only once its numbers go together."""
    given = {k for k, v in spec.model_dump(exclude={"dist", "max"}).items() if v is not None}
    if spec.file is not None or spec.column is not None:
        # A file is read when its scenario is loaded; one that is still named here was not.
        yield Complaint(
            path, "file and column work only in a scenario file that lies in a folder with the CSV file"
        )
    elif given not in _NEEDS[spec.dist]:
        has = one_of(sorted(given)) if given else "nothing"
        yield Complaint(path, f'a "{spec.dist}" needs {_WORDS[spec.dist]}; it has {has}')
    elif spec.max == 0:
        yield Complaint(f"{path}.max", "must be above 0 (days)", spec.max)
    else:
        yield from _numbers(path, spec)


def _numbers(path: str, spec: Distribution) -> Iterator[Complaint]:
    wrong = [*_two_numbers(path, spec), *_lists(path, spec)]
    for i, part in enumerate(spec.parts or (), start=1):
        wrong += distribution_complaints(f"{path}.parts[{i}].of", part.of)
    yield from wrong
    # Only what has to be solved for, or is cut off, can still fail.
    if not wrong and (spec.max is not None or spec.dist in ("gamma", "weibull", "mixture")):
        yield from _cannot_be_worked_out(path, spec)


def _two_numbers(path: str, spec: Distribution) -> Iterator[Complaint]:
    if spec.dist not in TWO_NUMBERS:
        return
    if spec.mean is not None and spec.sd is not None:
        if spec.sd == 0 and spec.dist != "lognormal":
            yield Complaint(f"{path}.sd", f'must be above 0 for a "{spec.dist}"', spec.sd)
        elif spec.sd > 0 and spec.mean == 0:
            yield Complaint(f"{path}.mean", "must be above 0 (days) where sd is above 0", spec.mean)
        elif spec.sd > MOST_SPREAD * spec.mean:
            most = plain(MOST_SPREAD * spec.mean)
            yield Complaint(
                f"{path}.sd", f"must be at most {MOST_SPREAD} times the mean: {most} (days)", spec.sd
            )
    elif spec.median is not None and spec.p90 is not None:
        if spec.median == 0:
            yield Complaint(f"{path}.median", "must be above 0 (days)", spec.median)
        elif not spec.p90 > spec.median:
            yield Complaint(f"{path}.p90", f"must be above the median, {plain(spec.median)} (days)", spec.p90)


def _lists(path: str, spec: Distribution) -> Iterator[Complaint]:
    if spec.parts is not None and not sum(part.weight for part in spec.parts) > 0:
        yield Complaint(f"{path}.parts", "the weights must add up to more than 0")
    if spec.values is not None and not spec.values:
        yield Complaint(f"{path}.values", "must hold at least one value")
    if spec.values and spec.weights is not None:
        if len(spec.weights) != len(spec.values):
            words = f"has {len(spec.weights)} entries, but there are {len(spec.values)} values"
            yield Complaint(f"{path}.weights", words)
        elif not sum(spec.weights) > 0:
            yield Complaint(f"{path}.weights", "must add up to more than 0")


def _cannot_be_worked_out(path: str, spec: Distribution) -> Iterator[Complaint]:
    # Imported here: it brings in scipy, which a scenario without such distributions need not wait for.
    from flowsim.distributions import mean

    try:
        mean(spec)
    except (ValueError, ArithmeticError) as error:
        yield Complaint(path, f"cannot be worked out: {error}")
