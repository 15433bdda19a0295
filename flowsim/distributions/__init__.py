"""Distributions: what a rank in [0, 1) comes to in days, for every distribution a scenario can name."""

from flowsim.distributions.quantiles import cdf, in_progress, largest, mean, quantile

__all__ = ["cdf", "in_progress", "largest", "mean", "quantile"]
