"""What can go wrong, said in words: every error that flowsim raises for something a user did."""

from __future__ import annotations

from collections.abc import Iterable


class FlowsimError(Exception):
    """Something is wrong with what flowsim was given; the message is meant for the user."""


class InputError(FlowsimError):
    """A file that cannot be used. Carries every complaint found, each a full sentence."""

    def __init__(self, complaints: Iterable[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(self.complaints))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[str, ...]]]:
        # Exception.__reduce__ would hand back the joined text, one letter a complaint.
        return type(self), (self.complaints,)


class ScenarioError(InputError):
    """A scenario that cannot be used.

    A complaint names the file, the dotted path, the value, and what would be right.
    """


class DataError(InputError):
    """Observed figures that cannot be used.

    A complaint names the file, the sheet, the row, the column, the value, and what would be right.
    """


class RunError(FlowsimError):
    """A run that cannot be made or finished, though its scenario is well formed."""


class Stopped(FlowsimError):
    """The user stopped the work; what was finished by then is kept by whoever raised this."""


def complaints_of(error: FlowsimError) -> tuple[str, ...]:
    """What an error has to say, one complaint after another."""
    return error.complaints if isinstance(error, InputError) else (str(error),)
