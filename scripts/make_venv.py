"""Makes the virtual environment, also on a Debian whose Python comes without `ensurepip`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def main(folder: str) -> int:
    if subprocess.run([sys.executable, "-m", "venv", folder], check=False).returncode == 0:
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit("Python's venv is missing here; install the package python3-venv, then try again.")
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).parent.mkdir(exist_ok=True)
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(["apt-get", "install", "-y", "-qq", "python3-venv"], check=True)
    return subprocess.run([sys.executable, "-m", "venv", folder], check=True).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
