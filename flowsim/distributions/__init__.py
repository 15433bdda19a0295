"""Distributions: what a rank in [0, 1) comes to in days, for every distribution a scenario can name."""

from flowsim.distributions.quantiles import cdf, in_progress, largest, mean, quantile, together
from flowsim.distributions.together import NO_BLEND, Together

__all__ = ["NO_BLEND", "Together", "cdf", "in_progress", "largest", "mean", "quantile", "together"]
