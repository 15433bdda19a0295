"""`flowsim money`: who pays and who gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flowsim.cli.progress import progress
from flowsim.cli.runs import Cores, Engine, Out, Replications, Seed, make_room
from flowsim.cli.words import STOPPED, announce, console, in_words
from flowsim.cli.written import save_tables, say_written

if TYPE_CHECKING:
    from flowsim.decisions.compare import Comparison
    from flowsim.decisions.money import PlanCost
    from flowsim.scenario.model import Scenario

Plans = Annotated[
    list[str], typer.Argument(metavar="BASE PLAN...", help="The base first, then the plans: names or files.")
]
Payers = Annotated[list[str] | None, typer.Option("--payer", metavar="SERVICE=WHO", help="Who pays for a service. [default: by where it is]")]  # fmt: skip
PlanCosts = Annotated[list[str] | None, typer.Option("--plan-cost", metavar="PLAN:WHO=POUNDS", help="What a plan costs over the run beyond the days of care.")]  # fmt: skip


def money(
    scenarios: Plans,
    payer: Payers = None,
    plan_cost: PlanCosts = None,
    replications: Replications = None,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    out: Out = None,
) -> None:
    """Who pays and who gains under each plan: hospital, council, CCG, and the net saving with its interval."""
    from flowsim.decisions.compare import comparable
    from flowsim.decisions.money import check_payment
    from flowsim.decisions.money import money as of_money
    from flowsim.report.moneyed import money_sentences, money_table

    with in_words():
        make_room(out)
        costs, payers = plan_costs_of(plan_cost), payers_of(payer)
        loaded = comparable(scenarios)
        check_payment(loaded, payers, costs)
    comparison = compared(loaded, replications, seed, engine, cores)
    with in_words():
        table = of_money(comparison, payers, costs)
        shown = console()
        shown.print(money_table(table))
        for sentence in money_sentences(comparison, table):
            shown.print(sentence, highlight=False, markup=False)
        if out is not None:
            say_written(out, save_tables({"money": table}, out))


def plan_costs_of(given: list[str] | None) -> tuple[PlanCost, ...]:
    """What plans cost beyond the days of care, as `--plan-cost` says it. Raises RunError in words."""
    from flowsim.decisions.money import plan_cost_from

    return tuple(plan_cost_from(text) for text in given or ())


def payers_of(given: list[str] | None) -> dict[str, str]:
    """Payers by service, as `--payer` says it. Raises RunError in words."""
    from flowsim.errors import RunError

    found = {}
    for text in given or ():
        service, equals, who = (part.strip() for part in text.partition("="))
        if not (service and equals and who):
            raise RunError(f"--payer {text}: must be SERVICE=WHO, such as stit=council")
        found[service] = who
    return found


def compared(
    scenarios: list[Scenario], replications: int | None, seed: int | None, engine: str, cores: int | None
) -> Comparison:
    """Run the base and the plans, which are comparable, on the same draws."""
    from flowsim.decisions.compare import compare_with
    from flowsim.experiment.replicate import cores_here
    from flowsim.experiment.run import Effort

    announce(engine)
    with in_words(), progress("replications") as on_done:
        effort = Effort(
            replications=replications,
            seed=seed,
            engine=engine,
            cores=cores or cores_here(),
            on_done=on_done,
        )
        comparison = compare_with(scenarios, effort)
    if comparison.base.stopped:
        typer.echo("Stopped early: there is nothing to compare with so few replications.", err=True)
        raise typer.Exit(STOPPED)
    return comparison
