"""Measures: what the journeys of one replication amount to. They read journeys and scenario, nothing else."""

from flowsim.measures.all import Measured, measure, measure_census, measured
from flowsim.measures.counted import CareCounts, Counts
from flowsim.measures.counts import count, count_care, together
from flowsim.measures.ground import Setting

__all__ = [
    "CareCounts",
    "Counts",
    "Measured",
    "Setting",
    "count",
    "count_care",
    "measure",
    "measure_census",
    "measured",
    "together",
]
