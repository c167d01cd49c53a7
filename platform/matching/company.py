"""Whom somebody who waits may sit with, where two people stay partners: the partner, and nobody else."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from events import clock
from matching import rules
from matching.errors import MatchingError
from matching.models import Ticket
from participants.models import Participant
from scheduling.models import Pair, PairMember
from scheduling.pairs import form, pair_of
from studies import definition
from studies.lasting import forms_pair, lasting, lasting_group
from studies.models import Version

ALONE = "alone"  # how the company of somebody begins with whom an automated partner sits


def companies(version: Version, stage: str, waiting: Mapping[int, int]) -> Mapping[int, str]:
    """Participant → a name for those with whom they may sit; nothing where the group of a waiting room does not last.

    Whoever has no partner yet, or none any more and is to have another person, sits with others of the same visit.

    Args:
        waiting: Ticket → participant, of all who wait.
    """
    study = definition.definition(version)
    if not waiting or not forms_pair(study, definition.stage_named(version, stage)):
        return {}
    found, rule = dict[int, str](), lasting(study)
    assert rule is not None, "a waiting room of a group that lasts"
    codes, parted = _partnered(waiting.values())
    tickets = list(Ticket.objects.filter(pk__in=waiting).select_related("session"))
    for ticket in tickets:
        person, visit = waiting[ticket.pk], ticket.session
        if person in codes:
            found[person] = f"pair {codes[person]}"
        elif person in parted and rule.on_drop_out.then == "replace_with_ai":
            found[person] = f"{ALONE} {person}"
        elif person in parted and rule.on_drop_out.then == "end_pair":
            found[person] = f"nobody {person}"
        else:
            found[person] = f"visit {definition.visit_number(version, visit.wave, visit.repeat)}"
    if rule.on_drop_out.then != "replace_with_human":
        return found
    return {**found, **_held_back(found, [waiting[ticket.pk] for ticket in sorted(tickets, key=_in_turn)])}


def _partnered(people: Collection[int]) -> tuple[Mapping[int, str], Collection[int]]:
    """The code of the pair in which each is, and those who were in one and are no more."""
    rows = list(PairMember.objects.filter(participant__in=list(people)).select_related("pair"))
    codes = {row.participant_id: row.pair.code for row in rows if row.lasts}
    return codes, {row.participant_id for row in rows} - codes.keys()


def _in_turn(ticket: Ticket) -> tuple[bool, datetime, int]:
    """Whoever is there comes before whoever is away, and then who came first."""
    return ticket.seen_at < clock.now() - rules.PRESENT, ticket.joined_at, ticket.pk


def _held_back(company: Mapping[int, str], in_turn: Sequence[int]) -> Mapping[int, str]:
    """Of two who were partners before, who wait for somebody else: the later one waits until the other has a partner.

    Otherwise the two whom a researcher has parted would be given to each other again.
    """
    former, found = _former(company), dict[int, str]()
    for at, person in enumerate(in_turn):
        before = {other for other in in_turn[:at] if company[other] == company[person] and other not in found}
        if before & former.get(person, set()):
            found[person] = f"{company[person]}, after another {person}"
    return found


def _former(people: Collection[int]) -> Mapping[int, set[int]]:
    """With whom each was in a pair that is over."""
    over = PairMember.objects.filter(participant__in=list(people), lasts=False).values("pair")
    members: dict[int, set[int]] = defaultdict(set)
    for pair, person in PairMember.objects.filter(pair__in=over).values_list("pair", "participant"):
        members[pair].add(person)
    found: dict[int, set[int]] = defaultdict(set)
    for both in members.values():
        for person in both:
            found[person] |= both - {person}
    return found


def pair_for(version: Version, tickets: Sequence[Ticket]) -> Pair | None:
    """The pair of those who are seated, made where they meet for the first time; None where nobody is met who lasts.

    Raises:
        MatchingError: "no_pair": they have other partners; "parted": they were partners, and are to be no more.
    """
    people = [ticket.session.participant for ticket in tickets]
    if len(people) < 2:
        return None
    for person in people:
        person.version = version
    known = {pair.pk: pair for pair in map(pair_of, people) if pair is not None}
    if not known:
        if _former([person.pk for person in people])[people[0].pk] & {person.pk for person in people}:
            raise MatchingError("parted", f"{people[0].code} and who was to meet them are partners no more")
        visit = tickets[0].session
        number = definition.visit_number(version, visit.wave, visit.repeat)
        return form(version, lasting_group(definition.definition(version)), people, visit=number)
    if len(known) > 1 or any(pair_of(person) is None for person in people):
        codes = " and ".join(person.code for person in people)
        raise MatchingError("no_pair", f"{codes} are no pair, and nobody gets another partner unseen")
    return next(iter(known.values()))


def is_there(participant: Participant, stage: str, now: datetime) -> bool:
    """Whether somebody waits in a room, and has been heard of lately."""
    live = (Ticket.Status.WAITING, Ticket.Status.ASKED, Ticket.Status.READY)
    waiting = Ticket.objects.filter(session__participant=participant, stage=stage, status__in=live)
    return waiting.filter(seen_at__gte=now - rules.PRESENT).exists()
