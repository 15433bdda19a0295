"""What was observed: official months, daily counts and discharges, read from the files that people have."""

from flowsim.observed.model import Observed
from flowsim.observed.monthly import observed_monthly
from flowsim.observed.reading import contents, read_observed

__all__ = ["Observed", "contents", "observed_monthly", "read_observed"]
