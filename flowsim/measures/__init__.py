"""Measures: what the journeys of one replication amount to. They read journeys and scenario, nothing else."""

from flowsim.measures.all import Measured, measure, measure_census, measured
from flowsim.measures.counts import Counts, count, together
from flowsim.measures.ground import Setting

__all__ = ["Counts", "Measured", "Setting", "count", "measure", "measure_census", "measured", "together"]
