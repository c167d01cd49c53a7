"""The study of the test: one study file and its pages, short and without words that differ by chance."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bots.delays import MARGIN_SECONDS
from tests.machinery.study_files import write_study

NAME = "meeting"
PARTNER, OBSERVER = "partner", "observer"
CALM: dict[str, Any] = {
    "min_s": 0.2, "max_s": 9.0, "chars_per_s": 2.0, "think_s": [1.0, 7.0], "miss": 0.2, "returns": 0.5
}  # fmt: skip
"""Of programs in the study file and of the simulated people of `people.Paced` alike. Wide enough that a busy machine,
which delays people and programs differently, does not show; with words that take one to two and a half seconds, because
a person's notice of writing is on its way some hundredths longer than a message; and with far more misses than in life,
so that every branch is met often."""
BRISK = CALM | {"max_s": 4.0, "chars_per_s": 4.0, "think_s": [0.6, 3.6], "miss": 0.25}
"""For leaks, which are easier to see than nothing."""
FORGETFUL = BRISK | {"miss": 0.5}
"""For leaks that show where somebody has missed an act."""
FAITHFUL = BRISK | {"miss": 0.35, "returns": 1.0}
"""For the leak that shows in who comes back after a miss: often only one of two has missed, and who has comes back."""
SURE = BRISK | {"miss": 0.0}
"""Where there is little time: a void match costs a quarter of a minute."""
UNHURRIED = CALM | {"max_s": 12.0, "think_s": [2.0, 8.0]}
"""Of models, and of the people beside them: the time to think that is the platform's default. So a model has answered,
and answered once more, before somebody in its place would begin to write."""
STEADY = UNHURRIED | {"think_s": [2.0, 4.0]}
"""The same for leaks, which are easier to see than nothing."""

STEPS = ("word", "talk", "chat", "number", "both")
TITLES = {"word": "A word", "talk": "Two turns", "chat": "Some turns", "number": "A number", "both": "Both"}
LIMITS = {"talk": 60, "chat": 60, "both": 20}
"""Seconds of the steps that are no decisions, as the experiment declares them."""
VOID = "Not completed"
CONSENT = (
    "# Taking part\n\nThis takes {{ minutes }} minutes and pays {{ base }} {{ currency }}. Ask {{ contact_name }}.\n"
)


def limit_seconds(pace: Mapping[str, Any]) -> int:
    """The time for a decision: nothing that is not planned to be missed comes too late."""
    return int(pace["max_s"] + MARGIN_SECONDS)


def write(folder: Path, *, slug: str, rounds: int, pace: Mapping[str, Any], by_model: bool = False) -> Path:
    """Write the study into `folder` and return it; `pace` is that of its programs.

    Args:
        by_model: Whether its programs are language models, and no rules of the experiment.
    """
    home = folder / "studies" / NAME
    (home / "pages").mkdir(parents=True)
    said = _said(slug, rounds, pace)
    write_study(home, _with_models(said) if by_model else said)
    for name, text in (_pages() | (MODEL_PAGES if by_model else {})).items():
        (home / f"{name}.md").write_text(text)
    return home


def _pages() -> dict[str, str]:
    roles = {OBSERVER: OBSERVER_SAID, PARTNER: "You take your time."}
    game = {f"pages/{step}_{role}": f"# {TITLES[step]}\n\n{words}\n" for step in STEPS for role, words in roles.items()}
    return game | {
        "consent": CONSENT,
        "waiting": "# Please wait\n\n{{ here }} of {{ needed }} are here. You get {{ pay_per_minute }} a minute.\n",
        "debrief": "# Afterwards\n\nSome players were programs, whose pace was made to look like that of people.\n",
        "exit": "# Thank you\n\nThat was all.\n",
        "pages/void": f"# {VOID}\n\nThis round was not completed.\n",
        "pages/sit_out": "# A rest\n\nYou do not play in this round.\n",
    }


def _said(slug: str, rounds: int, pace: Mapping[str, Any]) -> dict[str, Any]:
    told = {"approved_by": "nobody: a test", "reference": "none", "debrief": "debrief.md"}
    return {
        "schema": "study/1", "id": slug, "version": "1", "title": NAME, "public_title": "Meeting others",
        "language": "en", "contact": {"name": "Team", "email": "team@example.org"},
        "deception": [{"what": "omission", **told}, {"what": "delay", **told}],
        "told": {"ai_may_be_present": True, "share": "some", "who_knows": "nobody"},
        "allocation": {"unit": "group", "block_sizes": [1], "at": "formation"},
        "groups": {
            "four": {
                "roles": {OBSERVER: {"humans": 2}, PARTNER: {"humans": 1, "ai": 1}},
                "partners": {"human": "person", "ai": "program"},
            }
        },
        "partners": {
            "person": {"occupant": "person", "label": {"all": ""}},
            "program": {
                "occupant": "policy", "policies": ["likely"], "label": {"all": ""},
                "asked_if_ai": "deflect", "delay": dict(pace),
            },
        },
        "waves": [{"id": "main", "stages": _stages(rounds, pace)}],
        "exits": {name: {"pay": "earned", "page": "exit.md"} for name in EXITS},
        "payments": {"currency": "GBP", "base": "4.00", "minimum_hourly": "6.00"},
        "estimated_minutes": 20,
        "sample": {"unit": "group", "target": 100_000},
    }  # fmt: skip


def _with_models(said: dict[str, Any]) -> dict[str, Any]:
    """The same study with models in its programs' seats, and with what a study needs in which people talk with them."""
    program = said["partners"]["program"]
    model = {
        "name": "openai/stub", "max_tokens": 100, "daily_cost_usd": "0.00", "price": {"input": "0", "output": "0"},
        "run_by": "Nobody: a stub of this test",
    }  # fmt: skip
    program |= {"occupant": "model", "personas": ["persona.md"], "model": model}
    del program["policies"]
    said["exits"]["completed"] = {"pay": "full", "page": "exit.md"}
    said["safety"] = {
        "on_call": {"role": "Nobody: a test", "email": "team@example.org"},
        "staffed": {"zone": "Europe/London", "hours": [{"days": ["mon"], "begin": "10:00", "end": "17:00"}]},
        "card": {"en": "card.md"}, "helplines": {"by": "Nobody: a test", "on": "2026-11-01"},
        "adults": "Nobody takes part but programs.", "replies": {"line": "ox"}, "stopped": "completed",
    }  # fmt: skip
    return said


MODEL_PAGES = {
    "persona": "You take your time, and write one short word.\n",
    "card": "# Support\n\nCall somebody.\n",
    "consent": CONSENT + "\nWe read along {{ staffed_hours }}. What you write is sent to: {{ ai_services }}.\n",
}
OBSERVER_SAID = "You are quick."
EXITS = ("completed", "declined", "no_group", "inactive", "partners_left", "left", "withdrawn")


def _stages(rounds: int, pace: Mapping[str, Any]) -> list[dict[str, Any]]:
    consent = {
        "ticks": [{"id": "take_part", "label": "I agree to take part."}],
        "document": "consent.md",
        "on_decline": {"exit": "declined"},
    }
    lobby = {
        "forms": "four",
        "page": "waiting.md",
        "max_wait_seconds": 600,
        "ready_seconds": 60,
        "pay_per_minute": "0.10",
        "on_timeout": {"exit": "no_group"},
    }
    game = {
        "experiment": NAME,
        "pages": "pages",
        "parameters": {"rounds": rounds, "seconds": limit_seconds(pace)},
        "on_timeout": {"match": "void", "strikes": 20, "exit": "inactive"},
        "min_active": {OBSERVER: 2, PARTNER: 1},
        "on_too_few": {"exit": "partners_left"},
    }
    return [
        {"id": "consent", "kind": "consent"} | consent,
        {"id": "lobby", "kind": "waiting_room"} | lobby,
        {"id": "game", "kind": "game"} | game,
        {"id": "debrief", "kind": "debrief", "page": "debrief.md", "reveals_partners": False},
    ]
