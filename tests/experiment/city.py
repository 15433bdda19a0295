"""A city small enough to run in a hundredth of a second, in which queues form."""

from __future__ import annotations

from flowsim.scenario.files import from_text
from flowsim.scenario.model import Scenario

SMALL = """
title = "A small city"
[run]
start = 2017-10-02
days = 28
warm_up_days = 14
replications = 4
seed = 7
[target]
delayed = 6
[counting]
adults = 10000
[streams.emergency]
label = "Emergency admissions"
per_day = 6
enters = "hospital"
routes = { home = "rest", d2a_home = 0.4 }
[routes.home]
label = "Home"
stay = { mean = 2, sd = 2 }
[routes.d2a_home]
label = "D2A at home"
stay = { mean = 4, sd = 3 }
tasks = ["allocation"]
next = { stit = 1.0 }
[services.hospital]
kind = "place"
[services.allocation]
kind = "team"
capacity = 3
work = 0.5
reason = "A"
attribution = { nhs = 1.0 }
[services.stit]
kind = "place"
setting = "home"
capacity = CAPACITY
starts = { mon = 4, tue = 4, wed = 4, thu = 4, fri = 4, sat = 0, sun = 0 }
stay = { mean = 6, sd = 3 }
reason = "E"
attribution = { social_care = 1.0 }
cost_per_day = 60
[while_waiting]
unwell_per_day = 0.01
leaves_per_day = 0.01
[costs]
hospital_excess_day = 300
"""


def small_city(capacity: int = 14, name: str = "small") -> Scenario:
    """The city, with so many reablement places."""
    return from_text(SMALL.replace("CAPACITY", str(capacity)), name)
