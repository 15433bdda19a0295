"""A browser and a server for looking at the app: used by the browser tests and by scripts/screenshots.py.

python3 scripts/browser.py      install Chromium where that is possible (as root on Debian or Ubuntu)
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_SWITCHES = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
PATIENCE_SECONDS = 60
INSTALL = (
    ["apt-get", "update"],
    ["apt-get", "-o", "DPkg::Lock::Timeout=180", "install", "-y", "--no-install-recommends", "chromium", "fonts-liberation"],
)  # fmt: skip


def chromium() -> str | None:
    """The Chromium of this computer: the one named by FLOWSIM_CHROMIUM, else one on the path."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("FLOWSIM_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def install_chromium() -> str | None:
    """The Chromium of this computer, installed first where that can be done; None where there is none."""
    may = shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0
    if chromium() is None and may:
        print("Installing Chromium for the browser tests.", flush=True)
        for command in INSTALL:
            done = subprocess.run(
                command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=False, capture_output=True, text=True
            )  # fmt: skip
            if done.returncode:
                print(f"{' '.join(command)} failed: {done.stderr.strip()[-500:]}", flush=True)
                break
    return chromium()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
    return port


@contextlib.contextmanager
def served(*more: str, port: int | None = None) -> Iterator[str]:
    """The app on a port of its own, as `flowsim app` starts it; gives its address, and ends it afterwards."""
    port = port or free_port()
    command = [sys.executable, "-m", "flowsim", "app", "--port", str(port), "--no-browser", *more]
    with tempfile.TemporaryFile("w+") as said:
        # A group of its own: `flowsim app` starts Streamlit, and both must end.
        server = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said, start_new_session=True)
        try:
            _wait_for(server, f"http://127.0.0.1:{port}/_stcore/health", said)
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(server)


def _wait_for(server: subprocess.Popen[bytes], url: str, said: object) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            if answer.read() == b"ok":
                return
        time.sleep(0.2)
    said.seek(0)  # type: ignore[attr-defined]
    raise RuntimeError(f"the app did not start:\n{said.read()}")  # type: ignore[attr-defined]


def _end(server: subprocess.Popen[bytes]) -> None:
    import signal

    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
    else:
        server.terminate()
    try:
        server.wait(timeout=15)
    except subprocess.TimeoutExpired:
        if hasattr(os, "killpg"):
            os.killpg(server.pid, signal.SIGKILL)
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(0 if install_chromium() else 1)
