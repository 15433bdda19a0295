"""Shapley values: what each of several switches is worth, averaged over the orders in which they could be turned on.

The parts add up to the whole, to the last person (L. S. Shapley, A value for n-person games, 1953). With few switches every set of them
is tried; with many, random orders, each with its reverse: every order shares out the whole, and so does their mean (Castro, Gomez and
Tejada 2009, Computers & Operations Research 36, 1726-1730).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.special import stdtrit

from flowsim.experiment.intervals import Interval
from flowsim.units import Floats, Ints

LEVEL: Final = 0.95


def all_sets(switches: int) -> Ints:
    """Every set of switches as a number: those are on whose bits are set. Shape (2^switches,)."""
    return np.arange(1 << switches, dtype=np.int64)


def random_orders(switches: int, count: int, seed: int) -> Ints:
    """Orders of the switches, shape (count, switches); each second one is the reverse of the one before. `count` is even."""
    rng = np.random.default_rng(seed)
    found = np.empty((count, switches), dtype=np.int64)
    for pair in range(count // 2):
        found[2 * pair] = rng.permutation(switches)
        found[2 * pair + 1] = found[2 * pair][::-1]
    return found


def sets_of(orders: Ints) -> Ints:
    """The sets that some orders pass through, and each switch alone and last, ascending: what has to be run."""
    switches = orders.shape[1]
    everything = (1 << switches) - 1
    passed = {0, everything}
    passed |= {1 << n for n in range(switches)} | {everything ^ (1 << n) for n in range(switches)}
    for order in orders.tolist():
        on = 0
        for switch in order:
            on |= 1 << switch
            passed.add(on)
    return np.array(sorted(passed), dtype=np.int64)


def shapley(values: Floats) -> Floats:
    """What each of n switches takes away, shape (n, ...), from what every set of them leaves, shape (2^n, ...).

    Row s of `values` belongs to the set of those whose bits are set in s. The parts add up to values[0] - values[-1].
    """
    n = (len(values) - 1).bit_length()
    sets = np.arange(len(values))
    others = np.array([s.bit_count() for s in sets.tolist()])
    found = np.empty((n, *values.shape[1:]))
    for switch in range(n):
        without = sets[sets >> switch & 1 == 0]
        size = others[without]
        # Of all orders, the share in which exactly this set comes before the switch.
        weight = np.array([1 / (n * math.comb(n - 1, k)) for k in size.tolist()])
        found[switch] = np.tensordot(weight, values[without] - values[without | 1 << switch], axes=1)
    return found


def shapley_of_orders(values: Floats, sets: Ints, orders: Ints) -> Floats:
    """What each switch takes away in each pair of an order and its reverse, shape (pairs, n, replications).

    `values` has shape (sets, replications). In every pair the parts add up to the whole.
    """
    row = {number: place for place, number in enumerate(sets.tolist())}
    found = np.empty((len(orders), orders.shape[1], values.shape[1]))
    for place, order in enumerate(orders.tolist()):
        on = 0
        for switch in order:
            found[place, switch] = values[row[on]] - values[row[on | 1 << switch]]
            on |= 1 << switch
    pairs: Floats = found.reshape(-1, 2, *found.shape[1:]).mean(axis=1)
    return pairs


def part_interval(parts: Floats) -> Interval:
    """The mean of one switch's parts, shape (pairs, replications), with a 95 % interval for both kinds of chance.

    That of the replications, which all orders share, and that of the orders drawn; their variances add.
    """
    value = float(parts.mean())
    pairs, replications = parts.shape
    variance = float(parts.mean(axis=0).var(ddof=1)) / replications
    fewest = replications
    if pairs > 1:
        variance += float(parts.mean(axis=1).var(ddof=1)) / pairs
        fewest = min(pairs, replications)
    half = float(stdtrit(fewest - 1, (1 + LEVEL) / 2)) * math.sqrt(variance)
    return Interval(value, value - half, value + half)


def single_and_last(sets: Ints, values: Floats, switch: int) -> tuple[float, float]:
    """What a switch does when it is the only one on, and what it adds when all others are."""
    row = {number: place for place, number in enumerate(sets.tolist())}
    everything = int(sets[-1])
    alone = float((values[row[0]] - values[row[1 << switch]]).mean())
    last = float((values[row[everything ^ (1 << switch)]] - values[row[everything]]).mean())
    return alone, last


def in_set(switches: Sequence[object], number: int) -> list[int]:
    """The places of the switches that are on in a set."""
    return [n for n in range(len(switches)) if number >> n & 1]
