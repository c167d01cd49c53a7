"""What somebody has earned between two visits, and what is still to come: by the same reckoning as the pay itself.

Nothing here tells more than pages have told already: what points are worth stays out where chance decides whether they
are paid, or a belief may be paid in their place.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from flow.framing import is_worth_told, kept_on_leaving
from flow.horizon import is_told
from paradigm import Table
from participants.models import Participant
from recruitment.pay_words import pay_tables
from recruitment.queries import earned_by, exit_of, terms_of
from recruitment.rules import Earned, PayLine, Terms, reckon
from scheduling.models import Session
from scheduling.states import OVER, State
from studies import definition
from studies.money import amount_text, minor_text
from studies.schema_pay import PointsPay

COMPLETED = "completed"
OF_VISITS = ("full", "earned")
"""Rules by which visits are paid."""


@dataclass(frozen=True)
class SoFar:
    """What the page between two visits says of pay.

    Attributes:
        by_wave: Wave → what each finished visit of it pays, as people read it; waves that pay nothing are left out.
    """

    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    by_wave: Mapping[str, str] = field(default_factory=dict)


def pay_so_far(session: Session) -> SoFar:
    """What the person of a session has earned, what they keep, and what the visits to come may add."""
    person = session.participant
    terms, earned = terms_of(person.version, _exit_at_the_end(person)), earned_by(person)
    until_now = _told(person, reckon(replace(terms, rule="earned"), earned))
    at_the_end = _told(person, reckon(terms, _with_all_to_come(person, earned)))
    sentences = [
        kept_on_leaving(session),
        _if_all(at_the_end, terms.currency) if is_told(person) else _("You are paid for each visit that you finish."),
        *_of_points(person),
        *_of_missing(person),
    ]
    lines = [line.as_json() for line in until_now]
    tables = pay_tables(lines, terms.currency, caption=_("What you have earned so far"))
    return SoFar(sentences, tables, _by_wave(terms))


def _exit_at_the_end(person: Participant) -> str:
    """By which somebody leaves who comes to all that is left: another one where too much was missed already."""
    settled = person.scheduled.exclude(exit="").values_list("exit", flat=True).first()
    return settled or COMPLETED


def _told(person: Participant, lines: Sequence[PayLine]) -> list[PayLine]:
    """Without what nobody may read yet, and without lines of nothing."""
    is_told = is_worth_told(person.version)
    return [line for line in lines if line.amount_minor and (is_told or line.what != "bonus")]


def _with_all_to_come(person: Participant, earned: Earned) -> Earned:
    """As if every visit that can still be finished were."""
    to_come = Counter(person.scheduled.exclude(state__in=OVER).values_list("wave", flat=True))
    return replace(earned, visits=Counter(earned.visits) + to_come)


def _if_all(lines: Sequence[PayLine], currency: str) -> str:
    total = sum(line.amount_minor for line in lines)
    words = _("If you finish all visits to come, you are paid %(amount)s in all.")
    return words % {"amount": minor_text(total, currency)}


def _of_points(person: Participant) -> Sequence[str]:
    """What points may still add."""
    payments = definition.definition(person.version).payments
    rule: PointsPay | None = payments.points
    if rule is None:
        return ()
    most = {"most": amount_text(rule.max, payments.currency)}
    if is_worth_told(person.version):
        return [_("Points that you still earn come on top. All points together pay at most %(most)s.") % most]
    return [_("What your points pay comes on top, at most %(most)s. It is worked out when you have finished.") % most]


def _of_missing(person: Participant) -> Sequence[str]:
    """What follows when visits are missed, and what is paid then."""
    rule = definition.definition(person.version).attendance
    if rule is None or _exit_at_the_end(person) != COMPLETED:
        return ()
    missed = person.scheduled.filter(state=State.MISSED).count()
    most = {"most": rule.max_missed, "missed": missed}
    words = _("Whoever misses a visit leaves the study.")
    if rule.max_missed:
        words = ngettext(
            "You may miss %(most)d visit, and have missed %(missed)d. Whoever misses more leaves the study.",
            "You may miss %(most)d visits, and have missed %(missed)d. Whoever misses more leaves the study.",
            rule.max_missed,
        )
    said, in_a_row = [words % most], rule.max_consecutive_missed
    if in_a_row is not None and in_a_row < rule.max_missed:
        said.append(_("So does whoever misses more than %(most)d one after the other.") % {"most": in_a_row})
    if rule.on_exceed.still_offer is not None:
        pays = exit_of(person.version, rule.on_exceed.exit).pay in ("earned", "full")
        said.append(
            _("They may still come to what is left at the end, and are paid for it.")
            if pays
            else _("They may still come to what is left at the end.")
        )
    return [" ".join([*said, _pay_on_exceeding(person, rule.on_exceed.exit)])]


def _pay_on_exceeding(person: Participant, exit_name: str) -> str:
    leaving, currency = exit_of(person.version, exit_name), definition.definition(person.version).payments.currency
    match leaving.pay:
        case "none":
            return _("Then there is no pay.")
        case "fixed":
            return _("Then you are paid %(amount)s.") % {"amount": amount_text(leaving.amount or Decimal(0), currency)}
        case "full":
            return _(
                "Then you are paid as if you had stayed to the end, without the visits that you have not finished."
            )
    return _("Then you are paid what you have earned until then.")


def _by_wave(terms: Terms) -> Mapping[str, str]:
    if terms.rule not in OF_VISITS:
        return {}
    return {wave: amount_text(each, terms.currency) for wave, each in terms.per_wave.items() if each}
