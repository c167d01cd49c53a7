"""A form that arrives while somebody's data are being deleted, and an export that was begun before they asked."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from events import due
from exports.errors import ExportError
from exports.services import bundle, erasure
from flow.models import Submission
from flow.services import sessions
from participants.models import Participant
from studies.masking.services import unmask
from tests.consent.trading import participant_of, trading
from tests.machinery.people import MakeVersion, at_stage, fresh, send
from tests.verification.played import Played

pytestmark = pytest.mark.django_db(transaction=True)
LONGER_THAN_AN_ERASURE = 0.7


def in_thread(work: Callable[[], Any]) -> Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def slowed(work: Callable[..., Any], meanwhile: Callable[[], Any], threads: list[Thread]) -> Callable[..., Any]:
    """The same, once something else, which may have to wait for us, had the time to be done."""

    def slowly(*args: Any, **named: Any) -> Any:
        if not threads:
            threads.append(in_thread(meanwhile))
            time.sleep(LONGER_THAN_AN_ERASURE)
        return work(*args, **named)

    return slowly


def test_form_that_is_taken_in_during_an_erasure_is_not_kept(
    make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = at_stage(make_version(), "quiz")
    sessions.leave(session.pk, withdraw=True)
    (claim,) = [one for one in due.claim("jobs", limit=99) if one.reaction == erasure.ERASE]
    insert, threads = sessions.insert, []

    def slowly(row: Any) -> Any:
        if isinstance(row, Submission):
            threads.append(in_thread(lambda: erasure.erase(claim)))
            time.sleep(0.7)  # what the erasure needs, if it does not wait for us
        return insert(row)

    monkeypatch.setattr(sessions, "insert", slowly)
    assert send(session, words="once more") == "stale"
    (thread,) = threads
    thread.join(10)
    assert fresh(session).participant.erased_at is not None
    assert not Submission.objects.filter(session=session).exists()


@pytest.fixture
def played(tmp_path: Path) -> Played:
    found = trading(tmp_path)
    unmask(found.study, reason="People are looked for in whole datasets.", by="tests", role="server")
    return found


def test_dataset_is_written_anew_where_somebody_asks_meanwhile(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = [played.come("quiz") for _ in range(2)]
    write = bundle._write
    written: list[object] = []

    def leaving(*arguments: Any) -> Any:
        files = write(*arguments)
        if not written:  # the snapshot, which is still open, does not show it
            in_thread(lambda: sessions.leave(one.session.pk, withdraw=True)).join()
        written.append(files)
        return files

    monkeypatch.setattr(bundle, "_write", leaving)
    bundle.export(played.study, tmp_path / "out")
    assert len(written) == 2
    people = (tmp_path / "out/participants.csv").read_text()
    assert participant_of(other).code in people
    assert participant_of(one).code not in people
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


def test_dataset_is_refused_where_people_ask_all_the_time(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [played.come("quiz").session.pk for _ in range(bundle.MOST_TRIES)]
    write = bundle._write

    def leaving(*arguments: Any) -> Any:
        in_thread(lambda: sessions.leave(people.pop(), withdraw=True)).join()
        return write(*arguments)

    monkeypatch.setattr(bundle, "_write", leaving)
    with pytest.raises(ExportError, match="once more") as error:
        bundle.export(played.study, tmp_path / "out")
    assert error.value.code == "withdrawn_meanwhile"
    assert [file.name for file in tmp_path.iterdir() if "out" in file.name] == []
    assert Participant.objects.filter(status="withdrawn").count() == bundle.MOST_TRIES
