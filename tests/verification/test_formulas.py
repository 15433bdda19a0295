"""The formulas themselves: against published numbers, and against one another."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.verification import formulas as theory

# M/M/c with 4 arrivals a day and a mean stay of 28 days: places, P(wait), queue, wait in days.
EXACT = [(115, 0.6956, 25.97, 6.493), (120, 0.3511, 4.915, 1.229), (130, 0.0631, 0.3927, 0.0982)]


@pytest.mark.parametrize(("places", "p_wait", "queue", "wait"), EXACT)
def test_erlang_c_gives_the_table(places: int, p_wait: float, queue: float, wait: float) -> None:
    found = theory.erlang_c(4, 28, places)
    # To the last digit that is printed, half a unit of it.
    assert found.p_wait == pytest.approx(p_wait, abs=0.5e-4)
    assert found.queue == pytest.approx(queue, rel=2e-4)
    assert found.wait == pytest.approx(wait, rel=6e-4)


def test_erlang_c_with_one_place_is_the_textbook_queue() -> None:
    # M/M/1: P(wait) = rho, Lq = rho^2 / (1 - rho).
    found = theory.erlang_c(3.0, 0.25, 1)
    assert (found.p_wait, found.queue) == pytest.approx((0.75, 2.25))


def test_erlang_b_is_the_ratio_of_poisson_probabilities() -> None:
    weights = [8.355**n / math.factorial(n) for n in range(10)]
    assert theory.erlang_b(9, 8.355) == pytest.approx(weights[9] / sum(weights))


def test_birth_death_chain_agrees_with_erlang_c() -> None:
    chain = theory.erlang_a(7, 0.5, 5, leaves_per_day=1e-12, most=400)
    people = np.arange(chain.size)
    queue = (np.maximum(people - 5, 0) * chain).sum()
    assert queue == pytest.approx(theory.erlang_c(7, 0.5, 5).queue, rel=1e-9)


def test_markov_chain_agrees_with_erlang_c() -> None:
    def moves(state: theory.State) -> list[tuple[theory.State, float]]:
        (n,) = state
        found: list[tuple[theory.State, float]] = [((n + 1,), 7.0)] if n < 300 else []
        return found + ([((n - 1,), min(n, 5) / 0.5)] if n else [])

    chain = theory.markov_chain((0,), moves)
    queue = theory.average(chain, lambda state: max(state[0] - 5, 0))
    assert queue == pytest.approx(theory.erlang_c(7, 0.5, 5).queue, rel=1e-9)


def test_cobham_with_one_class_is_the_formula_of_pollaczek_and_khinchine() -> None:
    # Wq = lambda E[S^2] / (2 (1 - rho)).
    assert theory.cobham([2.0], [0.3], [0.1]) == pytest.approx([0.2 / 2 / 0.4])
    assert theory.cobham_many([7.0], 0.5, 5) == pytest.approx([theory.erlang_c(7, 0.5, 5).wait])


def test_priorities_only_share_the_wait_out_differently() -> None:
    # Kleinrock's conservation law: sum of rho_k W_k does not depend on the order of service.
    rates, means, seconds = [1.0, 2.0], [0.2, 0.3], [0.08, 0.18]
    loads = np.multiply(rates, means)
    one_way = float(loads @ theory.cobham(rates, means, seconds))
    other = float(loads[::-1] @ theory.cobham(rates[::-1], means[::-1], seconds[::-1]))
    assert one_way == pytest.approx(other)


def test_kiefer_and_wolfowitz_by_hand() -> None:
    # Two places: the third person waits for the first to leave, the fourth for the second.
    waits = theory.kiefer_wolfowitz(np.array([0.0, 1.0, 2.0, 3.0]), np.array([5.0, 7.0, 1.0, 1.0]), 2)
    assert waits.tolist() == [0.0, 0.0, 3.0, 3.0]
