"""The shape of a study of seven conversations, small: intake, seven visits with a partner and scales, a last one."""

import shutil
from pathlib import Path
from typing import Any

from config.places import ROOT
from tests.machinery.study_files import read_study, write_study

STUDY = "seven-visits"
VISITS = 7
LEDGER, PLAYED = "ledger.jsonl", "played.json"  # what a play leaves
GAME = ROOT / "bench" / "study"
SCALES = ROOT / "experiments" / "partner_selection" / "studies" / "scales"
CONSENT = """# Taking part

You come {} times, which takes {{{{ minutes }}}} minutes. Players may be computer programs.

You get {{{{ base }}}} and more for each visit, and {{{{ pay_per_minute }}}} for a minute of waiting.
You may stop at any time.
Write to {{{{ contact_email }}}} with questions.
"""
SCALE_NAMES = ("closeness", "self_disclosure")


def seven_visits(home: Path) -> Path:
    """The study in a folder of its own, ready to be loaded."""
    folder = home / STUDY
    shutil.copytree(GAME, folder)
    shutil.copytree(SCALES, folder / "scales")
    (folder / "pages" / "consent.md").write_text(CONSENT.format(VISITS + 2))
    (folder / "pages" / "end.md").write_text(
        "# Thank you\n\nYour pay is {{ pay_total }}. Please copy the code below.\n"
    )
    debrief = "# What this study was about\n\nThe other player was a computer program.\n"
    (folder / "pages" / "debrief.md").write_text(debrief)
    said = read_study(folder)
    stages = {stage["id"]: stage for stage in said["waves"][0]["stages"]}
    write_study(folder, said | _of_weeks(stages))
    return folder


def _of_weeks(stages: dict[str, Any]) -> dict[str, Any]:
    game = stages["game"] | {"parameters": {"rounds": 1, "act_seconds": 600, "result_seconds": 600}}
    game["min_active"] = {"sender": 1, "receiver": 1}
    lobby = stages["lobby"] | {"ready_seconds": 120, "max_wait_seconds": 900}
    opens = {"anchor": "enrolment", "offset": "0d", "every": "3d", "at": "08:00"}
    last = {"anchor": {"wave": "chat", "event": "last_closed_or_completed"}}
    return {
        "id": STUDY,
        "title": "Seven visits with the same partner",
        "waves": [
            {"id": "intake", "then": "enrol", "stages": [stages["consent"], _asks("before", "closeness")]},
            {
                "id": "chat",
                "repeat": VISITS,
                "opens": opens,
                "closes": {"after": "48h"},
                "grace": "4h",
                "min_gap": "20h",
                "stages": [lobby, game, _asks("after", *SCALE_NAMES)],
            },
            {
                "id": "final",
                "opens": last,
                "closes": {"after": "5d"},
                "stages": [_asks("last", "closeness"), stages["debrief"]],
            },
        ],
        "timezone": {"source": "browser_confirmed"},
        "attendance": {"max_missed": 3, "max_consecutive_missed": 2, "on_exceed": {"exit": "inactive"}},
        "factors": {"pace": {"levels": ["steady", "quick"]}},
        "conditions": {"cross": ["pace"]},
        "allocation": {"unit": "participant", "at": "entry", "block_sizes": [2, 4]},
        "groups": {
            "pair": {
                "roles": {"sender": {"humans": 1}, "receiver": {"ai": 1}},
                "partners": {"human": "person", "ai": "program"},
            }
        },
        "partners": {"person": {"occupant": "person", "label": {"all": "Player"}}, "program": _program()},
        "told": {
            "ai_may_be_present": True,
            "share": "some",
            "who_knows": "everybody",
            "sentence": "Players may be computer programs.",
        },
        "scales": {name: {"file": f"scales/{name}.yaml"} for name in SCALE_NAMES},
        "payments": {"currency": "GBP", "base": "2.00", "per_wave": {"chat": "1.00"}, "minimum_hourly": "0.00"},
        "estimated_minutes": 60,
        "sample": {"unit": "participant", "target": 100_000, "counts": "completed"},
    }


def _asks(name: str, *scales: str) -> dict[str, Any]:
    return {"id": name, "kind": "survey", "scales": list(scales)}


def _program() -> dict[str, Any]:
    return {
        "occupant": "policy",
        "policies": ["half"],
        "label": {"all": "Program"},
        "asked_if_ai": "admit",
        "delay": {"min_s": 0.2, "max_s": 0.2},
    }
