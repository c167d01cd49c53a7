"""The data on pages and as files."""

import csv
import hashlib
import io
import re
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from events import clock
from events.models import Event
from exports.services import bundle
from exports.wishes import outdated
from participants.models import Participant
from tests.console.conftest import SignIn
from tests.exports import rows
from tests.machinery.people import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def society() -> rows.Society:
    made = rows.make_society(rows.make_study(is_demo=True))
    made.play(number=1, choice="A", words="<script>alert(1)</script>")
    return made


@pytest.fixture
def browser(society: rows.Society, sign_in: SignIn) -> Client:
    return sign_in(society.study, "analyst")


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_data_page_lists_every_table_with_its_rows(society: rows.Society, browser: Client) -> None:
    page = browser.get(reverse("data", args=[society.study.slug])).content.decode()
    assert "choice_sets" in page
    assert '<td class="number">8</td>' in page  # decisions of one match


def test_table_page_shows_words_as_text(society: rows.Society, browser: Client) -> None:
    page = browser.get(reverse("table", args=[society.study.slug, "decisions"])).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_table_page_hides_what_could_deceive_and_the_file_keeps_it(browser: Client, society: rows.Society) -> None:
    society.play(number=2, choice="A", words="pay\u202e100\u200b\U000e0041!")
    study = society.study.slug
    page = browser.get(reverse("table", args=[study, "decisions"])).content.decode()
    assert "pay100!" in page
    assert not {"\u202e", "\u200b", "\U000e0041"} & set(page)
    file = body(browser.get(reverse("table_csv", args=[study, "decisions"]))).decode()
    assert "pay\u202e100\u200b\U000e0041!" in file


def test_table_says_that_it_is_cut_only_when_it_is(
    society: rows.Society, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = reverse("table", args=[society.study.slug, "decisions"])
    for most, is_cut in ((8, False), (7, True)):  # of 8 rows
        monkeypatch.setattr("console.views.data.MOST_SHOWN", most)
        page = browser.get(address).content.decode()
        assert ("The first 7 rows" in page) == is_cut
        assert page.count("<tr>") == most + 1


def test_csv_and_zip_hold_the_same_bytes(society: rows.Society, browser: Client) -> None:
    one = browser.get(reverse("table_csv", args=[society.study.slug, "decisions"]))
    assert one["Content-Disposition"] == 'attachment; filename="choosing_decisions_release1.csv"'
    data = body(one)
    bundle = zipfile.ZipFile(io.BytesIO(body(browser.get(reverse("bundle", args=[society.study.slug])))))
    assert bundle.read("choosing/decisions.csv") == data
    assert len(list(csv.DictReader(io.StringIO(data.decode())))) == 8


def test_downloads_are_kept_but_not_in_the_dataset(society: rows.Society, browser: Client) -> None:
    address = reverse("bundle", args=[society.study.slug])
    assert body(browser.get(address)) == body(browser.get(address))
    kept = Event.objects.filter(kind="data.downloaded", subject_kind="study", subject_id=society.study.pk)
    assert [event.facts["what"] for event in kept] == ["zip", "zip"]


def test_single_table_is_a_release_with_its_hash_and_who_took_it(society: rows.Society, browser: Client) -> None:
    study, address = society.study, reverse("table_csv", args=[society.study.slug, "decisions"])
    first, again = (body(browser.get(address)) for _ in range(2))
    assert first == again
    release = study.releases.get()
    assert (release.number, release.table, release.is_masked) == (1, "decisions", False)
    assert release.sha256 == hashlib.sha256(first).hexdigest(), "whoever has a file finds its release"
    assert body(browser.get(reverse("bundle", args=[study.slug])))
    society.play(number=2, choice="A")
    changed = browser.get(address)
    assert changed["Content-Disposition"].endswith('_release3.csv"')
    taken = Event.objects.filter(kind="release.written", subject_kind="release").order_by("pk")
    user = User.objects.get(memberships__study=study)
    assert {event.facts["user"] for event in taken} == {user.pk}
    assert [study.releases.get(pk=event.subject_id).table for event in taken] == ["decisions"] * 2 + ["", "decisions"]


def test_table_that_holds_somebody_who_asked_for_deletion_is_listed_as_outdated(
    society: rows.Society, browser: Client
) -> None:
    address = reverse("table_csv", args=[society.study.slug, "decisions"])
    body(browser.get(address))
    gone = society.selector
    leave_elsewhere(gone.pk)
    out = io.StringIO()
    call_command("study", "releases", society.study.slug, stdout=out)
    assert re.search(r"^ +1 .*whole +decisions .*OUTDATED: destroy every copy$", out.getvalue(), re.MULTILINE)
    assert gone.code not in body(browser.get(address)).decode()
    newest = society.study.releases.get(number=2)
    assert newest.left_out == [gone.pk]
    assert [one.number for one in outdated(society.study)] == [1]


def test_table_is_written_anew_where_somebody_asks_for_deletion_meanwhile(
    society: rows.Society, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot shows them as before, and the file would be outdated as it is handed out."""
    written, gone = bundle._write_table, society.selector

    def and_somebody_leaves(*arguments: Any) -> Any:
        found = written(*arguments)
        if not Participant.objects.filter(status="withdrawn").exists():
            leave_elsewhere(gone.pk)
        return found

    monkeypatch.setattr(bundle, "_write_table", and_somebody_leaves)
    answer = browser.get(reverse("table_csv", args=[society.study.slug, "participants"]))
    assert gone.code not in body(answer).decode()
    assert [one.left_out for one in society.study.releases.all()] == [[gone.pk]]


def leave_elsewhere(key: int) -> None:
    """Somebody asks for deletion by another connection, which the snapshot does not see."""

    def work() -> None:
        found = Participant.objects.filter(pk=key)
        found.update(status="withdrawn", exit="withdrawn", withdrawn_at=clock.now(), ended_at=clock.now())

    assert at_once([work]) == [None]


def test_unknown_table_is_not_there(society: rows.Society, browser: Client) -> None:
    assert browser.get(reverse("table", args=[society.study.slug, "secrets"])).status_code == 404
    assert browser.get(reverse("table_csv", args=[society.study.slug, "secrets"])).status_code == 404


def test_codebook_page_explains_columns_parameters_fields_and_items(society: rows.Society, browser: Client) -> None:
    page = browser.get(reverse("codebook", args=[society.study.slug])).content.decode()
    for said in (
        "display_order",
        "What a Chooser may keep or give",
        "Points you send back if you are picked",
        "Your gender",
    ):
        assert said in page


def test_pages_and_downloads_of_a_simulated_study_say_so(sign_in: SignIn) -> None:
    study = rows.make_society(rows.make_study(is_simulated=True)).study
    browser = sign_in(study, "owner")
    for name in ("study", "parameters", "simulations", "board", "data", "codebook"):
        page = browser.get(reverse(name, args=[study.slug])).content.decode()
        assert "SIMULATED: these people never existed." in page, name
    assert '<span class="tag">SIMULATED</span>' in browser.get(reverse("studies")).content.decode()
    csv_file = browser.get(reverse("table_csv", args=[study.slug, "decisions"]))
    assert csv_file["Content-Disposition"] == 'attachment; filename="SIMULATED-choosing_decisions_release1.csv"'
    bundle = browser.get(reverse("bundle", args=[study.slug]))
    assert bundle["Content-Disposition"] == 'attachment; filename="SIMULATED-choosing.zip"'
    assert {name.split("/")[0] for name in zipfile.ZipFile(io.BytesIO(body(bundle))).namelist()} == {
        "SIMULATED-choosing"
    }
