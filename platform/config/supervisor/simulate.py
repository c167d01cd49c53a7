"""Playing a version in a scratch installation: start it, hand the plan over, wait, take the report back, clean up."""

import json
import signal
import subprocess
import sys
import tempfile

from config.places import ROOT
from config.refusal import SetupError
from config.supervisor.process import die_with_parent
from config.supervisor.scratch import Scratch
from config.supervisor.watch import Say
from simulation.play import REPORT_JSON, Mode, Plan
from simulation.report import Report

# What the engine does itself where the clock stands. Nobody's script runs, so no socket is opened either.
DONE_BY_THE_ENGINE = "sockets,bots,jobs,sweeper"
# Of the play: its threads ask in turns, only what goes wrong is told, and its last tables may take their time.
ENVIRONMENT = {"RAPPORT_DB_POOL": "persistent", "RAPPORT_LOG_LEVEL": "WARNING", "RAPPORT_DB_STATEMENT_SECONDS": "0"}


def simulate(plan: Plan, *, with_models: bool, say: Say) -> Report:
    """Play a plan in an installation of its own and return the report; its folder holds everything else.

    Args:
        with_models: Ask real language models, with the key that is in the environment, instead of making replies up.
        say: Receives one line per event.

    Raises:
        SetupError: the installation did not start, or the play ended without a report.
    """
    arguments = ["--simulation"]
    arguments += [] if plan.mode == Mode.REALTIME else ["--without", DONE_BY_THE_ENGINE]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it shall leave nothing behind either
    # Chance in a set of words would differ between two runs.
    variables = {"PYTHONHASHSEED": "0", "RAPPORT_LLM_SCRIPTED": "0" if with_models else "1"}
    say("starting a scratch installation")
    with Scratch(*arguments, variables=variables) as scratch:
        say(f"playing; the clock {'goes' if plan.mode == Mode.REALTIME else 'stands, and jumps'}; Ctrl-C ends it")
        code = _play(scratch, plan)
        if not (plan.out / REPORT_JSON).exists():
            text = f"the play ended with code {code} and without a report; the pages said:\n{_tail(scratch)}"
            raise SetupError("no_report", text)
    return Report.from_json(json.loads((plan.out / REPORT_JSON).read_text(encoding="utf-8")))


def _play(scratch: Scratch, plan: Plan) -> int:
    with tempfile.NamedTemporaryFile("w", suffix=".json", dir=scratch.home, encoding="utf-8") as file:
        file.write(plan.model_dump_json())
        file.flush()
        child = subprocess.Popen(  # noqa: S603  our own argv
            [sys.executable, str(ROOT / "manage.py"), "play", file.name],
            env={**scratch.env, **ENVIRONMENT},
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509  only the main thread forks
        )
        try:
            return child.wait()
        except KeyboardInterrupt:  # it got the same, if it came from a terminal; twice does no harm
            child.send_signal(signal.SIGINT)
            return child.wait()
        finally:
            if child.poll() is None:  # interrupted again while it wrote its report
                child.kill()
                child.wait()


def _tail(scratch: Scratch) -> str:
    log = scratch.home / "log" / "pages.log"
    return "\n".join(log.read_text(encoding="utf-8").splitlines()[-5:]) if log.exists() else ""
