"""The compiled engine: the twin of the SimPy model, for experiments. Same people and services, same timestamps."""

from flowsim.engine.compiled.kernel import rows_of_hindered

__all__ = ["rows_of_hindered"]
