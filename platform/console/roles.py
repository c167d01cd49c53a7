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
    SEE_DATA = "see_data"  # rows and texts of participants


MATRIX: dict[str, frozenset[Capability]] = {
    Role.OWNER: frozenset(Capability),
    Role.EDITOR: frozenset(Capability),
    # who runs sessions reads no participant's words
    Role.OPERATOR: frozenset({Capability.SEE_STUDY, Capability.WATCH, Capability.TRY}),
    # who analyses changes nothing, and has no need to see who is online
    Role.ANALYST: frozenset({Capability.SEE_STUDY, Capability.SEE_DATA}),
}


def may(role: str, capability: Capability) -> bool:
    """Whether a role has a capability; an unknown role has none."""
    return capability in MATRIX.get(role, frozenset())
