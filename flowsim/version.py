"""The version of flowsim."""

__version__ = "0.1.0"
