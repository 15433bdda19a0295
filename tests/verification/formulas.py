"""Queueing theory with known answers, written down once with its sources.

Rates are per day and times in days. `load` is the offered load a = arrivals x mean stay (erlang).

Erlang 1917 ("Solution of some problems in the theory of probabilities of significance in automatic
telephone exchanges"); Cobham 1954 ("Priority assignment in waiting line problems", Operations Research
2, 70-76); Kiefer and Wolfowitz 1955 ("On the theory of queues with many servers", Transactions of the
AMS 78, 1-18); Gross, Shortle, Thompson and Harris, "Fundamentals of Queueing Theory", 5th ed. 2018.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csc_matrix
from scipy.sparse.linalg import spsolve

Floats = NDArray[np.float64]


def erlang_b(places: int, load: float) -> float:
    """Share of arrivals that find every place taken where nobody waits, by the usual recursion from 0 places."""
    blocked = 1.0
    for n in range(1, places + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


@dataclass(frozen=True)
class Waiting:
    """What there is to know of an M/M/c queue in the long run."""

    p_wait: float
    queue: float  # people waiting, time average
    wait: float  # days, of everybody, those who need not wait included
    present: float  # people waiting or being served


def erlang_c(per_day: float, stay: float, places: int) -> Waiting:
    """M/M/c: C(c, a) = B / (1 - rho (1 - B)), Lq = C rho / (1 - rho), Wq = Lq / lambda (Gross et al., section 3.3)."""
    load = per_day * stay
    rho = load / places
    assert rho < 1, "without a steady state there is nothing to compare with"
    blocked = erlang_b(places, load)
    p_wait = blocked / (1 - rho * (1 - blocked))
    queue = p_wait * rho / (1 - rho)
    return Waiting(p_wait, queue, queue / per_day, queue + load)


def cobham(per_day: Sequence[float], mean: Sequence[float], second: Sequence[float]) -> list[float]:
    """Mean waits in M/G/1 by class, most urgent first, nobody being interrupted (Cobham 1954).

    W_k = W_0 / ((1 - s_{k-1}) (1 - s_k)): W_0 = sum lambda E[S^2] / 2 is what is left of the stay that an
    arrival finds, s_k the load of the classes up to k. `second` holds the second moments of the stays.
    """
    left = sum(r * s for r, s in zip(per_day, second, strict=True)) / 2
    return _by_class(left, [r * m for r, m in zip(per_day, mean, strict=True)])


def cobham_many(per_day: Sequence[float], stay: float, places: int) -> list[float]:
    """The same for M/M/c with one exponential stay: W_0 = C(c, a) stay / c (Cobham 1954)."""
    left = erlang_c(sum(per_day), stay, places).p_wait * stay / places
    return _by_class(left, [r * stay / places for r in per_day])


def _by_class(left: float, loads: Sequence[float]) -> list[float]:
    upto = np.concatenate([[0.0], np.cumsum(loads)])
    return [float(left / ((1 - before) * (1 - with_them))) for before, with_them in pairwise(upto)]


def birth_death(births: Callable[[int], float], deaths: Callable[[int], float], most: int) -> Floats:
    """Long-run probabilities of 0..most people: p_n = p_{n-1} births(n-1) / deaths(n)."""
    logs = [0.0]
    for n in range(1, most + 1):
        logs.append(logs[-1] + float(np.log(births(n - 1)) - np.log(deaths(n))))
    weight = np.exp(np.array(logs) - max(logs))
    found: Floats = weight / weight.sum()
    return found


def erlang_a(per_day: float, stay: float, places: int, leaves_per_day: float, most: int = 2000) -> Floats:
    """M/M/c+M (Palm 1957): probabilities of n people there, those waiting leaving at a rate each."""
    return birth_death(
        lambda _: per_day, lambda n: min(n, places) / stay + max(n - places, 0) * leaves_per_day, most
    )


State = tuple[int, ...]


def markov_chain(start: State, moves: Callable[[State], Iterable[tuple[State, float]]]) -> dict[State, float]:
    """Long-run probabilities of a continuous-time Markov chain: every state that can be reached, pi Q = 0 solved."""
    number: dict[Hashable, int] = {start: 0}
    states, rows, columns, rates = [start], [], [], []
    for state in states:
        for to, rate in moves(state):
            if to not in number:
                number[to] = len(states)
                states.append(to)
            rows += [number[to], number[state]]
            columns += [number[state], number[state]]
            rates += [rate, -rate]
    size = len(states)
    balance = coo_matrix((np.array(rates), (np.array(rows), np.array(columns))), shape=(size, size)).tolil()
    balance[size - 1, :] = 1.0  # one equation is superfluous; probabilities add up to 1 instead
    right = np.zeros(size)
    right[size - 1] = 1.0
    solved = spsolve(csc_matrix(balance), right)
    return {state: float(p) for state, p in zip(states, solved, strict=True)}


def average(chain: dict[State, float], of: Callable[[State], float]) -> float:
    """The long-run mean of something that depends on the state."""
    return sum(p * of(state) for state, p in chain.items())


def stationary(step: Floats) -> Floats:
    """Long-run probabilities of a discrete-time chain, shape (n,), from its transition matrix (rows add up to 1)."""
    n = step.shape[0]
    equations = step.T - np.eye(n)
    equations[-1] = 1.0
    found: Floats = np.linalg.solve(equations, np.eye(n)[-1])
    return found


def kiefer_wolfowitz(arrivals: Floats, stays: Floats, places: int) -> Floats:
    """Waits of people who arrive and stay like this in c places, first come first served (days).

    Whoever comes takes the place that is free first (Kiefer and Wolfowitz 1955): no long run, no chance.
    """
    free_at = [-np.inf] * places
    waits = np.zeros(arrivals.size)
    for i, (asked, stay) in enumerate(zip(arrivals.tolist(), stays.tolist(), strict=True)):
        started = max(asked, free_at[0])
        waits[i] = started - asked
        heapq.heapreplace(free_at, started + stay)
    return waits
