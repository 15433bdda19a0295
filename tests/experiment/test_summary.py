"""From replications to numbers by measure: what one of them lacks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from flowsim.experiment.run import Effort, run_together
from flowsim.experiment.summary import by_replication
from flowsim.measures.totals import Totals
from tests.experiment.city import small_city


def test_a_number_that_a_replication_lacks_is_missing_there_and_moves_no_other() -> None:
    result = run_together([small_city()], Effort(replications=3))[0]
    first, second, third = result.outcomes
    lacking = {name: value for name, value in second.measured.totals.items() if name != "cost"}
    second = replace(second, measured=replace(second.measured, totals=Totals(lacking)))
    found = by_replication([first, second, third], result.timeline)
    assert np.isnan(found["cost"]).tolist() == [False, True, False]
    for name, values in by_replication(result.outcomes, result.timeline).items():
        if name != "cost":
            assert found[name].tobytes() == values.tobytes(), name
