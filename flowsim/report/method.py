"""The method in plain words: what the model does, what its figures mean, what it leaves out, how it is reported."""

from __future__ import annotations

from typing import Final

RULES: Final = (
    "A person asks for the place of their first step when they arrive: for most, the hospital.",
    "A stay begins on getting in. In hospital it ends when they are medically fit and are declared so; at weekends fewer are.",
    "Tasks, such as the allocation of a route or an assessment, are done one after another while the person stays where they are. The first may be referred before they are ready.",
    "Once ready and with all tasks done they join the queue of the next place. Until they get in, they keep the place they hold: so homecare that is short blocks STIT, and STIT blocks hospital beds.",
    "Getting into the next place and giving up the present one are one instant; what was given up can admit the next person at once, and so on upstream.",
    "A service takes the first of its queue whenever it is open, has starts left today and has room. Starts come back each day; none are carried over.",
    "Queues go by priority, then by who came first. If the first does not fit, nobody passes, unless the service says so.",
    "When capacity falls, nobody is put out; nobody new gets in until there is room.",
    "Somebody who waits in hospital for homecare may wait in an off-site bed instead; they keep their turn.",
    "Plan B: after some days in a queue a person also asks for another place; whichever comes first counts.",
    "While waiting in hospital a person may become unwell again, and then waits anew, or may die or go another way.",
    "Escalations are judged at each midnight: they begin above one number of people delayed and end below another.",
    "At the end of the period everything stops; what has not happened by then is missing, never made up.",
    "Two or more plans are run on the same draws: the same people come on the same days with the same needs.",
)

FIGURES: Final = (
    ("Delayed", "People in an acute bed at midnight who are ready to leave and counted in the national return: each weighted by the share of such days that is recorded."),
    ("Excess", "Everybody in hospital, ready, and still there at midnight, counted or not: the diagnostic's extra days."),
    ("Mean, with a range in brackets", "The average over the period, and the 95 % interval of it over the replications (Student's t). Doubt about the assumptions is not in it."),
    ("The band in the picture", "The middle nine tenths of the replications on each day: where a single winter may lie."),
    ("Chance that the mean is at or under the target", "The share of replications whose average over the period is at or under it, with Wilson's 95 % interval."),
    ("Difference from the base", "Plan minus base, replication by replication on the same draws, with its 95 % interval. It can be called when zero is outside."),
    ("Highest day", "The largest number delayed on any day, averaged over the replications."),
    ("Reason", "National codes: A assessment, C further non-acute NHS care, Di residential home, Dii nursing home, E care package at home, F equipment; G stands for B, G, H and I together."),
    ("People a day on the road", "Moves from place to place divided by the days of the period, in one replication, of people who need anything beyond the ward."),
    ("Queue and waits", "People who have asked for a service and not got in at midnight; days from asking to getting in, of those who got in during the period."),
    ("Who blocks whom", "People who are ready where they are and still hold that place at midnight, by what they wait for."),
    ("Price of a bottleneck", "The change in people delayed if one capacity had one unit more throughout, all else equal, on the same draws."),
    ("Journeys", "Made-up people of the first replication. The same number is the same person with the same luck in both scenarios."),
    ("Share used in “Is there room?”", "What people need of a service in a steady state over what it has; no queue is simulated for it."),
)  # fmt: skip

LIMITS: Final = (
    "**Fitted.** The numbers of the two base scenarios that nobody has published were fitted to the official months (`flowsim calibrate`), the others tuned by hand or assumed; meeting those months is no proof that the model is right. With the plausible set bands carry what the fit leaves open.",
    "**Sizes of plans are assumptions**, named beside each figure; none was tuned to its result.",
    "**Left out**: ages and diagnoses, wards, theatres and elective care, staff as individuals, transport, delays in non-acute hospitals.",
    "Emergency admissions of adults only; occupancy of the hospital is not that of the trust.",
    "The community intermediate care service is not apart from the intermediate-care beds. Homecare and care homes are limited by the new people they can take on, not by hours or beds.",
    "Reasons B, G, H and I are one service, reported as G.",
    "A plan that allocates routes sooner moves people from a wait that is seldom recorded to one that mostly is: it can lower the excess and raise the number delayed.",
    "Not for clinical decisions about a person, and no forecast of a particular day.",
)

CHECKLIST: Final = (
    ("1.1 Purpose", "To see whether a winter with given plans keeps delayed transfers at or under a target, how surely, and which plan buys most."),
    ("1.2 Outputs", "Listed under “What the figures mean”; by day, over the period, and as paired differences."),
    ("1.3 Aims of the experiments", "Base and plans for the winter of 2017/18, each with its file; one more unit of each capacity."),
    ("2.1 Base model overview", "Three routes out of hospital, services with limited room, blocking after service: see “Rules”. The flow picture on “Where people wait” is the diagram."),
    ("2.2 Base model logic", "“Rules”; in code flowsim/engine/process.py, written to be read."),
    ("2.3 Scenario logic", "Each plan is a file that says only what differs from its base; “Scenario” shows the differences."),
    ("2.4 Algorithms", "All draws before the engine starts; inverse distribution functions at common ranks; arrivals as a Poisson process whose rate varies by hour, weekday and month."),
    ("2.5.1 Entities", "People; in Sheffield's scenarios from four streams: emergency admissions and community referrals to STIT, beds and homecare."),
    ("2.5.2 Activities", "Stays in places and tasks by teams, each with a length drawn from a distribution in the scenario."),
    ("2.5.3 Resources", "Capacity, starts by weekday, opening times; changes by date, escalations by level."),
    ("2.5.4 Queues", "First come first served within priority; see “Rules”."),
    ("2.5.5 Entry and exit points", "In the scenario's streams; home, died, elsewhere."),
    ("3.1 Data sources", "Behind every figure: “Assumptions and sources”. Official monthly figures: NHS England, Open Government Licence v3.0."),
    ("3.2 Pre-processing", "Official monthly days divided by the days of the month. Nothing else."),
    ("3.3 Input parameters", "All of them on “Scenario”, as a form and as TOML."),
    ("3.4 Assumptions", "Marked one by one: “Assumptions and sources”."),
    ("4.1 Initialisation", "A warm-up of 180 days in the winter scenarios from a stated number of people in each place; a check says whether it was long enough."),
    ("4.2 Run length", "As the scenario says: 182 days for the winter."),
    ("4.3 Estimation approach", "Independent replications with common draws across plans; 95 % intervals; run on until tight enough."),
    ("5.1 Software", "flowsim, in Python with SimPy; versions stand in each result's manifest.json."),
    ("5.2 Random sampling", "Philox4x64-10, as in numpy; one generator for each seed, replication and decision, keyed by its name."),
    ("5.3 Model execution", "Events in one written order, on a time grid of 2^-32 day."),
    ("5.4 System specification", "Any computer with Python 3.11 or later. Not stated: run times on a particular computer; each manifest holds its own."),
    ("6.1 Computer model sharing", "Open source under the MIT licence, with scenarios and tests. Missing: no archive with a DOI yet."),
)  # fmt: skip
