"""`python -m flowsim`: the command line where new programs may not be started by name."""

from flowsim.cli import main

if __name__ == "__main__":
    main()
