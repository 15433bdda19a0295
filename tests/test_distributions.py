"""Quantile functions against scipy.stats, numerical integration and renewal theory."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from flowsim.distributions import (
    NO_BLEND,
    cdf,
    curves,
    in_progress,
    largest,
    looking_at_once,
    looking_in_loops,
    many,
    mean,
    quantile,
    together,
)
from flowsim.distributions.curves import inverse, is_tabled, table_of
from flowsim.distributions.quantiles import _blend
from flowsim.distributions.solving import exactly
from flowsim.generators import TO_RANK
from flowsim.scenario.model import Distribution
from flowsim.units import Floats, grid, on_grid

RANKS = np.concatenate([[0.0, 1e-9], np.linspace(0.001, 0.999, 999), [1 - 1e-9, math.nextafter(1, 0)]])
GRID = 2.0**-32


def spec(**given: Any) -> Distribution:
    return Distribution.model_validate(given)


def lognorm(mean: float, sd: float) -> Any:
    s = math.sqrt(math.log1p((sd / mean) ** 2))
    return stats.lognorm(s, scale=mean / math.sqrt(1 + (sd / mean) ** 2))


def two_modes(**more: Any) -> Distribution:
    parts = [
        {"weight": 3, "of": {"mean": 2, "sd": 1}},
        {"weight": 1, "of": {"dist": "gamma", "mean": 30, "sd": 10}},
    ]
    return spec(dist="mixture", parts=parts, **more)


def with_values(**more: Any) -> Distribution:
    """Half short lognormal stays, one in five exactly 7 days, the rest weibull or from a list."""
    parts = [
        {"weight": 5, "of": {"mean": 5, "sd": 4}},
        {"weight": 2, "of": 7},
        {"weight": 2, "of": {"dist": "weibull", "mean": 20, "sd": 6}},
        {"weight": 1, "of": {"dist": "empirical", "values": [0, 7, 14], "weights": [1, 1, 2]}},
    ]
    return spec(dist="mixture", parts=parts, **more)


SMOOTH = [
    (spec(mean=10.5, sd=9), lognorm(10.5, 9)),
    (spec(mean=28, sd=0.5), lognorm(28, 0.5)),
    (spec(dist="gamma", mean=10.5, sd=9), stats.gamma((10.5 / 9) ** 2, scale=81 / 10.5)),
    (spec(dist="gamma", mean=2, sd=8), stats.gamma(1 / 16, scale=32)),
    (spec(dist="exponential", mean=4), stats.expon(scale=4)),
    (spec(dist="exponential", median=4), stats.expon(scale=4 / math.log(2))),
]
MIXED = [two_modes(), two_modes(max=25), with_values(), with_values(max=21), with_values(max=7)]
ALL = [
    *(law for law, _ in SMOOTH),
    *MIXED,
    spec(dist="weibull", mean=21, sd=10),
    spec(dist="weibull", median=5, p90=20, max=30),
    spec(median=5, p90=20, max=30),
    spec(dist="gamma", median=5, p90=20),
    spec(dist="fixed", mean=3.3),
    spec(dist="empirical", values=[4, 1, 1, 9], weights=[1, 2, 0, 3]),
    spec(dist="empirical", values=[4, 1, 1, 9], max=4),
]


@pytest.mark.parametrize(("ours", "theirs"), SMOOTH)
def test_families_by_mean_and_sd_agree_with_scipy(ours: Distribution, theirs: Any) -> None:
    np.testing.assert_allclose(quantile(ours, RANKS), theirs.ppf(RANKS), rtol=1e-11, atol=GRID)
    days = np.linspace(0, 100, 301)
    np.testing.assert_allclose(cdf(ours, days), theirs.cdf(days), rtol=1e-11, atol=1e-15)
    assert mean(ours) == pytest.approx(theirs.mean(), rel=1e-12)


@pytest.mark.parametrize(("average", "sd"), [(21, 10), (3, 9), (5, 0.05), (10, 10)])
def test_weibull_has_the_mean_and_sd_it_was_given(average: float, sd: float) -> None:
    ours = spec(dist="weibull", mean=average, sd=sd)
    # Two points fix a Weibull's shape and scale; scipy then says what its moments are.
    low, high = (float(quantile(ours, np.array([r]))[0]) for r in (0.25, 0.75))
    shape = math.log(math.log(4) / math.log(4 / 3)) / math.log(high / low)
    theirs = stats.weibull_min(shape, scale=high / math.log(4) ** (1 / shape))
    assert theirs.mean() == pytest.approx(average, rel=1e-6)
    assert theirs.std() == pytest.approx(sd, rel=1e-6)
    np.testing.assert_allclose(quantile(ours, RANKS[2:-2]), theirs.ppf(RANKS[2:-2]), rtol=1e-6, atol=GRID)


@pytest.mark.parametrize("dist", ["lognormal", "gamma", "weibull"])
@pytest.mark.parametrize(("median", "p90"), [(5, 20), (1, 1.2), (0.5, 60)])
def test_median_and_p90_come_back(dist: str, median: float, p90: float) -> None:
    found = quantile(spec(dist=dist, median=median, p90=p90), np.array([0.5, 0.9]))
    np.testing.assert_allclose(found, [median, p90], rtol=1e-9)


@pytest.mark.parametrize("dist", ["lognormal", "gamma", "weibull"])
def test_no_spread_is_one_value(dist: str) -> None:
    for one in (spec(dist=dist, mean=4, sd=0), spec(dist=dist, median=4, p90=4)):
        assert set(quantile(one, RANKS)) == {4.0}
        assert mean(one) == largest(one) == 4.0
    assert set(quantile(spec(dist=dist, mean=0, sd=0), RANKS)) == {0.0}


@pytest.mark.parametrize("law", ALL)
def test_values_are_on_the_grid_and_within_bounds(law: Distribution) -> None:
    days = quantile(law, RANKS)
    assert (days == on_grid(days)).all()
    assert (np.diff(days) >= 0).all()
    assert days.min() >= 0
    assert days.max() <= largest(law)
    if law.max is not None:
        assert largest(law) <= law.max


def integral_of_the_tail(law: Distribution, weight: Callable[[float], float]) -> float:
    """Integral of weight(x) (1 - F(x)): a road to the moments that does not use our partial means."""

    def beyond(x: float) -> float:
        return weight(x) * (1 - float(cdf(law, np.array(x))))

    top = min(largest(law), 50_000.0)
    edges = [
        e for e in sorted({0.0, 1.0, 4.0, 7.0, 9.0, 14.0, 30.0, 100.0, 1000.0, grid(3.3), top}) if e <= top
    ]
    # Just short of each edge, so that a step there is not seen from inside the panel.
    return sum(integrate.quad(beyond, a, math.nextafter(b, 0), limit=200)[0] for a, b in pairwise(edges))


@pytest.mark.parametrize("law", ALL)
def test_mean_is_the_integral_of_the_quantile(law: Distribution) -> None:
    assert mean(law) == pytest.approx(integral_of_the_tail(law, lambda _: 1.0), rel=2e-7)
    ranks = (np.arange(400_000) + 0.5) / 400_000
    assert mean(law) == pytest.approx(quantile(law, ranks).mean(), rel=2e-3)


@pytest.mark.parametrize("law", ALL)
def test_the_distribution_function_undoes_the_quantile(law: Distribution) -> None:
    days = quantile(law, RANKS)
    at, before = cdf(law, days + GRID), cdf(law, days - GRID)
    assert (at >= RANKS - 1e-12).all()
    assert (before <= RANKS + 1e-12).all()


def test_a_value_of_a_mixture_has_exactly_its_share() -> None:
    law = with_values()
    ranks = (np.arange(100_000) + 0.5) / 100_000
    assert np.mean(quantile(law, ranks) == 7.0) == pytest.approx(0.225, abs=1e-4)
    assert cdf(law, np.array([7.0])) - cdf(law, np.array([7 - 1e-9])) == pytest.approx(0.225, abs=1e-8)


def test_a_mixture_is_the_weighted_sum_of_its_parts() -> None:
    days = np.linspace(0, 80, 401)
    theirs = 0.75 * lognorm(2, 1).cdf(days) + 0.25 * stats.gamma(9, scale=10 / 3).cdf(days)
    np.testing.assert_allclose(cdf(two_modes(), days), theirs, rtol=1e-12, atol=1e-15)
    assert mean(two_modes()) == pytest.approx(0.75 * 2 + 0.25 * 30, rel=1e-12)
    nested = spec(dist="mixture", parts=[{"weight": 2, "of": two_modes()}, {"weight": 2, "of": 1.5}])
    np.testing.assert_allclose(cdf(nested, days), (theirs + (days >= 1.5)) / 2, rtol=1e-12, atol=1e-15)


def test_a_mixture_is_inverted_to_a_billionth_of_a_day() -> None:
    law, ranks = two_modes(), RANKS[1:-2]
    days = quantile(law, ranks)
    assert (cdf(law, days - 1e-9) <= ranks).all()
    assert (cdf(law, days + 1e-9) >= ranks).all()


def test_max_gives_the_distribution_below_it() -> None:
    whole, cut = spec(mean=10, sd=9), spec(mean=10, sd=9, max=14)
    below = cdf(whole, np.array([14.0]))
    np.testing.assert_allclose(quantile(cut, RANKS), quantile(whole, RANKS * below), atol=2 * GRID)
    inside = integrate.quad(lambda x: x * lognorm(10, 9).pdf(x), 0, 14)[0] / lognorm(10, 9).cdf(14)
    assert mean(cut) == pytest.approx(inside, rel=1e-9)
    assert largest(cut) == 14
    assert largest(whole) == math.inf


def test_an_empirical_distribution_gives_its_values_by_weight() -> None:
    law = spec(dist="empirical", values=[4, 1, 9, 5], weights=[1, 2, 1, 0])
    found = quantile(law, np.array([0, 0.4999, 0.5, 0.7499, 0.75, math.nextafter(1, 0)]))
    assert found.tolist() == [1, 1, 4, 4, 9, 9]
    assert mean(law) == 3.75
    assert cdf(law, np.array([0.5, 1, 8.9, 9])).tolist() == [0, 0.5, 0.75, 1]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"mean": 5}, "a lognormal needs mean and sd, or median and p90"),
        ({"dist": "weibull", "median": 5}, "a weibull needs mean and sd"),
        ({"mean": 0, "sd": 1}, "there is no lognormal with mean 0 and sd 1"),
        ({"dist": "gamma", "median": 5, "p90": 2}, "there is no gamma with median 5 and p90 2"),
        ({"mean": 100, "sd": 1, "max": 1}, "max = 1 leaves nobody"),
        ({"dist": "fixed", "mean": 5, "max": 4}, "max = 4 leaves nobody"),
        ({"dist": "fixed"}, "needs a mean"),
        ({"dist": "exponential"}, "needs a mean"),
        ({"dist": "mixture"}, "a mixture needs parts"),
        ({"dist": "mixture", "parts": [{"weight": 0, "of": 3}]}, "add up to more than 0"),
        ({"dist": "empirical"}, "needs values"),
        ({"dist": "empirical", "values": [1, 2], "weights": [1]}, "2 values have 1 weights"),
        ({"dist": "empirical", "values": [1], "weights": [0]}, "add up to more than 0"),
        ({"dist": "weibull", "mean": 1, "sd": 1e-5}, "too small or too large"),
    ],
)
def test_what_cannot_be_worked_out_is_said_in_words(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        quantile(spec(**given), RANKS)


# Stays under way


@pytest.mark.parametrize("law", ALL)
def test_mean_time_left_is_half_the_second_moment_over_the_mean(law: Distribution) -> None:
    ranks = (np.arange(1_000_000) + 0.5) / 1_000_000
    total, elapsed = in_progress(law, ranks, np.full_like(ranks, 0.5))
    left = float((total - elapsed).mean())
    second_moment = integral_of_the_tail(law, lambda x: 2 * x)
    assert left == pytest.approx(second_moment / (2 * mean(law)), rel=0.004)


@pytest.mark.uncounted  # long, and others go through its lines
def test_lengths_under_way_follow_the_length_weighted_distribution() -> None:
    days = np.linspace(0.5, 60, 60)
    for law, theirs in (SMOOTH[0], SMOOTH[2], (spec(dist="weibull", mean=1, sd=1), stats.expon())):
        share = [integrate.quad(lambda x, d=theirs: x * d.pdf(x), 0, d)[0] / theirs.mean() for d in days]
        inside = np.array([s for s in share if s < 1 - 1e-9])
        total, _ = in_progress(law, inside, np.zeros_like(inside))
        np.testing.assert_allclose(total, days[: inside.size], rtol=1e-6)


def test_exponential_stays_under_way_are_a_gamma_of_two() -> None:
    total, _ = in_progress(spec(dist="exponential", mean=4), RANKS, RANKS)
    np.testing.assert_allclose(total, stats.gamma(2, scale=4).ppf(RANKS), rtol=1e-9, atol=GRID)


def test_max_and_mixtures_hold_for_stays_under_way() -> None:
    total, elapsed = in_progress(two_modes(max=25), RANKS, RANKS)
    assert total.max() <= 25
    assert (elapsed <= total).all()
    assert (elapsed == on_grid(elapsed)).all()
    # Of the stays under way, those of each part are there in proportion to weight times mean.
    listed = spec(dist="empirical", values=[0, 1, 3], weights=[5, 1, 1])
    total, _ = in_progress(listed, np.array([0.0, 0.249, 0.251, 0.99]), np.zeros(4))
    assert total.tolist() == [1, 1, 3, 3]


def test_a_stay_of_nothing_is_never_longer_under_way() -> None:
    total, elapsed = in_progress(spec(dist="fixed", mean=0), RANKS, RANKS)
    assert not total.any()
    assert not elapsed.any()


# Any numbers at all


numbers = st.floats(0.01, 400)
ratios = st.floats(0.01, 5)
# As generators give them: 53 bits, none of them so small that arithmetic loses its digits.
any_rank = st.integers(0, 2**53 - 1).map(lambda bits: bits * TO_RANK)
ranks_in_order = st.lists(any_rank, min_size=2, max_size=20).map(sorted)


@st.composite
def any_simple(draw: st.DrawFn) -> Distribution:
    dist = draw(st.sampled_from(["lognormal", "gamma", "weibull", "exponential", "fixed", "empirical"]))
    centre = draw(numbers)
    most = draw(st.none() | st.floats(1, 5).map(lambda f: f * centre))
    if dist == "empirical":
        return spec(dist=dist, values=draw(st.lists(numbers, min_size=1, max_size=5)))
    if dist in {"exponential", "fixed"}:
        return spec(dist=dist, mean=centre, max=most)
    if draw(st.booleans()):
        return spec(dist=dist, mean=centre, sd=centre * draw(ratios), max=most)
    return spec(dist=dist, median=centre, p90=centre * (1 + draw(ratios)), max=most)


@st.composite
def any_law(draw: st.DrawFn) -> Distribution:
    if draw(st.booleans()):
        return draw(any_simple())
    parts = [
        {"weight": draw(numbers), "of": of} for of in draw(st.lists(any_simple(), min_size=1, max_size=3))
    ]
    return spec(dist="mixture", parts=parts)


@pytest.mark.uncounted  # long, and others go through its lines
@given(law=any_law(), given_ranks=ranks_in_order)
@settings(deadline=None, max_examples=200)
def test_any_distribution_climbs_with_the_rank_and_is_undone(
    law: Distribution, given_ranks: list[float]
) -> None:
    ranks = np.array(given_ranks)
    days = quantile(law, ranks)
    assert np.isfinite(days).all()
    assert (days >= 0).all()
    assert (days <= largest(law)).all()
    # Ranks closer together than the solver's tolerance may fall on neighbouring points of the grid.
    assert (np.diff(days) >= -GRID).all()
    assert (cdf(law, days * (1 + 1e-9) + GRID) >= ranks - 1e-9).all()
    assert (cdf(law, days * (1 - 1e-9) - GRID) <= ranks + 1e-9).all()


@given(law=any_law(), length=ranks_in_order, position=any_rank)
@settings(deadline=None, max_examples=100)
def test_any_stay_under_way_is_longer_than_a_new_one(
    law: Distribution, length: list[float], position: float
) -> None:
    ranks = np.array(length)
    total, elapsed = in_progress(law, ranks, np.full_like(ranks, position))
    assert (total >= quantile(law, ranks) * (1 - 1e-9) - GRID).all()
    assert (total <= largest(law)).all()
    assert ((elapsed >= 0) & (elapsed <= total)).all()


# Between two narrow humps a table has cells without an end.
HUMPS = spec(
    dist="mixture",
    parts=[
        {"weight": 1, "of": {"median": 1.0, "p90": 1.03125}},
        {"weight": 1, "of": {"median": 0.125, "p90": 0.12890625}},
    ],
)


@given(law=any_law())
@example(law=HUMPS)
@settings(deadline=None, max_examples=50)
def test_a_rank_gives_the_same_value_alone_and_in_company(law: Distribution) -> None:
    all_of_them = quantile(law, RANKS)
    for i in (0, 17, 500, 1000):
        assert quantile(law, RANKS[i : i + 1])[0] == all_of_them[i]


@given(laws=st.lists(any_law(), min_size=1, max_size=6), seed=st.integers(0, 2**32))
@example(laws=[HUMPS, *ALL], seed=1)
@settings(deadline=None, max_examples=50)
def test_many_distributions_at_once_are_what_each_is_alone(laws: list[Distribution], seed: int) -> None:
    """In any order and company, as new stays and as stays under way; who has no distribution gets nothing."""
    luck = np.random.default_rng(seed)
    every = [*laws, *laws]
    number = luck.integers(NO_BLEND, len(every), 400)
    ranks = np.concatenate([luck.random(396), [0.0, 1e-17, 1 - 2**-53, 0.5]])
    quantiles = together(every, in_progress=range(len(laws), len(every)))
    with mock.patch.object(many, "_ways_to_look_up", return_value=looking_in_loops):
        in_loops = quantiles.days(number, ranks)
    with mock.patch.object(many, "_ways_to_look_up", return_value=looking_at_once):
        found = quantiles.days(number, ranks)
    assert in_loops.tobytes() == found.tobytes()
    assert not found[number == NO_BLEND].any()
    for n, law in enumerate(laws):
        assert found[number == n].tobytes() == quantile(law, ranks[number == n]).tobytes()
        lasting = ranks[number == n + len(laws)]
        alone = in_progress(law, lasting, np.zeros(lasting.size))[0]
        assert found[number == n + len(laws)].tobytes() == alone.tobytes()


def longer(law: Distribution, factor: float) -> Distribution:
    """The same with every length multiplied."""
    return Distribution.model_validate(_longer(law.model_dump(exclude_none=True), factor))


def _longer(law: Any, factor: float) -> Any:
    if not isinstance(law, dict):
        return law * factor
    lengths = {k: law[k] * factor for k in ("mean", "sd", "median", "p90", "max") if k in law}
    if "values" in law:
        lengths["values"] = [value * factor for value in law["values"]]
    if "parts" in law:
        lengths["parts"] = [{**part, "of": _longer(part["of"], factor)} for part in law["parts"]]
    return {**law, **lengths}


@given(factor=st.floats(1e-3, 1e3), law=st.sampled_from([HUMPS, *ALL]))
@settings(deadline=None, max_examples=40)
def test_a_factor_of_days_leaves_a_table_as_close(factor: float, law: Distribution) -> None:
    """Read from a table made for another scale, lengths are still what the solver says, to some steps of the grid."""
    blend = _blend(longer(law, factor))
    if blend.values.size or not is_tabled(blend):
        return
    ranks = np.random.default_rng(1).uniform(0.001, 0.999, 500)
    np.testing.assert_allclose(inverse(blend, ranks), exactly(blend, ranks), rtol=1e-11, atol=2.0**-31)


def test_dated_versions_share_their_tables() -> None:
    """A ramp of longer stays and one plan after another that scales them take a handful of tables, not one each."""
    before = curves._table_of_shape.cache_info().misses
    tables = [table_of(_blend(longer(HUMPS, 1 + day / 100))) for day in range(20)]
    assert curves._table_of_shape.cache_info().misses - before <= 3
    assert len({table.unit for table in tables}) == 20


def test_nobody_at_all_is_looked_up_too() -> None:
    for laws in ([], [spec(mean=4, sd=3), HUMPS]):
        assert together(laws).days(np.zeros(0, dtype=np.int64), np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("shape", [(0,), (2, 3), ()])
def test_any_shape_of_ranks_is_kept(shape: tuple[int, ...]) -> None:
    ranks: Floats = np.full(shape, 0.4)
    for law in ALL:
        assert quantile(law, ranks).shape == cdf(law, ranks).shape == shape
        assert in_progress(law, ranks, ranks)[1].shape == shape


@pytest.mark.parametrize("dist", ["lognormal", "gamma"])
def test_of_fifty_thousand_stays_hardly_any_is_solved_for(dist: str) -> None:
    law, ranks = spec(dist=dist, mean=10.5, sd=9), np.random.default_rng(1).random(50_000)
    quantile(law, ranks)  # a table is made at first, by solving
    with mock.patch.object(curves, "exactly", wraps=exactly) as solver:
        quantile(law, ranks)
    assert sum(call.args[1].size for call in solver.call_args_list) < 0.001 * ranks.size
