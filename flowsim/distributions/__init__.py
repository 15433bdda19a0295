"""Distributions: what a rank in [0, 1) comes to in days, for every distribution a scenario can name."""

from flowsim.distributions.many import NO_BLEND, Together
from flowsim.distributions.quantiles import cdf, in_progress, largest, mean, quantile, together

__all__ = ["NO_BLEND", "Together", "cdf", "in_progress", "largest", "mean", "quantile", "together"]
