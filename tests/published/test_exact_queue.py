"""Three queues known to the digit: M/M/c with 4 arrivals a day, a mean stay of 28 days, and 115, 120 or 130 places.

So near to full, such a queue takes decades to show its long run: an interval from a few replications
would hold anything. So the argument has two steps without chance. The formula gives the printed digits;
and everybody in a simulated caseload of 120 starts exactly when first come, first served says (Kiefer
and Wolfowitz 1955), with Poisson arrivals and exponential stays: it is the queue of the formula.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import flowsim
from tests.verification import formulas as theory
from tests.verification import trial

# Long runs of the model, which other tests go through line by line: being counted would double their time.
pytestmark = pytest.mark.uncounted

HERE = Path(__file__).parent
# Places, P(wait), queue, wait in days; tolerance: half a unit of the last digit printed, with rounding's own speck.
EXACT = [(115, 0.6956, 25.97, 6.493), (120, 0.3511, 4.915, 1.229), (130, 0.0631, 0.3927, 0.0982)]


@pytest.mark.parametrize(("places", "p_wait", "queue", "wait"), EXACT)
def test_formula_gives_the_printed_digits(places: int, p_wait: float, queue: float, wait: float) -> None:
    found = theory.erlang_c(4, 28, places)
    assert found.p_wait == pytest.approx(p_wait, abs=0.51e-4)
    assert found.queue == pytest.approx(
        queue, abs=0.51e-4 if queue < 1 else 0.51e-3 if queue < 10 else 0.51e-2
    )
    assert found.wait == pytest.approx(wait, abs=0.51e-4 if wait < 1 else 0.51e-3)


def test_everybody_starts_when_theory_says() -> None:
    table = flowsim.run(HERE / "exact_queue.toml", keep_journeys=2).journeys
    for _, everybody in table.sort_values(["replication", "asked"]).groupby("replication"):
        unfinished = everybody["ready"].isna().to_numpy()
        known = everybody.iloc[: int(np.argmax(unfinished))]
        arrivals = known["asked"].to_numpy()
        stays = (known["ready"] - known["started"]).to_numpy()
        expected = theory.kiefer_wolfowitz(arrivals, stays, 120)
        assert (expected > 0).sum() > 100, "the limit must be felt"
        assert np.abs(trial.waits(known).to_numpy() - expected).max() < 1e-6
        assert stats.kstest(np.diff(everybody["asked"]), "expon", args=(0, 1 / 4)).pvalue > 1 - trial.LEVEL
        first_year = everybody[everybody["asked"] < 365]  # long before the end: no stay is cut off by it
        stayed = (first_year["ready"] - first_year["started"]).dropna()
        assert len(stayed) > 0.99 * len(first_year)
        assert stats.kstest(stayed, "expon", args=(0, 28)).pvalue > 1 - trial.LEVEL
