"""What is due when nobody comes: a step's deadline, a stage's, a group to be formed."""

from functools import partial

from events import due
from events.claim import Claim
from flow.services import consents, games, parting, partners, reminding, sessions, windows
from flow.services.forming import form_groups as form_all
from flow.services.locking import live_seat


def close_step(claim: Claim) -> str | None:
    """Close an overdue step; its settlement commits with it."""
    games.close_overdue(match_id=claim.facts["match"], rev=claim.facts["rev"], settle=partial(due.settle, claim))
    return None


def stage_overdue(claim: Claim) -> str | None:
    """Let a stage whose time is up say what follows; its settlement commits with it."""
    sessions.stage_overdue(claim.facts["session"], claim.facts["stage"], settle=partial(due.settle, claim))
    return None


def end_if_gone(claim: Claim) -> str | None:
    """End the visit of somebody who has closed the browser; its settlement commits with it."""
    sessions.end_if_gone(claim.facts["session"], settle=partial(due.settle, claim))
    return None


def turn_window(claim: Claim) -> str | None:
    """Open a planned visit, or see that it was not begun or finished; its settlement commits with it."""
    return windows.turn(claim.facts["window"], settle=partial(due.settle, claim))


def remind(claim: Claim) -> str | None:
    """Send a reminder, or see that it is not to be sent. Each step commits by itself, so that none is done twice."""
    return f"reminder {reminding.remind(claim.facts['reminder'])}"  # "failed" alone would say so of the work


def go_on(claim: Claim) -> str | None:
    """See what follows for somebody from what their partner did; its settlement commits with it."""
    return partners.go_on(claim.facts["participant"], settle=partial(due.settle, claim))


def part_as_wished(claim: Claim) -> str | None:
    """End the pair of two of whom one does not want to meet the other again."""
    return "parted" if parting.part_as_wished(claim.facts["pair"]) else "no pair"


def form_groups(claim: Claim) -> str | None:
    """Form what groups can be formed in a waiting room."""
    formed = form_all(claim.facts["version"], claim.facts["stage"])
    return f"formed {formed}"


def ask_again(claim: Claim) -> str | None:
    """The study has a new version: if the text about taking part is another, who waits reads it before playing."""
    return f"asked {consents.ask_those_who_wait(int(claim.key.rpartition(':')[2]))}"


def last_resort(claim: Claim) -> str | None:
    """Work failed for good, as when an experiment's rules raise: end the game, so that nobody waits for ever.

    A planned visit that could not be moved is tried again later, and again: nothing else would ever open or close it.
    So is a pair that could not be ended as one of the two wishes.
    Of a reminder say so, so that a person sees it.
    """
    settle = partial(due.settle, claim)
    if claim.facts["reaction"] == "flow.tasks.close_step":
        games.break_off(group_id=games.group_of_match(claim.facts["match"]), settle=settle)
    elif claim.facts["reaction"] == "flow.tasks.stage_overdue":
        seat = live_seat(claim.facts["session"])
        if seat is not None:
            games.break_off(group_id=seat.group_id, settle=settle)
    elif claim.facts["reaction"] == "flow.tasks.turn_window":
        windows.turn_later(claim.facts["window"], settle=settle)
    elif claim.facts["reaction"] == "flow.tasks.remind":
        reminding.give_up(claim.facts["reminder"])
    elif claim.facts["reaction"] == "flow.tasks.go_on":
        partners.go_on_later(claim.facts["participant"], settle=settle)
    elif claim.facts["reaction"] == parting.PART_AS_WISHED:
        parting.part_later(claim.facts["pair"], settle=settle)
    return None
