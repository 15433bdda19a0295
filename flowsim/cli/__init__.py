"""The command line: reads what the user asks for, calls the library, says the answer in words."""

from flowsim.cli.app import app, main

__all__ = ["app", "main"]
