"""What was not told, and who one really met."""

from collections.abc import Mapping, Set

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from events.prepared import Given, prepared
from flow.debriefing import Standing, standing_of
from flow.kinds import kind
from flow.models import Debriefing, Exposure, Placing
from flow.page import Page
from flow.paid import points_of, rounds_drawn_for
from flow.services import visits
from flow.stage import Exit, Next, Stay, Verdict
from flow.stages.texts import text_of
from matching.models import Seat
from paradigm import Table, View
from participants.models import Participant
from scheduling.models import Session
from studies import definition
from studies.markdown import Rendered
from studies.models import Version
from studies.schema_partners import AutomatedPartner
from studies.schema_stages import DebriefStage

COMPLETED = "completed"


class Debrief:
    """Implements `flow.stage.StageKind` for debriefs."""

    def __init__(self, config: DebriefStage, version: Version) -> None:
        self.config = config
        self.version = version

    def open(self, session: Session) -> None:
        """Where it is too early to tell, the session goes on, and the last page tells it when it is time."""
        if standing_of(session) == Standing.LATER:
            visits.move_on(session)

    def page(self, session: Session) -> Page:
        given = debrief_slots(session.participant)
        text = text_of(self.version, self.config.page, **given)
        keeps = self.config.offer_data_withdrawal
        also = [{"name": "withdraw", "value": "1", "label": _("Delete my data; my pay stays the same")}]
        return Page(
            kind="text",
            title=text.title or _("What this study was about"),
            html=text.html,
            button=_("Keep my data and continue") if keeps else _("Continue"),
            view=View(tables=own_rounds(session.participant)) if self.config.reveals_partners else None,
            facts={"told": Debriefing.How.STAGE} | ({"also": also} if keeps else {}),
            source=self.config.page,
            given=given,
        )

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        if data.get("withdraw") and self.config.offer_data_withdrawal:
            return Exit(session.planned_exit or COMPLETED, withdraw=True)
        if self.config.offer_data_withdrawal:
            visits.keep_data(session)
        return Next()

    def overdue(self, session: Session) -> Verdict:
        """Reading has no limit."""
        return Stay()


def debrief_text(version: Version, config: DebriefStage, participant: Participant) -> Rendered:
    """The debrief's words for one person."""
    return text_of(version, config.page, **debrief_slots(participant))


def debrief_slots(participant: Participant) -> dict[str, object]:
    """What the debrief's slots are filled with for one person alone."""
    return {"points": points_of(participant), "paid_rounds": rounds_text(participant)}


def rounds_text(participant: Participant) -> str:
    """The rounds that were drawn to be paid, as pages name them: "3, 8"; empty where all are paid."""
    return ", ".join(map(str, rounds_drawn_for(participant) or ()))


def own_rounds(participant: Participant) -> list[Table]:
    """Whom a participant met in each of their rounds: the letter, what it was, what it was called."""
    shown, wrote = _labels_shown(participant), _written_for(participant)
    rows = [
        (number, position, _what(seat_kind, (match, seat) in wrote), shown.get((match, position), ""))
        for match, number, position, whose, seat_kind, seat in _met_by.all(participant=participant.pk)
        if whose != participant.pk
    ]
    columns = [_("Round"), _("Player"), _("Who it was"), _("What was shown")]
    # the same under every condition, whatever this person was shown
    told = _("Whom you met. In this study, what players were shown was not always true.")
    caption = told if _may_be_false(participant) else _("Whom you met")
    return [Table(caption=caption, columns=columns, rows=rows)] if rows else []


@prepared
def _met_by(participant: Given) -> QuerySet[Placing, tuple[int, int, str, int | None, str, int]]:
    """All who sat in somebody's matches, themselves included, in the order in which they met."""
    placings = Placing.objects.filter(match__placings__seat__participant=participant, match__round__gte=1)
    placings = placings.order_by("match__group_id", "match__round", "match__number", "position")
    return placings.values_list("match_id", "match__round", "position", "seat__participant_id", "seat__kind", "seat_id")


def _written_for(participant: Participant) -> Set[tuple[int, int]]:
    """Matches and seats in which a person of the study team decided what an AI that somebody met there said."""
    partners = definition.definition(participant.version).partners.values()
    if not any(isinstance(one, AutomatedPartner) and one.wizard is not None for one in partners):
        return frozenset()
    found: Set[tuple[int, int]] = kind("wizards", "wrote")(participant.pk)
    return found


def _may_be_false(participant: Participant) -> bool:
    """Whether the study declares that labels may be false, or that people may have written as an AI."""
    return any(one.what in ("false_label", "wizard") for one in definition.definition(participant.version).deception)


def _labels_shown(participant: Participant) -> dict[tuple[int, str], str]:
    """Match and letter → what the cards on this person's pages said; no entry for whom no card showed."""
    found: dict[tuple[int, str], str] = {}
    for match, cards in _cards_seen_by.all(participant=participant.pk):
        for card in cards or ():
            key = (match, card["position"])
            found[key] = card.get("label") or found.get(key) or _("nothing")
    return found


@prepared
def _cards_seen_by(participant: Given) -> QuerySet[Exposure, tuple[int, list[dict[str, str]] | None]]:
    """The cards of each page that somebody was told, in their order."""
    seen = Exposure.objects.filter(seat__participant=participant).order_by("pk")
    return seen.values_list("match_id", "view__cards")


def _what(seat_kind: str, has_written: bool) -> str:
    if seat_kind == Seat.Kind.HUMAN:
        return _("A person")
    return _("An AI, and people of the study team who wrote in its place") if has_written else _("An AI")
