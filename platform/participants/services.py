"""Coming in, agreeing, being there: what is written about a participant. How one leaves is the flow's to decide."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from events import clock, log
from events.prepared import Given, insert, prepared, run, update
from participants import queries
from participants.access import participant_with
from participants.codes import names_of
from participants.errors import ParticipantError
from participants.models import Consent, EntryLink, ErasureRequest, Participant
from participants.queries import link_of
from participants.rules import a_month_after
from participants.tokens import cookie_secret, digest, new_token, stream_name
from studies import definition, giving
from studies.models import Study, Version

ENTERED = "participant.entered"
RETURNED = "participant.returned"
CONSENT_GIVEN = "consent.given"
CONSENT_DECLINED = "consent.declined"
LINK_MADE = "link.made"
LINK_REVOKED = "link.revoked"

PILOT = Participant.Origin.PILOT
TOUCH_EVERY_SECONDS = 5


@dataclass(frozen=True)
class Entry:
    """Somebody who came in, and the secret for their browser's cookie."""

    participant: Participant
    secret: str


@transaction.atomic
def make_link(
    study: Study,
    *,
    is_open: bool = False,
    origin: str = Participant.Origin.LINK,
    participant: Participant | None = None,
    ends_at: datetime | None = None,
) -> str:
    """Make a way into a study and return its token, which is stored nowhere.

    Args:
        is_open: For everybody who has it, instead of for one person.
        participant: The person it leads back to, where there is one already.
        ends_at: When it stops working; None: not by itself.

    Raises:
        ParticipantError: "no_pilot", where the newest version of the study declares none.
    """
    if participant is None:
        _check_pilot(study, origin)
    token = new_token()
    link = EntryLink.objects.create(
        study=study,
        token_sha256=digest(token),
        is_open=is_open,
        origin=origin,
        participant=participant,
        ends_at=ends_at,
    )
    log.record(LINK_MADE, study=study.pk, subject=("link", link.pk), facts={"is_open": is_open, "origin": origin})
    return token


@transaction.atomic
def make_links(study: Study, count: int, *, origin: str = Participant.Origin.LINK) -> list[str]:
    """Make so many links for one person each, all or none, and return their tokens, which are stored nowhere.

    Raises:
        ParticipantError: as `make_link`.
    """
    _check_pilot(study, origin)
    tokens = [new_token() for _ in range(count)]
    links = EntryLink.objects.bulk_create(
        EntryLink(study=study, token_sha256=digest(token), is_open=False, origin=origin) for token in tokens
    )
    for link in links:
        log.record(LINK_MADE, study=study.pk, subject=("link", link.pk), facts={"is_open": False, "origin": origin})
    return tokens


def _check_pilot(study: Study, origin: str) -> None:
    newest = study.current if origin == PILOT else None
    if origin == PILOT and (newest is None or definition.definition(newest).sample.pilot is None):
        raise ParticipantError("no_pilot", f"{study.slug} declares no pilot; add sample: {{pilot: {{target: N}}}}")


@transaction.atomic
def revoke_links(participant: Participant) -> int:
    """Make every link of one person useless; return how many there were."""
    return _revoke(EntryLink.objects.filter(participant=participant, revoked_at=None), participant.study_id)


def let_mailed_links_last(participant_id: int, *, ends_at: datetime, until: datetime) -> None:
    """Let links in messages about one visit work until another end of it. Runs in the caller's transaction."""
    EntryLink.objects.filter(participant=participant_id, ends_at=ends_at, revoked_at=None).update(ends_at=until)


def revoke_mailed_links(participant: Participant) -> int:
    """Make the links in messages to one person useless, for another address takes the place of theirs or none does.

    An address may have been mistyped, and a link in a stranger's mailbox lets that stranger in. Runs in the caller's
    transaction. Returns how many there were.
    """
    mailed = EntryLink.objects.filter(participant=participant, ends_at__isnull=False, revoked_at=None)
    return _revoke(mailed, participant.study_id)


def _revoke(links: QuerySet[EntryLink], study: int) -> int:
    ids = list(links.values_list("pk", flat=True))
    for pk in ids:
        log.record(LINK_REVOKED, study=study, subject=("link", pk))
    return links.filter(pk__in=ids).update(revoked_at=clock.RapportNow())


@transaction.atomic
def revoke_open_links(study: Study) -> int:
    """Make every open link of a study useless; return how many there were. Who came by one goes on."""
    links = EntryLink.objects.filter(study=study, is_open=True, revoked_at=None)
    return _revoke(links, study.pk)


@transaction.atomic
def enter(token: str, *, cookie_token: str = "", form_key: str = "", pilot_token: str = "") -> Entry:
    """Redeem a link: a new participant with a session, or the one who is already there.

    Args:
        token: Of the link.
        cookie_token: The secret that the browser carries already, if any.
        form_key: The random number of the landing page; see `tokens.cookie_secret`.
        pilot_token: The secret with which the browser took part in a pilot of this study, if it did.

    Raises:
        ParticipantError: "unknown", "draft", "paused", "closed", "full", "code_changed", "model_changed".
    """
    link = link_of(token)
    if link is None:
        raise ParticipantError("unknown", "no such link")
    secret = cookie_secret(token, form_key)
    tried = _pilot_of(link, cookie_token, pilot_token) if pilot_token or not link.is_open else None
    if tried is not None:
        return tried  # who was in the pilot never counts: the link stays unused
    if link.is_open:
        return _enter_openly(link, cookie_token=cookie_token, secret=secret)
    # Two clicks, or two devices, on a personal link must not become two people. Nothing is joined here: rows that are
    # joined to a locked one are those from before the wait, without the participant whom the first click made.
    link = EntryLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
    if link.revoked_at is not None:
        raise ParticipantError("unknown", "no such link")
    if link.participant is not None:
        return _come_back(link.participant, cookie_token=cookie_token, secret=secret)
    entry = _newcomer(link, secret)
    link.participant = entry.participant
    link.save(update_fields=["participant"])
    return entry


def _pilot_of(link: EntryLink, *secrets: str) -> Entry | None:
    """By an unused link to the main study: whoever took part in its pilot with one of some secrets."""
    if link.origin != Participant.Origin.LINK or link.participant is not None:
        return None
    for secret in filter(None, secrets):
        known = participant_with(secret)
        if known is not None and known.study_id == link.study_id and known.origin == PILOT:
            return Entry(known, secret)
    return None


def _enter_openly(link: EntryLink, *, cookie_token: str, secret: str) -> Entry:
    for known in (cookie_token, secret):
        participant = participant_with(known)
        if participant and participant.study_id == link.study_id and _continues(participant, link.study):
            return Entry(participant, known)
    try:
        with transaction.atomic():
            return _newcomer(link, secret)
    except IntegrityError:
        # A double click: the other request, with the same secret, was first.
        participant = participant_with(secret)
        if participant is None:
            raise
        return Entry(participant, secret)


def _continues(participant: Participant, study: Study) -> bool:
    """People continue what they began. In a demo, one who has finished, or changed the study, begins anew."""
    if not study.is_demo:
        return True
    return participant.status == Participant.Status.ACTIVE and participant.version_id == _newest(study).pk


def _come_back(participant: Participant, *, cookie_token: str, secret: str) -> Entry:
    """By one's own link: this browser carries on, and a secret that another one holds stops working."""
    # A second click of the same person must see the secret that the first one set.
    participant = (
        Participant.objects.select_for_update(of=("self",)).select_related("study", "version").get(pk=participant.pk)
    )
    for known in (cookie_token, secret):
        if known and digest(known) == participant.token_sha256:
            return Entry(participant, known)
    old = {stream_name(participant.token_sha256): log.REVOKED}
    participant.token_sha256 = digest(secret)
    participant.save(update_fields=["token_sha256"])
    log.record(RETURNED, study=participant.study_id, subject=("participant", participant.pk), wake=old)
    return Entry(participant, secret)


def _newcomer(link: EntryLink, secret: str) -> Entry:
    version = _newest(link.study)
    _check_open(link, version)
    participant = insert(
        Participant(
            study=link.study,
            version=version,
            token_sha256=digest(secret),
            origin=link.origin,
            **names_of(Participant, "p", version),
        )
    )
    log.record(
        ENTERED,
        study=link.study_id,
        subject=("participant", participant.pk),
        facts={"version": version.pk, "link": link.pk},
    )
    giving.at_entry(version, participant)
    # In the same transaction: nobody is in a study without a session to be in.
    import_string(settings.KINDS["visit"]["start"])(participant)
    return Entry(participant, secret)


def _newest(study: Study) -> Version:
    newest = queries.newest_of.first(study=study.pk)
    if newest is None:
        raise ParticipantError("draft", f"{study.slug} has no frozen version; run `manage.py study freeze`")
    version = definition.version_of(newest)
    version.study = study
    return version


def _check_open(link: EntryLink, version: Version) -> None:
    status = link.study.status
    if status in {Study.Status.OPEN, Study.Status.PAUSED} and link.origin in {Participant.Origin.LINK, PILOT}:
        reached = import_string(settings.KINDS["sample"]["full"])(version, is_pilot=link.origin == PILOT)
        if reached is not None:
            raise ParticipantError("full", f"{link.study.slug} has its sample: {reached.text}")
    if status != Study.Status.OPEN and link.origin != Participant.Origin.PREVIEW:
        raise ParticipantError(status, f"{link.study.slug} is {status}")
    if not definition.code_is_current(version):
        raise ParticipantError(
            "code_changed",
            f"the installed experiment is not that of {version}: run `manage.py study amend --code REASON`",
        )
    changed = import_string(settings.KINDS["models"]["changed"])(version)
    if changed and link.origin != Participant.Origin.PREVIEW:
        text = f"{changed} may not be what it was: see `manage.py drift {link.study.slug}`, and confirm it"
        raise ParticipantError("model_changed", text)


@transaction.atomic(savepoint=False)
def record_consent(
    participant: Participant, *, version: Version, document: str, is_agreed: bool, ticks: Mapping[str, bool]
) -> Consent:
    """Keep what a person agreed to or declined, with the hash of the words they were shown.

    Args:
        version: Whose words these were: one's own, or a later one that changed them.
    """
    consent = insert(
        Consent(
            participant=participant,
            version=version,
            document=document,
            document_sha256=definition.text_sha256(version, document),
            language=definition.definition(version).language,
            agreed=is_agreed,
            ticks=dict(ticks),
        )
    )
    kind = CONSENT_GIVEN if is_agreed else CONSENT_DECLINED
    log.record(kind, study=participant.study_id, subject=("participant", participant.pk), facts={"consent": consent.pk})
    return consent


def ask_for_erasure(participant: Participant, *, at: datetime) -> None:
    """Keep that somebody wants their data deleted, in the transaction of their withdrawal."""
    insert(ErasureRequest(participant=participant, asked_at=at, due_at=a_month_after(at)))


def lock_people(people: Collection[int]) -> Mapping[int, Participant]:
    """Some people under their locks, by key, as they are now: none of them withdraws or is erased before the commit.

    Taken after everything else that a caller locks, visits among it, and in the order of their keys.
    """
    return {one.pk: one for one in people_under_lock.all(people=list(people))}


@prepared
def people_under_lock(people: Given) -> QuerySet[Participant]:
    """Some people under their locks, in the order of their keys."""
    locked = Participant.objects.select_for_update(of=("self",), no_key=True)
    return locked.filter(pk__any=people).order_by("pk")


def note_letter(participant: Participant, *, came_at: datetime | None) -> None:
    """The wish that was just kept came to a researcher, who had it by some instant: from then the month counts.

    Raises:
        ParticipantError: "letter_day": later than now, or earlier than the person came.
    """
    request = ErasureRequest.objects.get(participant=participant)
    asked_at = came_at or request.asked_at
    if not participant.created_at.replace(hour=0, minute=0, second=0, microsecond=0) <= asked_at <= request.asked_at:
        first, today = f"{participant.created_at:%Y-%m-%d}", f"{request.asked_at:%Y-%m-%d}"
        what = f"{participant.code} came on {first}, and today is {today}"
        raise ParticipantError("letter_day", f"{what}: name a day between them, such as --came {today}")
    request.by, request.asked_at, request.due_at = ErasureRequest.By.RESEARCHER, asked_at, a_month_after(asked_at)
    update(request, "by", "asked_at", "due_at")


def confirm_zone(participant: Participant, zone: str) -> None:
    """Keep by which zone a person's visits are planned. It stands in no event: erasure finds it in one place."""
    participant.zone = zone
    update(participant, "zone")


def touch(participant: Participant, *, now: datetime | None = None) -> None:
    """Note a sign of life, at most one write in five seconds.

    Args:
        now: When the participant was read, where the caller knows it: then nothing is asked as long as it is recent.
    """
    if now is not None and (now - participant.seen_at).total_seconds() < TOUCH_EVERY_SECONDS:
        return
    run(
        """UPDATE participants_participant SET seen_at = rapport_now()
           WHERE id = %s AND seen_at < rapport_now() - make_interval(secs => %s) RETURNING 1""",
        [participant.pk, TOUCH_EVERY_SECONDS],
    )
