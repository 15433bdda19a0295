"""What a fit found, as tables: which numbers the data pin down, how well each figure is met, what cannot be met together."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from flowsim.decisions.calibrate import Calibration
from flowsim.decisions.emulator import Emulator, Scale, in_one_thread
from flowsim.decisions.particles import even
from flowsim.generators import generator
from flowsim.units import Floats

# A number is pinned down where the middle nine tenths of the set are at most this share of those of the range, and not told
# by the data where they are more than the other.
PINNED, UNTOLD = 0.5, 0.8
STANDS_IN: Final = 0.7
# A figure nearer than MET is met, one further than MISSED is not (standard deviations of chance, tolerance and emulator).
MET, MISSED = 2.0, 3.0
EVEN_POINTS: Final = 4_096
MIDDLE: Final = 0.9
LOW, HIGH = 0.05, 0.95


def parameters(found: Calibration) -> pd.DataFrame:
    """Posterior against prior: path, low, high (the range), value, from, to (the middle nine tenths of the set), ratio, verdict.

    `ratio` is the width of the middle nine tenths of the set over that of the range (of logarithms where the range is one of
    logarithms). `verdict`: "pinned down", "narrowed" or "not told".
    """
    rows = []
    typical = found.plausible.typical()
    for number, prior in enumerate(found.fit.priors):
        begins, ends = found.plausible.range_of(prior.name, MIDDLE)
        places = found.final.places[:, number]
        width = float(np.quantile(places, HIGH) - np.quantile(places, LOW))
        rows.append(
            (prior.name, prior.low, prior.high, typical[prior.name], begins, ends, width / MIDDLE, verdict(width / MIDDLE))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["path", "low", "high", "value", "from", "to", "ratio", "verdict"])


def verdict(ratio: float) -> str:
    """What a ratio of widths, posterior over prior, amounts to in words."""
    return "pinned down" if ratio <= PINNED else "narrowed" if ratio <= UNTOLD else "not told"


def standing_in(found: Calibration) -> pd.DataFrame:
    """Pairs of numbers that can stand in for each other within the set: path, other, correlation."""
    names = [prior.name for prior in found.fit.priors]
    rows = []
    if len(names) > 1:
        matrix = np.atleast_2d(np.corrcoef(found.final.places.T))
        rows = [
            (names[i], names[j], float(matrix[i, j]))
            for i, j in combinations(range(len(names)), 2)
            if abs(matrix[i, j]) > STANDS_IN
        ]
    return pd.DataFrame(rows, columns=["path", "other", "correlation"])


def figures(found: Calibration) -> pd.DataFrame:
    """The set against the data: target, part, unit, observed, mean, low, high, inside, width, apart, weight.

    `low` and `high`: the 5 and 95 % points over the set's replications, parameters and chance together. `width`: half the band over
    its mean. `apart`: observed minus mean in standard deviations of chance, tolerance and the set's spread.
    """
    scale = Scale(found.targets)
    values = found.final.figures.reshape(-1, len(found.targets))
    low, high = np.asarray(np.quantile(values, LOW, axis=0)), np.asarray(np.quantile(values, HIGH, axis=0))
    mean = values.mean(axis=0)
    scaled = scale.of(values)
    spread = np.sqrt(scaled.var(axis=0) + (found.widened * scale.tolerance) ** 2)
    apart = (scale.observed - scaled.mean(axis=0)) / np.maximum(spread, 1e-9)
    rows = []
    for n, target in enumerate(found.targets):
        width = (high[n] - low[n]) / 2 / mean[n] if mean[n] > 0 else np.nan
        inside = bool(low[n] <= target.observed <= high[n])
        rows.append(
            (target.name, target.part, target.unit, target.observed, mean[n], low[n], high[n], inside, width, apart[n], target.weight)
        )  # fmt: skip
    columns = [
        "target",
        "part",
        "unit",
        "observed",
        "mean",
        "low",
        "high",
        "inside",
        "width",
        "apart",
        "weight",
    ]
    return pd.DataFrame(rows, columns=columns)


def waves(found: Calibration) -> pd.DataFrame:
    """Each wave: wave, points, replications (of a point), left (the share of the ranges that is still plausible)."""
    rows = [
        (n + 1, wave.figures.shape[0], wave.figures.shape[1], share)
        for n, (wave, share) in enumerate(zip(found.waves, found.left, strict=True))
    ]
    return pd.DataFrame(rows, columns=["wave", "points", "replications", "left"])


def conflicts(found: Calibration) -> pd.DataFrame:
    """What cannot be met within the ranges: target, other, apart; the worst first, `other` empty where it is one figure alone.

    Judged by the tolerances as the fit file has them, over all points that were run and even points of the whole ranges, guessed by an
    emulator of the first wave. `apart`: how far the best point is from meeting the figure, or the worse of the two, in standard
    deviations of chance and tolerance.
    """
    with in_one_thread():
        apart, labels = _apart(found)
    rows: list[tuple[str, str, float]] = []
    least = apart.min(axis=0)
    rows += [(labels[n], "", float(least[n])) for n in np.flatnonzero(least > MISSED)]
    can = np.flatnonzero(least <= MET)
    for place, i in enumerate(can):
        others = can[place + 1 :]
        together = np.maximum(apart[:, [i]], apart[:, others]).min(axis=0)
        rows += [
            (labels[i], labels[j], float(worst))
            for j, worst in zip(others, together, strict=True)
            if worst > MISSED
        ]
    table = pd.DataFrame(rows, columns=["target", "other", "apart"])
    return table.sort_values("apart", ascending=False, kind="stable", ignore_index=True)


def _apart(found: Calibration) -> tuple[Floats, list[str]]:
    """How far every figure that counts is from the data at many points, shape (points, figures), and their labels."""
    scale = Scale(found.targets)
    counts = scale.weight > 0
    first = found.waves[0]
    scaled = scale.of(first.figures)
    replications = np.full(len(scaled), scaled.shape[1], dtype=np.float64)
    wide = Emulator(first.places, scaled.mean(axis=1), replications, found.emulator.chance_of_all, scale, 1.0)
    rng = generator(found.seed, 0, "calibrate/together")
    guessed = wide.figures(even(EVEN_POINTS, len(found.fit.priors), rng))
    ran = [scale.of(wave.figures).mean(axis=1)[:, counts] for wave in (*found.waves, found.final)]
    means = np.concatenate([guessed, *ran])
    labels = [target.label for target, there in zip(found.targets, counts, strict=True) if there]
    return np.abs(means - scale.observed[counts]) / wide.spread, labels
