"""Small valid cities as TOML text, for tests that need a scenario and not a particular one."""

from __future__ import annotations

from pathlib import Path


def erlang(
    per_day: float = 4.0,
    capacity: float | str = 12,
    mean_stay: float = 2.5,
    days: int = 60,
    warm_up_days: int = 30,
) -> str:
    """An unlimited hospital that leads to one limited place: from there on it is M/M/c."""
    limit = f'"{capacity}"' if isinstance(capacity, str) else capacity
    return f"""
title = "One limited place"

[run]
start = 2017-10-01
days = {days}
warm_up_days = {warm_up_days}
replications = 4
seed = 1

[streams.emergency]
label = "Emergency admissions"
per_day = {per_day}
enters = "hospital"
routes = {{ onward = 1.0 }}

[routes.onward]
label = "To the limited place"
stay = {{ dist = "exponential", mean = 3.0 }}
next = {{ beds = 1.0 }}

[services.hospital]
kind = "place"

[services.beds]
kind = "place"
capacity = {limit}
stay = {{ dist = "exponential", mean = {mean_stay} }}
next = {{ leave = 1.0 }}
reason = "C"
attribution = {{ nhs = 1.0 }}
"""


LITTLE_CITY = """
title = "A little city with everything"
about = "Three routes, teams, plan B, waiting elsewhere, a change, an escalation: for tests."

[run]
start = 2017-10-01
days = 90
warm_up_days = 60
replications = 4
seed = 2017

[target]
delayed = 12                              # assumption: as the city's, for its size
confidence = 0.9

[counting]
counted_after_days = 0.5
adults = 100000                           # Office for National Statistics, rounded (H)

[streams.emergency]
label = "Emergency admissions, adults"
per_day = 20                              # hospital returns 2017 (M)
enters = "hospital"
weekday = { mon = 1.1, sat = 0.9, sun = 0.85 }
month = { jan = 1.05, jul = 0.97 }
hour = [1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 5, 5, 5, 4, 4, 3, 2, 2, 1]
routes = { home = "rest", d2a_home = 0.15, d2a_step_down = 0.08 }  # survey of discharges (L)

[streams.community]
label = "Community referrals to STIT"
per_day = 0.5
enters = "stit"
routes = { from_community = 1.0 }

[routes.home]
label = "Route 1: home"
stay = { mean = 4.5, sd = 5.0 }
next = { leave = 0.98, died = "rest" }

[routes.d2a_home]
label = "Route 2: D2A at home"
stay = { median = 8, p90 = 20 }           # tuned: to the mean of 10.5 days
tasks = ["allocation"]
next = { stit = 1.0 }

[routes.d2a_step_down]
label = "Route 3: D2A in step-down"
stay = { dist = "gamma", mean = 13, sd = 9, max = 90 }
tasks = { allocation = 1.0, equipment = 0.4 }
next = { ic_beds = 1.0 }
priority = -1

[routes.d2a_step_down.at.stit]
stay = { mean = 18, sd = 9 }
size = 3

[routes.from_community]
label = "From the community"

[over_prescription.home]
home = "rest"
d2a_home = 0.02

[services.hospital]
kind = "place"
label = "Hospital"
stay = { mean = 6, sd = 6 }
decided = { sat = 0.4, sun = 0.3 }

[services.allocation]
kind = "team"
label = "Route allocation"
capacity = 12
starts = { mon = 10, tue = 8, wed = 8, thu = 8, fri = 10, sat = 0, sun = 0 }
opens = "09:00"
closes = "17:00"
work = { mean = 0.8, sd = 0.5 }
lead_days = 1.0
reason = "A"
attribution = { nhs = 0.5, social_care = 0.3, both = 0.2 }
counted_share = 0.5

[services.equipment]
kind = "team"
label = "Equipment"
starts = { sat = 0, sun = 0 }
work = 1.0
reason = "F"

[services.stit]
kind = "place"
label = "STIT"
setting = "home"
unit = "visits per day"
capacity = 330                            # regulator's visit, scaled (M)
size = { start = 4, end = 1 }
starts = { mon = 6, tue = 6, wed = 6, thu = 6, fri = 6, sat = 0, sun = 0, holiday = 0 }
opens = "08:00"
stay = { mean = 28, sd = 14 }
next = { leave = "rest", homecare = 0.2, care_home = 0.03, hospital = 0.09 }
tasks = { review = 0.5 }
initial = { people = 60, waiting = 3, waited = { mean = 3, sd = 2 } }
cost_per_day = 61
reason = "E"
otherwise = { after_days = 5, service = "ic_beds" }

[services.review]
kind = "team"
label = "Review"
capacity = 10
work = { dist = "weibull", mean = 1.5, sd = 1.0 }

[services.ic_beds]
kind = "place"
label = "Intermediate-care beds"
setting = "bed"
capacity = 48
starts = { sat = 1, sun = 0 }
stay = { mean = 24, sd = 12 }
next = { stit = 0.4, homecare = 0.2, care_home = 0.1, leave = 0.27, hospital = 0.03 }
per_day_waited = 0.1
initial = { people = 40 }
cost_per_day = 160
reason = "C"
attribution = { nhs = 1.0 }

[services.homecare]
kind = "place"
label = "Homecare"
setting = "home"
unit = "hours per week"
capacity = 3400
size = 11.2
stay = { dist = "mixture", parts = [{ weight = 0.7, of = { mean = 200, sd = 180 } }, { weight = 0.3, of = 20 }] }
next = { died = 0.3, leave = 0.7 }
wait_in = ["offsite_beds"]
initial = { people = 220 }
skip = true
reason = "E"
attribution = { social_care = 1.0 }

[services.care_home]
kind = "place"
label = "Care home"
setting = "care_home"
stay = { dist = "empirical", values = [100, 400, 900], weights = [1, 2, 1] }
reason = "Dii"

[services.offsite_beds]
kind = "place"
label = "Off-site beds"
setting = "waiting"
capacity = 4
reason = "C"

[while_waiting]
unwell_per_day = 0.01
unwell_stay = { dist = "exponential", mean = 4 }
leaves_per_day = 0.007

[[changes]]
label = "Seven-day pick-up by STIT"
from = 2017-11-01
set = { "services.stit.starts" = { sat = 4, sun = 4 } }

[[changes]]
label = "Winter"
from = 2017-12-01
to = 2017-12-20
ramp_days = 5
scale = { "streams.emergency.per_day" = 1.1 }
add = { "services.ic_beds.capacity" = 6 }

[[escalations]]
label = "Open off-site beds"
when_delayed_above = 25
until_below = 15
after_days = 2
add = { "services.offsite_beds.capacity" = 6 }

[costs]
hospital_excess_day = 346                 # national schedule of reference costs 2017/18 (H)
"""


def little_city() -> str:
    """Three routes, an allocation team, STIT, beds, homecare, and one of everything a scenario can say."""
    return LITTLE_CITY


def write(folder: Path, name: str, text: str) -> Path:
    """Put a scenario's text into a folder; returns the file."""
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path
