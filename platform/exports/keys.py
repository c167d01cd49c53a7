"""Columns that several tables share. The same name means the same thing everywhere."""

from exports.columns import BY_PARTNER, FROM_BOTH, GONE, IN_PROGRESS, OUTLIVED, WITHDRAWN, Column

PARTICIPANT = Column("participant", "The person's random code.")
OCCUPANT_PARTICIPANT = Column(
    "participant", "The person's random code.", missing=f"no person sits there, or {WITHDRAWN}"
)
VERSION = Column("version", "Number of the study version this was made under.", "integer")
WAVE = Column("wave", "Which planned occasion, as named in the study file.")
REPEAT = Column("repeat", "Which visit in the wave, from 1.", "integer")
GROUP = Column("group", "The group's random code.")
PAIR = Column("pair", "The random code of two people who stayed partners over their visits.")
MATCH = Column("match", "Group code, round, number of the match in the round, joined by dots.")
ROUND = Column("round", "Round of the group, from 1.", "integer", unit="rounds")
STEP = Column("step", "Path of the step in the match, such as reply or building:3/message.")
SEAT = Column("seat", "Group code and seat number. Seat numbers are random: they say nothing about who it is.")
ROLE = Column("role", "What the seat may do, as named by the experiment.")
POSITION = Column("position", "Letter or number under which the others in the match saw the seat.")
KIND = Column("kind", "What the partner really was.", allowed="human|ai")
KNOWS_LABELS = Column(
    "knows_labels",
    "Whose labels the seat was shown: its own, those of partners (other roles in the match), those of rivals (its own "
    "role, where there are others).",
    allowed="own|partners|rivals, those that apply, joined by |",
    missing="it was shown no labels",
)
ASKED_IF_AI = Column(
    "asked_if_ai",
    "The rule in force for what the automated seat says when asked whether it is a person. Policies do not read.",
    allowed="admit|deflect|deny",
    missing="a person sits there",
)
STUDY_DAY = Column(
    "study_day", "Day on which it began; 1 is the day (UTC) on which the study was set up.", "integer", "d"
)
IS_VOID = Column("is_void", "1 if the match was not completed, so that nothing in it counted.", "boolean")
IS_WITHDRAWN = Column(
    "is_withdrawn", "1 if the seat's person asked that their data be deleted; its values are empty.", "boolean"
)
MISSING_REASON = Column(
    "missing_reason",
    "Why values of this row are empty that were there: the person asked for deletion (withdrawn); the words may repeat "
    "what a partner said who did, and are deleted or not yet reviewed (withdrawn_partner); the number was worked out "
    "from what such a partner and others did (withdrawn_consent); or the time for which the study keeps words is over "
    "(purged).",
    allowed=f"{GONE}|{BY_PARTNER}|{FROM_BOTH}|{OUTLIVED}",
    missing="neither a withdrawal nor a purge empties this row",
)


def since_session(name: str, label: str, *, missing: str = "never empty") -> Column:
    """A time counted from the start of the person's session."""
    return Column(name, f"{label}, counted from the start of the session.", "number", "s", "0 or more", missing)


def since_group(name: str, label: str, *, missing: str = "never empty") -> Column:
    """A time counted from the forming of the group."""
    return Column(name, f"{label}, counted from the forming of the group.", "number", "s", "0 or more", missing)


CLOSED_S = since_group("closed_s", "When the match was over", missing=IN_PROGRESS)
