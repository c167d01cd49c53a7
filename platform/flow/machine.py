"""Which status may follow which. The only place that says so; services ask before they write."""

from flow.errors import FlowError
from scheduling.pairs import PARTED

MOVES: dict[str, dict[str, set[str]]] = {
    "session": {"active": {"finished"}, "finished": set()},
    "participant": {"active": {"finished", "withdrawn"}, "finished": {"withdrawn"}, "withdrawn": set()},
    "group": {"active": {"complete", "ended"}, "complete": set(), "ended": set()},
    "match": {"open": {"complete", "void"}, "complete": set(), "void": set()},
    "seat": {"sitting": {"left", "done"}, "left": set(), "done": set()},
    # who is sent back to a waiting room waits anew, whatever became of the first time
    "ticket": {
        "waiting": {"asked", "left", "expired"},
        "asked": {"waiting", "ready", "left", "expired"},
        "ready": {"waiting", "seated", "left", "expired"},
        "seated": {"waiting"},
        "left": {"waiting"},
        "expired": {"waiting"},
    },
}
TECHNICAL = "technical"  # the game's own rules fail
TOO_FEW = "too_few"
END_REASONS = frozenset({TOO_FEW, "researcher", PARTED, TECHNICAL})
"""Why a group may end before its last round."""


def check_move(thing: str, before: str, after: str) -> str:
    """`after`, if `thing` may go there.

    Raises:
        FlowError: "not_here", naming both, so that a stuck participant can be explained.
    """
    if after not in MOVES[thing][before]:
        raise FlowError("not_here", f"a {thing} that is {before} cannot become {after}")
    return after
