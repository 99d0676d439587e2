"""Sets a demo up, starts sandbox, web server and worker, runs the main job, then serves.

`python -m demo [--no-serve]`. Reads WEB_PORT, SANDBOX_PORT, TIKTOK_SHOP_API_URL (a proxy may stand
between the product and the sandbox), DATABASE_URL and REDIS_URL from the environment. Without a
DATABASE_URL the demo has a SQLite file of its own, made anew at each run.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var" / "demo"
DATABASE = VAR / "db.sqlite3"
PARTS = ("sandbox", "web", "worker")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-serve", action="store_true", help="stop after the main job")
    options = parser.parse_args()
    web, sandbox = int(os.environ["WEB_PORT"]), int(os.environ["SANDBOX_PORT"])
    for name, port in (("WEB_PORT", web), ("SANDBOX_PORT", sandbox)):
        if is_taken(port):
            print(f"Port {port} is taken by another program. Choose another: make demo {name}=…")
            return 2
    clean(keep_database=bool(os.environ.get("DATABASE_URL")))
    environment = environment_of(web, sandbox)
    prepare(environment)
    processes = start(environment, web, sandbox)
    try:
        wait_for_ports(processes, web, sandbox)
        outcome = manage(environment, "demo")
        if options.no_serve or outcome:
            return outcome
        serve(processes)
    finally:
        stop(processes)
    return 0


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def clean(*, keep_database: bool) -> None:
    """Forget the last run's sandbox, pictures and report, and its own SQLite file."""
    VAR.mkdir(parents=True, exist_ok=True)
    for old in ("sandbox.sqlite3", "sandbox.sqlite3-wal", "sandbox.sqlite3-shm", "report.json"):
        (VAR / old).unlink(missing_ok=True)
    shutil.rmtree(VAR / "media", ignore_errors=True)
    shutil.rmtree(VAR / "cache", ignore_errors=True)
    if not keep_database:
        for ending in ("", "-wal", "-shm"):
            Path(f"{DATABASE}{ending}").unlink(missing_ok=True)


def environment_of(web: int, sandbox: int) -> dict[str, str]:
    address = f"http://127.0.0.1:{sandbox}"
    chosen = {
        "DATABASE_URL": f"sqlite:///{DATABASE}",
        "TIKTOK_SHOP_API_URL": address,
    }
    return {
        **chosen,
        **os.environ,
        "DEMO_SANDBOX_URL": address,
        "DEMO_DIRECTORY": str(VAR),
        "BASE_URL": f"http://127.0.0.1:{web}",
        "MEDIA_ROOT": str(VAR / "media"),
        "TIKTOK_SHOP_APP_KEY": "demo-app",
        "TIKTOK_SHOP_APP_SECRET": secrets.token_hex(20),
        "TIKTOK_SHOP_SERVICE_ID": "7000000000000000001",
        "TIKTOK_SHOP_AUTH_URL": address,
        "TIKTOK_SHOP_AUTHORIZE_URL": f"{address}/open/authorize",
        # The sandbox's pictures of listings that exist there are served from this machine.
        "IMAGE_FETCH_ALLOW_PRIVATE": "true",
        "TIKTOK_SHOP_READS_PER_SECOND": "200",
        "TIKTOK_SHOP_WRITES_PER_SECOND": "200",
    }


def prepare(environment: dict[str, str]) -> None:
    for command in (
        ["migrate", "-v", "0"],
        ["sync_schedules"],
        ["sync_groups"],
        ["collectstatic", "--noinput", "-v", "0"],
    ):
        if code := manage(environment, *command):
            raise SystemExit(code)
    pictures = VAR / "pictures"
    if not pictures.exists():
        script = [sys.executable, str(ROOT / "demo" / "make_pictures.py"), str(pictures)]
        subprocess.run(script, check=True)


def manage(environment: dict[str, str], *arguments: str) -> int:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def start(
    environment: dict[str, str], web: int, sandbox: int
) -> dict[str, subprocess.Popen[bytes]]:
    base = f"http://127.0.0.1:{web}"
    commands = {
        "sandbox": [
            sys.executable,
            *("manage.py", "sandbox", "--port", str(sandbox)),
            *("--state", str(VAR / "sandbox.sqlite3")),
            *("--app-key", environment["TIKTOK_SHOP_APP_KEY"]),
            *("--app-secret", environment["TIKTOK_SHOP_APP_SECRET"]),
            *("--service-id", environment["TIKTOK_SHOP_SERVICE_ID"]),
            *("--redirect-url", f"{base}/integrations/tiktok_shop/callback/"),
            *("--existing", "40"),
        ],
        "web": [
            str(Path(sys.executable).with_name("gunicorn")),
            *("marketplace.wsgi", "--bind", f"127.0.0.1:{web}"),
            *("--workers", "2", "--threads", "4", "--timeout", "120"),
        ],
        "worker": [sys.executable, "manage.py", "watch_worker", "--look-every", "2"],
    }
    processes = {}
    for name, command in commands.items():
        with (VAR / f"{name}.log").open("wb") as log:
            processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    # The demo kills the watcher's worker once, to show that nothing is lost.
    (VAR / "worker.pid").write_text(str(processes["worker"].pid))
    return processes


def wait_for_ports(processes: dict[str, subprocess.Popen[bytes]], *ports: int) -> None:
    end = time.monotonic() + 60
    while not all(is_taken(port) for port in ports):
        for name, process in processes.items():
            if process.poll() is not None:
                raise SystemExit(f"The {name} did not start; see var/demo/{name}.log")
        if time.monotonic() > end:
            raise SystemExit("The demo did not come up within a minute; see var/demo/*.log")
        time.sleep(0.2)


def serve(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    print("Press Ctrl-C to stop.", flush=True)
    try:
        while all(process.poll() is None for process in processes.values()):
            time.sleep(1)
    except KeyboardInterrupt:
        print()


def stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for process in processes.values():
        if process.poll() is None:
            process.terminate()
    for process in processes.values():
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _ask_to_stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _ask_to_stop)
    raise SystemExit(main())
