"""What `manage.py participant part` says: which pair ends, and what becomes of the two."""

from collections.abc import Iterator

from flow.services.parting import Parting
from studies.schema_pairs import DropOut

PAYS_ALL = ("full", "earned")


def lines_of(found: Parting) -> Iterator[str]:
    """One thing to a line."""
    one, other = found.people
    yield f"the pair {found.pair} of {one} and {other} ends; they would have met in {found.visits} visits to come"
    if found.group:
        yield f"the game of {found.group} ends; their visit goes on with what follows it"
    yield _what_follows(found)
    if found.visits and found.pays and found.pays not in PAYS_ALL:
        remedy = "see that they are paid for what they have done"
        yield f"MIND: the exit {found.rule.exit} pays `{found.pays}`, and not what was earned: {remedy}"


def _what_follows(found: Parting) -> str:
    rule: DropOut = found.rule
    if not found.visits:
        return "each goes on as planned"
    if rule.then == "replace_with_human":
        return "each waits for somebody else who is left alone, and never for the other"
    if rule.then == "replace_with_ai":
        return f"{rule.partner} takes the partner's seat for each, from the next visit on"
    if rule.exit is None:
        return "each goes on alone, and passes over what they would have done with the other"
    if rule.still_offer:
        return f"each leaves by {rule.exit}, after the wave {rule.still_offer}, which is still offered"
    return f"each leaves by {rule.exit}, at once, or at the end of a visit that goes on"
