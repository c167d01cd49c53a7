"""The study of seven conversations itself, in a copy whose talks are short and whose program answers at once."""

import shutil
from pathlib import Path

from config.places import ROOT
from tests.machinery.study_files import read_study, write_study
from tests.sizes import sized

STUDY = "seven-chats"
VISITS = 7
ZONES = 20  # at least; people are drawn from 25
LEDGER, PLAYED = "ledger.jsonl", "played.json"  # what a play leaves
STUDIES = ROOT / "experiments" / "longitudinal_chat" / "studies"
SCALES = {"closeness": 2, "self_disclosure": 4, "enjoyment": 2, "impression": 4}  # items that are asked at each visit
SHOWN_IN_TURNS = 4  # further items of `impression` that are asked at other visits
REMINDERS = {"chat": 3, "final": 2}  # of each visit of a wave
# A minute of talk, in which everybody says one thing or two; the study's own are five minutes and four messages.
SHORT = {"shortest_seconds": 60, "longest_seconds": 600, "least_turns": 0}
AT_ONCE = {"min_s": 0.2, "max_s": 0.2}  # of real time, which nobody skips; the study's own is three seconds
MISSING = sized(test=50, long=12) / 100  # share of visits: pages are what takes the time
MOST_MISSED = sized(test=7, long=2)
CALLED = {"by": "Nobody: a test", "on": "2026-11-27"}  # without which it is opened for nobody


def seven_chats(home: Path) -> Path:
    """The study in a folder of its own, ready to be loaded."""
    shutil.copytree(STUDIES, home / "studies")
    folder = home / "studies" / "seven_chats"
    said = read_study(folder)
    said["safety"]["helplines"] = CALLED
    said["sample"] = {"unit": "participant", "target": 100_000, "counts": "completed"}  # it would stop at 120
    said["partners"]["companion"]["delay"] = AT_ONCE
    said["attendance"] |= {"max_missed": MOST_MISSED, "max_consecutive_missed": MOST_MISSED}  # the study's own: 2
    for wave in said["waves"]:
        for stage in wave["stages"]:
            if stage["kind"] == "game":
                stage["parameters"] |= SHORT
    write_study(folder, said)
    return folder
