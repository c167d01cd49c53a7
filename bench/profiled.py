"""Where a process that serves pages spends its processor time: one more such process, under cProfile.

Time is the thread's own, so that neither a busy machine nor waiting for PostgreSQL is in it; `execute` counts the
statements.
"""

import io
import pstats
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from bench.driver import Crowd, drive, on_loop
from bench.rapport_side import RapportSide
from bench.rapport_visit import RapportVisit
from bench.tape import Tape
from config.places import ROOT
from config.supervisor.children import environment_of

LINES = 45
START_SECONDS = 30.0


def report(side: RapportSide, crowd: Crowd) -> str:
    """Let a crowd play against the profiled process; return its most expensive functions, by both orders."""
    port, file = _free_port(), side.running.home / "pages.pstats"
    own = {"RAPPORT_HOME": str(side.running.home), "PROFILE_FILE": str(file), "RAPPORT_LOG_LEVEL": "WARNING"}
    argv = [sys.executable, "-m", "gunicorn", "bench.profiled_pages:application", "--bind", f"127.0.0.1:{port}"]
    argv += ["--worker-class", "gthread", "--threads", "1", "--log-level", "warning", "--no-control-socket"]
    serving = subprocess.Popen(argv, env={**side.running.env, **environment_of("pages"), **own}, cwd=ROOT)
    try:
        _wait_for(port)

        def visit(tape: Tape, think_seconds: float) -> RapportVisit:
            one = side.visit(tape, think_seconds)
            one.browser.port = port  # pages from here, the socket and the origin as before
            return one

        tape, seconds = on_loop(drive(crowd, visit))
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait()
    head = f"{crowd.name}: {tape.requests} requests in {seconds:.1f} s under the profiler, {len(tape.errors)} errors\n"
    return head + _read(file, tape.requests)


def _read(file: Path, requests: int) -> str:
    out = io.StringIO()
    stats = pstats.Stats(str(file), stream=out)
    for order in ("cumulative", "tottime"):
        stats.sort_stats(order).print_stats(LINES)
    return f"{1000 * stats.total_tt / max(requests, 1):.1f} ms per request\n{out.getvalue()}"  # type: ignore[attr-defined]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
