"""Decisions: what the results of several runs say to somebody who has to choose."""
