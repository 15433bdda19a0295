"""Reports: results and checks as text that a manager can read."""
