"""The one door to Dask: an existing cluster as an executor, refused in words where it cannot be used."""

from __future__ import annotations

import asyncio
import logging
import math
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from flowsim.errors import RunError
from flowsim.experiment.worker import Job, run_job
from flowsim.scenario.model import Scenario

ANSWERS_WITHIN_SECONDS: Final = 5.0
# A task costs the scheduler some 7 ms: work that is worth less than this travels in larger parcels.
WORTH_SENDING_SECONDS: Final = 0.5
# So many parcels for each worker, so that the last ones do not leave the others idle for long.
PARCELS_A_WORKER: Final = 4
# What the last bits of a result depend on, on every worker as here.
LIBRARIES: Final = ("flowsim", "numpy", "scipy")
RETRIES: Final = 2


@dataclass(frozen=True)
class Cluster:
    """A cluster that answered, with workers that run this very version."""

    address: str
    workers: int
    executor: Executor


@contextmanager
def cluster_at(address: str) -> Iterator[Cluster]:
    """The cluster whose scheduler listens at an address, such as tcp://10.0.0.5:8786.

    Raises RunError, within seconds, where there is none, where it has no workers, or where a worker has
    no flowsim or other versions of what results depend on.
    """
    client = _client(address)
    try:
        yield _looked_at(client, address)
    finally:
        # Whatever still runs there is of no use to anybody once we leave.
        client.close(timeout=2)


def deaths() -> tuple[type[BaseException], ...]:
    """What an executor raises where a worker died with a job in hand, or the job was lost on the way."""
    distributed = sys.modules.get("distributed")
    found: tuple[type[BaseException], ...] = (BrokenExecutor, CancelledError)
    return found if distributed is None else (*found, distributed.KilledWorker)


def parcel(scenarios: tuple[Scenario, ...], seed: int, engine: str, replications: int, workers: int) -> int:
    """How many replications should travel to a worker together, as far as one of them, run here, tells."""
    job = Job(scenarios[:1], (0,), seed, engine, 0)
    run_job(job)  # whatever is only done once is not to be measured
    begun = time.perf_counter()
    run_job(job)
    seconds = (time.perf_counter() - begun) * len(scenarios)
    enough = math.ceil(WORTH_SENDING_SECONDS / max(seconds, 1e-6))
    return max(1, min(enough, replications // (PARCELS_A_WORKER * workers)))


def _client(address: str) -> Any:
    try:
        import distributed
    except ImportError as problem:
        raise RunError(
            "a cluster needs the library distributed, which is not installed here; "
            'this brings it: pip install "flowsim[cluster]"'
        ) from problem
    # Its own log tells of every try to connect, at length; what matters of it is said here.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        # A client that is made in vain lingers, and complains for ten seconds when the program ends: knock first.
        asyncio.run(_knock(address))
        client: Any = distributed.Client
        return client(address, timeout=ANSWERS_WITHIN_SECONDS, set_as_default=False)
    except Exception as problem:  # whatever it is that listens there may say anything
        raise RunError(
            f'no Dask scheduler answers at "{address}" within {ANSWERS_WITHIN_SECONDS:g} seconds; the command '
            "dask scheduler says its address when it starts, such as tcp://10.0.0.5:8786"
        ) from problem


async def _knock(address: str) -> None:
    """Exchange greetings with a scheduler. Raises all sorts of errors where there is none."""
    from distributed import comm as door

    connect: Any = door.connect  # type: ignore[attr-defined]  # public, but not named in __all__
    # Its own limit holds for the connection only, not for somebody who listens and never says a word.
    connecting = connect(address, timeout=ANSWERS_WITHIN_SECONDS)
    comm = await asyncio.wait_for(connecting, ANSWERS_WITHIN_SECONDS)
    await comm.close()


def _looked_at(client: Any, address: str) -> Cluster:
    """The cluster if it can be used: it has workers, and each runs what we run."""
    try:
        client.wait_for_workers(1, timeout=ANSWERS_WITHIN_SECONDS)
        found = client.run(_teller(), LIBRARIES, on_error="return")
    except TimeoutError as problem:
        raise RunError(
            f"the cluster at {address} has no workers; start some with dask worker {address}"
        ) from problem
    here = _teller()(LIBRARIES)
    for worker, there in sorted(found.items()):
        _refuse_others(worker, here, there)
    return Cluster(address, len(found), client.get_executor(pure=False, retries=RETRIES))


def _teller() -> Callable[[tuple[str, ...]], dict[str, str]]:
    """A function that says which versions there are; empty where a library is not there.

    Made in here, so that it travels as code: a worker without flowsim could not look it up by its name.
    """

    def tell(libraries: tuple[str, ...]) -> dict[str, str]:
        from importlib import import_module

        found = {}
        for library in libraries:
            try:
                found[library] = str(import_module(library).__version__)
            except ImportError:
                found[library] = ""
        return found

    return tell


def _refuse_others(worker: str, here: dict[str, str], there: dict[str, str] | BaseException) -> None:
    """Raise RunError where a worker would give other results than this process, or none."""
    if isinstance(there, BaseException):
        raise RunError(f"the worker {worker} could not say what it runs: {type(there).__name__}: {there}")
    for library, version in here.items():
        if not there[library]:
            raise RunError(
                f"the worker {worker} has no {library}: install {library} {version} where the workers run, "
                "and start them anew"
            )
        if there[library] != version:
            raise RunError(
                f"the worker {worker} has {library} {there[library]}, but here it is {version}: results could "
                "differ, so install the same version on both sides and start the workers anew"
            )
