"""Measures: what the journeys of one replication amount to. They read journeys and scenario, nothing else."""

from flowsim.measures.all import Measured, measure
from flowsim.measures.ground import Setting

__all__ = ["Measured", "Setting", "measure"]
