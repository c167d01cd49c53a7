"""Who may do what in a study. Every page of a study names one capability; a test walks all pages with all roles."""

from enum import StrEnum

from studies.models import Membership

Role = Membership.Role


class Capability(StrEnum):
    """What a page lets somebody do."""

    SEE_STUDY = "see_study"  # its status, versions, parameters, codebook
    WATCH = "watch"  # the board: who is where, never an outcome
    TRY = "try"  # play it oneself
    CHANGE = "change"  # parameters
    SEE_DATA = "see_data"  # rows and texts of participants; while they are masked, what may leave of them
    SPEAK = "speak"  # write in an automated seat's place, where the study file lets people; while masked, wizards alone
    UNMASK = "unmask"  # let everybody see conditions and outcomes before collection is closed, with a reason


MATRIX: dict[str, frozenset[Capability]] = {
    Role.OWNER: frozenset(Capability),
    Role.EDITOR: frozenset(Capability) - {Capability.UNMASK},
    # who runs sessions reads no participant's words
    Role.OPERATOR: frozenset({Capability.SEE_STUDY, Capability.WATCH, Capability.TRY}),
    # who analyses changes nothing, and has no need to see who is online
    Role.ANALYST: frozenset({Capability.SEE_STUDY, Capability.SEE_DATA}),
    # who watches over people's safety sees the data unmasked, and has no hand in the study
    Role.MONITOR: frozenset({Capability.SEE_STUDY, Capability.WATCH, Capability.SEE_DATA, Capability.UNMASK}),
    # who writes as an AI knows no more of the study than the seat's page shows
    Role.WIZARD: frozenset({Capability.SPEAK}),
    Role.FORMER: frozenset(),
}


def may(role: str, capability: Capability) -> bool:
    """Whether a role has a capability; an unknown role has none."""
    return capability in MATRIX.get(role, frozenset())
