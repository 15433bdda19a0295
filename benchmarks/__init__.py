"""Benchmarks: how fast flowsim is, held against a plainly written SimPy model of the same scenario."""
