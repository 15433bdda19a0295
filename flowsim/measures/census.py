"""The midnight census: excess and delayed, by route, by what people wait for, by reason and attribution."""

from __future__ import annotations

from flowsim.measures.counted import CensusCounts
from flowsim.measures.ground import Setting
from flowsim.units import Floats


def census(counts: CensusCounts, setting: Setting) -> dict[str, Floats]:
    """People at the midnight that ends each day of warm-up and run, shape (days,) each.

    `excess`: ready in hospital and still there. `delayed`: those ready for at least `counted_after_days`, weighted
    by the share of days that is recorded of what they wait for.
    """
    found = {"excess": counts.excess.sum(axis=0), "delayed": counts.delayed.sum(axis=0)}
    for number, route in enumerate(setting.scenario.routes):
        found[f"excess_route_{route}"] = counts.excess[number]
        found[f"delayed_route_{route}"] = counts.delayed_by_route[number]
    for number, service in enumerate(setting.offer.names):
        found[f"waiting_{service}"] = counts.waiting[number]
    return found | _by_reason(setting, counts.delayed) | _by_body(setting, counts.delayed)


def over_the_run(setting: Setting, daily: dict[str, Floats]) -> dict[str, float]:
    """What the census amounts to over the run: means, days, the peak, and days over the target."""
    delayed, excess = daily["delayed"][setting.run], daily["excess"][setting.run]
    return {
        "delayed_mean": float(delayed.mean()),
        "delayed_peak": float(delayed.max()),
        "delayed_days": float(delayed.sum()),
        "excess_mean": float(excess.mean()),
        "excess_days": float(excess.sum()),
        "days_over_target": float((delayed > setting.scenario.target.delayed).sum()),
    }


def _by_reason(setting: Setting, by_service: Floats) -> dict[str, Floats]:
    """Delayed people by national reason code; those for which the scenario names no reason under `other`."""
    by_reason = {r: by_service[services].sum(axis=0) for r, services in setting.services_of_reason.items()}
    unnamed = by_reason.pop(None)
    found = {f"delayed_{reason}": delayed for reason, delayed in by_reason.items()}
    return found | ({"delayed_other": unnamed} if unnamed.any() else {})


def _by_body(setting: Setting, by_service: Floats) -> dict[str, Floats]:
    """Delayed people by the body to which the wait is attributed."""
    return {f"delayed_by_{body}": share @ by_service for body, share in setting.shares_of_body.items()}
