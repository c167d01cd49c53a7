"""One link, one person: whoever presses [Start], however often, from wherever."""

from datetime import timedelta

import pytest
from django.db import connection

from events import clock
from events.models import Event
from participants import services as people
from participants.access import participant_of_scope, participant_with
from participants.errors import ParticipantError
from participants.models import EntryLink, Participant
from participants.tokens import digest, new_token
from scheduling.models import Session
from studies.models import Version, VersionFile
from studies.services import change_parameters, close_study, pause_study
from tests.machinery.people import MakeVersion, at_once, study_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def version(make_version: MakeVersion) -> Version:
    return make_version()


def test_link_is_stored_only_as_a_hash(version: Version) -> None:
    token = people.make_link(version.study)
    assert len(token) >= 43
    assert EntryLink.objects.get().token_sha256 == digest(token)
    with connection.cursor() as cursor:
        cursor.execute("SELECT (l.*)::text || (e.*)::text FROM participants_entrylink l, events_event e")
        assert not any(token in row[0] for row in cursor.fetchall())


def test_entering_makes_one_person_with_a_session_at_the_first_stage(version: Version) -> None:
    entry = people.enter(people.make_link(version.study))
    assert participant_with(entry.secret) == entry.participant
    assert entry.participant.version == version
    assert Session.objects.get().stage == 0
    assert Event.objects.filter(kind="participant.entered", subject_id=entry.participant.pk).count() == 1


def test_eight_clicks_at_once_on_a_personal_link_are_one_person(version: Version) -> None:
    token = people.make_link(version.study)
    entries = at_once([lambda: people.enter(token)] * 8)
    assert [type(one).__name__ for one in entries] == ["Entry"] * 8
    assert Participant.objects.count() == Session.objects.count() == 1
    alive = [one for one in entries if participant_with(one.secret)]  # type: ignore[union-attr]
    assert len(alive) == 1


def test_double_click_on_an_open_link_is_one_person_with_one_secret(version: Version) -> None:
    token, key = people.make_link(version.study, is_open=True), new_token()
    entries = at_once([lambda: people.enter(token, form_key=key)] * 8)
    assert len({one.secret for one in entries}) == 1  # type: ignore[union-attr]
    assert Participant.objects.count() == 1


def test_double_click_on_a_personal_link_keeps_the_secret(version: Version) -> None:
    token, key = people.make_link(version.study), new_token()
    assert people.enter(token, form_key=key).secret == people.enter(token, form_key=key).secret


def test_open_link_makes_a_person_of_each_browser(version: Version) -> None:
    token = people.make_link(version.study, is_open=True)
    first, second = people.enter(token, form_key=new_token()), people.enter(token, form_key=new_token())
    assert first.participant != second.participant


def test_open_link_continues_whoever_the_browser_carries(version: Version) -> None:
    token = people.make_link(version.study, is_open=True)
    first = people.enter(token)
    again = people.enter(token, cookie_token=first.secret, form_key=new_token())
    assert (again.participant, again.secret) == (first.participant, first.secret)


def test_own_link_on_another_device_continues_and_ends_the_first(version: Version) -> None:
    token = people.make_link(version.study)
    phone, desk = people.enter(token), people.enter(token)
    assert phone.participant == desk.participant
    assert participant_with(phone.secret) is None
    assert participant_with(desk.secret) == desk.participant


def test_cookie_of_another_study_is_no_way_in(version: Version, make_version: MakeVersion) -> None:
    other = people.enter(people.make_link(make_version().study, is_open=True))
    here = people.enter(people.make_link(version.study, is_open=True), cookie_token=other.secret)
    assert here.participant != other.participant
    assert here.participant.study == version.study
    assert here.secret != other.secret


def test_unknown_and_revoked_links_are_refused_alike(version: Version) -> None:
    token = people.make_link(version.study)
    entry = people.enter(token)
    assert people.revoke_links(entry.participant) == 1
    before = Participant.objects.count(), Event.objects.count()
    for refused in (token, new_token(), "", "\udcff", "x" * 5000):
        with pytest.raises(ParticipantError) as error:
            people.enter(refused, cookie_token=entry.secret)
        assert error.value.code == "unknown"
    assert (Participant.objects.count(), Event.objects.count()) == before


def test_paused_and_closed_studies_take_nobody_new_but_keep_who_is_there(version: Version) -> None:
    link, fresh_link = people.make_link(version.study), people.make_link(version.study)
    entry = people.enter(link)
    for turn, code in ((pause_study, "paused"), (close_study, "closed")):
        turn(study_of(version))
        with pytest.raises(ParticipantError) as error:
            people.enter(fresh_link)
        assert error.value.code == code
        assert people.enter(link).participant == entry.participant
    assert Participant.objects.count() == 1


def test_preview_is_let_in_before_the_study_is_open(version: Version) -> None:
    pause_study(study_of(version))
    token = people.make_link(study_of(version), is_open=True, origin=Participant.Origin.PREVIEW)
    assert people.enter(token).participant.origin == "preview"


def test_preview_link_ends_after_a_day(version: Version) -> None:
    token = people.make_link(study_of(version), is_open=True, origin=Participant.Origin.PREVIEW)
    EntryLink.objects.update(created_at=clock.now() - timedelta(hours=23))
    people.enter(token)
    EntryLink.objects.update(created_at=clock.now() - timedelta(hours=25))
    with pytest.raises(ParticipantError, match="no such link"):
        people.enter(token)


def test_other_code_than_was_frozen_takes_nobody_new(version: Version) -> None:
    token = people.make_link(version.study)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # past the trigger that keeps versions as they are
        cursor.execute('UPDATE studies_version SET experiment_sha256 = \'{"sharing": "0"}\'')
        cursor.execute("SET session_replication_role = DEFAULT")
    with pytest.raises(ParticipantError) as error:
        people.enter(token)
    assert error.value.code == "code_changed"
    assert not Participant.objects.exists()


def test_demo_begins_anew_after_a_change_and_after_the_end(make_version: MakeVersion) -> None:
    version = make_version(is_demo=True)
    token = people.make_link(version.study, is_open=True, origin=Participant.Origin.DEMO)
    first = people.enter(token)
    assert people.enter(token, cookie_token=first.secret).participant == first.participant
    newer = change_parameters(study_of(version), stage="game", values={"endowment": 6}, reason="to see what follows")
    second = people.enter(token, cookie_token=first.secret)
    assert second.participant.version == newer
    Participant.objects.filter(pk=second.participant.pk).update(status="finished", exit="left")
    assert people.enter(token, cookie_token=second.secret).participant not in {first.participant, second.participant}


def test_newcomers_get_the_newest_version_and_others_keep_theirs(version: Version) -> None:
    token = people.make_link(version.study)
    old = people.enter(token).participant
    newer = Version.objects.create(
        study=version.study, number=2, definition=version.definition, sha256=version.sha256, seed="s"
    )
    for named in VersionFile.objects.filter(version=version):  # whoever enters is at a page
        VersionFile.objects.create(version=newer, path=named.path, file=named.file)
    assert people.enter(people.make_link(version.study)).participant.version.number == 2
    assert people.enter(token).participant.version == old.version == version


def test_socket_finds_the_person_by_the_cookie_of_its_handshake(version: Version) -> None:
    entry = people.enter(people.make_link(version.study))
    header = f'prefs={{"a":1}}; other=1; seat={entry.secret}; x="'.encode()
    assert participant_of_scope({"headers": [(b"host", b"x"), (b"cookie", header)]}) == entry.participant
    for bad in (b"", b"seat=", b"seat=" + b"x" * 300, b"\xff\xfe;;=;", entry.secret.encode()):
        assert participant_of_scope({"headers": [(b"cookie", bad)]}) is None
    assert participant_of_scope({"headers": []}) is None


def test_sign_of_life_is_written_at_most_every_five_seconds(version: Version) -> None:
    person = people.enter(people.make_link(version.study)).participant
    seen = Participant.objects.get().seen_at
    people.touch(person)
    assert Participant.objects.get().seen_at == seen
    Participant.objects.update(seen_at=seen - timedelta(seconds=people.TOUCH_EVERY_SECONDS * 2))
    people.touch(person)
    assert Participant.objects.get().seen_at > seen
