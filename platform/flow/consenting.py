"""Who is asked for consent again: whoever agreed to another text or other boxes than those of the newest version.

They are asked where one stage ends and the next begins, and never while they sit in a running group: others would wait.
docs/decisions/0005 says why.
"""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils import formats
from django.utils.translation import gettext as _

from events.prepared import Given, prepared
from flow.page import Page
from flow.stages.texts import text_of
from participants.models import Consent
from scheduling.models import Session
from studies import definition
from studies.markdown import fill
from studies.models import Version
from studies.schema_stages import ConsentStage
from studies.slots import slots

AGAIN = "consent_again"  # in a session's facts: the version whose text is asked about, before the stage is opened
ASKED = "consent.asked"


def consent_of(version: Version) -> ConsentStage | None:
    """The consent stage of a version; None where nobody is asked."""
    stages = definition.definition(version).stages
    return next((stage for stage in stages if isinstance(stage, ConsentStage)), None)


def asked_again(session: Session) -> int | None:
    """The version whose consent this session must answer before it goes on; None where it need not.

    The session was read under its lock, which tells the study's newest version and the group where it sits.
    """
    owed = owed_answer(session)
    return None if owed is None or session.live_group is not None else owed  # type: ignore[attr-defined]


def owed_answer(session: Session) -> int | None:
    """The same of somebody who may be about to sit in a group."""
    newest: int | None = getattr(session, "newest_version", None)
    if newest in (None, session.participant.version_id):
        return None
    wanted = _terms(definition.version_of(newest))
    return newest if wanted and wanted != _answered(session) else None


def _answered(session: Session) -> Sequence[object]:
    """The text and boxes to which the person said yes or no last."""
    person = session.participant
    last = _last.first(participant=person.pk)
    return _terms(definition.version_of(person.version_id if last is None else last))


def _terms(version: Version) -> Sequence[object]:
    """What somebody agrees to: the sha256 of the words, and the boxes."""
    stage = consent_of(version)
    if stage is None:
        return ()
    boxes = [(tick.id, tick.label, tick.required) for tick in stage.ticks]
    return (definition.text_sha256(version, stage.document), *boxes)


@prepared
def _last(participant: Given) -> QuerySet[Consent, int]:
    answers = Consent.objects.filter(participant=participant).order_by("-pk")
    return answers.values_list("version_id", flat=True)[:1]


def consent_page(agreed: Consent) -> Page:
    """What somebody agreed to: the frozen words, the boxes with what was ticked, and the day."""
    version = definition.version_of(agreed.version_id)
    text, stage = text_of(version, agreed.document), consent_of(version)
    names = slots(version)
    boxes = [fill(one.label, names) for one in (stage.ticks if stage else ()) if agreed.ticks.get(one.id)]
    day = formats.date_format(agreed.at, "DATE_FORMAT")
    facts = {"boxes": boxes, "day": _("You agreed on %(day)s.") % {"day": day}}
    return Page("consent", text.title or _("Taking part"), html=text.html, facts=facts)
