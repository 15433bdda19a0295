"""Processes that stay: the same bytes as one core, the same replications with the same process, and a new one for one that died."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from flowsim.experiment import worker
from flowsim.experiment.replicate import Study, replicate
from flowsim.experiment.staying import STRETCH, StayingProcesses
from flowsim.experiment.worker import Job
from tests.experiment.city import small_city

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="kills with a signal")]
STUDY = Study((small_city(14, "few"),), 0, 3 * STRETCH, seed=7, engine="simpy", keep_people_bytes=10**8)


@pytest.fixture(scope="module")
def processes() -> Iterator[StayingProcesses]:
    staying = StayingProcesses(2)
    yield staying
    staying.shutdown(cancel_futures=True)


def who_works(_job: Job) -> int:
    return os.getpid()


def people_kept(job: Job) -> int:
    """How many bytes of people the process that works on a job has."""
    return worker._people_kept(job.keep_people_bytes)._bytes


def test_the_same_bytes_whoever_works(processes: StayingProcesses) -> None:
    alone = replicate(replace(STUDY, keep_people_bytes=0))
    for _ in range(2):  # the second time with the people kept
        found = replicate(STUDY, executor=processes, parcel=STRETCH)
        assert [pickle.dumps(o) for row in found.outcomes for o in row] == [
            pickle.dumps(o) for row in alone.outcomes for o in row
        ]


def test_the_same_replications_fall_to_the_same_process(processes: StayingProcesses) -> None:
    ours = [processes.submit(who_works, job).result() for job in STUDY.jobs(STRETCH)]
    assert ours[0] == ours[2] != ours[1]
    assert [processes.submit(who_works, job).result() for job in STUDY.jobs(STRETCH)] == ours
    replicate(STUDY, executor=processes, parcel=STRETCH)
    before = [processes.submit(people_kept, job).result() for job in STUDY.jobs(STRETCH)[:2]]
    replicate(STUDY, executor=processes, parcel=STRETCH)
    after = [processes.submit(people_kept, job).result() for job in STUDY.jobs(STRETCH)[:2]]
    assert min(before) > 0
    assert before == after  # nobody was drawn again


def test_one_that_died_is_replaced(processes: StayingProcesses) -> None:
    first, second = (processes.submit(who_works, job).result() for job in STUDY.jobs(STRETCH)[:2])
    os.kill(first, signal.SIGKILL)
    found = replicate(STUDY, executor=processes, parcel=STRETCH)
    assert not found.stopped
    assert len(found.outcomes) == 3 * STRETCH
    assert processes.submit(who_works, STUDY.jobs(STRETCH)[0]).result() != first
    assert processes.submit(who_works, STUDY.jobs(STRETCH)[1]).result() == second
