"""`flowsim app`: the pages in a browser, on this computer unless told otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

LOOPBACK: Final = "127.0.0.1"


def app_script() -> Path:
    """The script that Streamlit runs, beside its settings: in the package, else in the checkout."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "pages" / "packaged" / "app.py"
    return packaged if packaged.is_file() else package.parent / "app.py"


def app_command(
    port: int, address: str, host: str | None, headless: bool, sign_in: Path | None = None
) -> list[str]:
    """The command that starts the server."""
    command = [
        sys.executable, "-m", "streamlit", "run", str(app_script()), f"--server.port={port}", f"--server.address={address}",
        f"--server.headless={'true' if headless else 'false'}",
    ]  # fmt: skip
    command += [f"--server.allowedHosts={host}"] if host else []
    return [*command, f"--secrets.files={sign_in.resolve()}"] if sign_in else command


def app(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8501,
    address: Annotated[
        str, typer.Option(help="Address to listen on; others can only reach it where this is not loopback.")
    ] = LOOPBACK,
    host: Annotated[
        str | None,
        typer.Option(help="The name under which others reach it; requests to any other are refused."),
    ] = None,
    sign_in: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            readable=True,
            help="TOML file that names the OIDC provider to sign in with (docs/app.md).",
        ),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Open the app: compare plans, see where people wait, follow single people."""
    typer.echo(
        f"The app is at http://{'localhost' if address == LOOPBACK else address}:{port} - Ctrl-C ends it."
    )
    command = app_command(port, address, host, headless=not browser, sign_in=sign_in)
    folder = app_script().parent
    if os.name == "posix":
        # This process becomes the server, so that whoever ends the one has ended the other.
        sys.stdout.flush()
        os.chdir(folder)
        os.execv(command[0], command)  # noqa: S606 - no shell, our own command
    try:
        done = subprocess.run(command, cwd=folder, check=False)
    except KeyboardInterrupt:  # Streamlit was interrupted too, and has ended itself
        return
    raise typer.Exit(done.returncode)
