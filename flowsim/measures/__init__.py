"""Measures: what the journeys of one replication amount to. They read journeys and scenario, nothing else."""

from flowsim.measures.all import Measured, measure, measure_census, measured
from flowsim.measures.counts import CareCounts, Counts, count, count_care, together
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
