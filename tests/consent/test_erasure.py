"""After erasure nothing is left of what somebody wrote, wherever it had come to; and everything else is."""

import csv
import json
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bots.models import BotTurn
from chat.models import Entry
from events import clock, due, runner
from events.models import Due, Event
from exports.errors import ExportError
from exports.held import withheld
from exports.services import erasure, review
from exports.services.bundle import export
from flow.models import Act, Exposure, Submission
from flow.services import rescue, sessions
from llm.models import Call
from matching.models import Group, Seat
from measures.models import Answer, PageShown
from participants.models import WITHDRAWN_TEXT, Consent, Participant
from recruitment.models import Settlement
from scheduling.models import Session
from studies.masking.services import unmask
from studies.problems import StudyError
from tests.consent.trading import (
    Writer,
    files_with,
    group_of_three,
    pair_with,
    participant_of,
    places_with,
    seat_of,
    trading,
)
from tests.machinery.erasing import erasing
from tests.machinery.people import at_once, fresh
from tests.verification.played import Played, play
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def played(tmp_path: Path) -> Played:
    found = trading(tmp_path)
    unmask(found.study, reason="Words are looked for in whole datasets.", by="tests", role="server")
    return found


def ended(played: Played) -> tuple[list[Writer], Group]:
    """A group that has played, whose people have answered the questions after it and stand before the debrief."""
    trio, group = group_of_three(played)
    play(trio, group)
    for person in trio:
        person.go_to("debrief")
    return trio, group


def ask_models(group: Group, words: str) -> None:
    """As if the group's program were a language model that was told some words."""
    for turn in BotTurn.objects.filter(match__group=group):
        scope = f"study:{group.version.study_id}/turn:{turn.pk}:0"
        prompt = [{"role": "user", "content": f'A: "{words}"'}]
        Call.objects.create(
            scope=scope, attempt=1, model_requested="m", prompt=prompt, prompt_sha256="1" * 64, output=f"Yes, {words}!",
            outcome="ok", error=words,
        )  # fmt: skip


def show(person: Writer) -> None:
    """As if the game's pages had quoted somebody: on a card, in a line and in a table of whoever was in the match."""
    where = seat_of(person).placings.get()
    for row in Exposure.objects.filter(match=where.match).exclude(seat=where.seat):
        card = {"position": where.position, "label": "Player", "text": f"I am {person.mark}"}
        line = {"who": where.position, "text": f"It is {person.mark}", "kind": "message", "seq": 1}
        rows = {"caption": "What was said", "columns": ["Words"], "rows": [[f"Yes, {person.mark}"]]}
        view = row.view | {"cards": [card], "lines": [line], "tables": [rows]}
        digest = sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()
        with erasing():
            Exposure.objects.filter(pk=row.pk).update(view=view, sha256=digest)


def verified(played: Played) -> list[str]:
    return [str(one) for one in check(played.study, played.ledger, late_after_seconds=3600).differences]


def dataset(played: Played, folder: Path) -> Path:
    export(played.study, folder)
    return folder


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("with_program", [False, True])
def test_no_word_of_theirs_is_left_in_any_table_or_file(played: Played, tmp_path: Path, with_program: bool) -> None:
    trio, group = ended(played)
    gone = next(person for person in pair_with(trio, program=with_program) if person.role == "giver")
    others = [person for person in trio if person is not gone]
    quoted = Entry.objects.filter(seat=seat_of(gone)).order_by("pk")[0].text
    ask_models(group, quoted)
    show(gone)
    before = set(places_with(gone.mark))
    assert before >= {
        "flow_act.values", "chat_entry.text", "flow_exposure.view", "measures_answer.value",
        "llm_call.prompt", "llm_call.output", "llm_call.error",
    }  # fmt: skip
    assert gone.send(withdraw="1") == "stored"
    runner.drain("jobs")
    assert participant_of(gone).erased_at is not None
    assert list(places_with(gone.mark)) == []
    assert files_with(dataset(played, tmp_path / "out"), gone.mark) == []
    assert files_with(tmp_path / "out", participant_of(gone).code) == []
    labels = [card["label"] for row in Exposure.objects.all() for card in row.view["cards"]]
    assert set(labels) == {"Player"}, "who was displayed, and how, is no word of theirs"
    for person in others:
        assert set(places_with(person.mark)) >= {"chat_entry.text", "measures_answer.value"}
    assert verified(played) == []


def test_what_must_stay_stays_and_what_must_go_is_counted(played: Played) -> None:
    trio, _group = ended(played)
    gone = pair_with(trio, program=False)[0]
    person, seat = participant_of(gone), seat_of(gone)
    before = {name: rows.count() for name, rows in own_rows(person, seat).items()}
    assert min(before.values()) > 0
    gone.send(withdraw="1")
    runner.drain("jobs")
    assert {name: rows.count() for name, rows in own_rows(person, seat).items()} == dict.fromkeys(before, 0)
    assert Consent.objects.filter(participant=person, agreed=True, ticks={"take_part": True}).count() == 1
    settled = Settlement.objects.get(participant=person)
    assert settled.base_minor == 400
    said = Entry.objects.filter(seat=seat)
    assert {(entry.text, str(entry.facts)) for entry in said} == {(WITHDRAWN_TEXT, "{}")}
    told = Event.objects.get(kind="participant.erased", subject_id=person.pk)
    assert set(told.facts) == {"rows"}
    assert {name: told.facts["rows"][name] for name in before} == before | {"submissions": before["submissions"] + 1}
    assert told.facts["rows"]["entries"] == said.count()
    assert gone.mark not in str(told.facts)


def own_rows(person: Participant, seat: Seat) -> dict[str, Any]:
    return {
        "acts": Act.objects.filter(seat=seat),
        "answers": Answer.objects.filter(session__participant=person),
        "exposures": Exposure.objects.filter(seat=seat),
        "submissions": Submission.objects.filter(session__participant=person),
        "pages": PageShown.objects.filter(session__participant=person),
    }


def test_the_partner_s_rows_say_why_they_are_empty(played: Played, tmp_path: Path) -> None:
    trio, _group = ended(played)
    gone, partner = pair_with(trio, program=False)
    gone.send(withdraw="1")
    runner.drain("jobs")
    out, code = dataset(played, tmp_path / "out"), participant_of(partner).code
    own = {
        name: [r for r in table(out, name) if r["participant"] == code] for name in ("entries", "placings", "exposures")
    }
    assert {(row["text"], row["n_chars"], row["missing_reason"]) for row in own["entries"]} == {
        ("", "", "withdrawn_partner")
    }
    assert [(row["points"], row["missing_reason"]) for row in own["placings"]] == [("", "withdrawn_consent")]
    assert {(row["view"], row["missing_reason"]) for row in own["exposures"]} == {("", "withdrawn_partner")}
    decided = [row for row in table(out, "decisions") if row["participant"] == code]
    assert {row["missing_reason"] for row in decided if row["field"] == "note"} <= {"withdrawn_partner"}
    assert {row["missing_reason"] for row in decided if row["field"] != "note"} == {""}
    third = next(person for person in trio if person not in (gone, partner))
    untouched = [row for row in table(out, "entries") if row["participant"] == participant_of(third).code]
    assert untouched
    assert {(bool(row["text"]), row["missing_reason"]) for row in untouched} == {(True, "")}
    assert [row["missing_reason"] for row in table(out, "placings") if not row["participant"]].count("withdrawn") == 1
    said = (out / "README.md").read_text()
    assert "1 person asked for it and are left out; the data of 1 are deleted." in said


def test_a_reviewer_releases_the_partner_s_words_and_a_later_withdrawal_holds_them_back_again(
    played: Played, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trio, _group = ended(played)
    gone, partner = pair_with(trio, program=False)
    gone.send(withdraw="1")
    runner.drain("jobs")
    held, answers = withheld(played.study)
    assert all(partner.mark in text for text in (*held.texts, *answers.texts))
    with pytest.raises(ExportError, match="who has read them"):
        review.release(played.study, match=held.match, seat=held.seat, reason=" ")
    with pytest.raises(CommandError, match="nothing of seat"):
        call_command("withheld", played.study.slug, "--release", held.match, "g-9", "--reason", "read")
    call_command("withheld", played.study.slug)
    assert partner.mark in capsys.readouterr().out
    call_command("withheld", played.study.slug, "--release", held.match, held.seat, "--reason", "read by two of us")
    assert list(withheld(played.study)) == [answers]
    out = dataset(played, tmp_path / "out")
    mine = [row for row in table(out, "entries") if row["participant"] == participant_of(partner).code]
    assert mine
    assert all(partner.mark in row["text"] and not row["missing_reason"] for row in mine)
    assert {row["points"] for row in table(out, "placings") if row["participant"] == participant_of(partner).code} == {
        ""
    }
    Participant.objects.filter(pk=gone.session.participant_id).update(withdrawn_at=clock.now() + timedelta(seconds=1))
    assert [one.seat for one in withheld(played.study)] == [held.seat, answers.seat]


def test_a_program_s_words_in_their_match_go_and_a_person_s_keep_all_but_quotes(played: Played) -> None:
    trio, _group = ended(played)
    gone, partner = pair_with(trio, program=False)
    theirs = Entry.objects.filter(seat=seat_of(gone)).order_by("pk")[0]
    answer = Entry.objects.filter(seat=seat_of(partner)).order_by("pk")[0]
    with erasing():
        Entry.objects.filter(pk=answer.pk).update(text=f"You said “{theirs.text}”, did you?")
    alone = pair_with(trio, program=True)[0]
    gone.send(withdraw="1")
    alone.send(withdraw="1")
    runner.drain("jobs")
    answer.refresh_from_db()
    assert answer.text == f"You said “{WITHDRAWN_TEXT}”, did you?"
    programs = Entry.objects.filter(conversation__match__placings__seat=seat_of(alone), seat__occupant="policy")
    assert {entry.text for entry in programs} == {WITHDRAWN_TEXT}
    assert verified(played) == []


def test_erasure_waits_for_the_game_and_is_done_once(played: Played) -> None:
    trio, group = group_of_three(played)
    for person in trio:
        person.go_on()
    # of two givers one may leave; without the only taker the game would be over
    gone = next(person for person in trio if Seat.objects.get(session=person.session).role == "giver")
    sessions.leave(gone.session.pk, withdraw=True)
    (claim,) = [one for one in due.claim("jobs", limit=99) if one.reaction == erasure.ERASE]
    assert runner.run(claim) == "waits"
    assert participant_of(gone).erased_at is None
    assert list(places_with(gone.mark)), "the game goes on with what was said"
    play([person for person in trio if person is not gone], group)
    again = Due.objects.get(reaction=erasure.ERASE, outcome="")
    assert again.event_id is not None, "it is known as this study's work"
    Due.objects.filter(pk=again.pk).update(run_after=clock.now())
    claims = [one for one in due.claim("jobs", limit=99) if one.reaction == erasure.ERASE]
    assert at_once([lambda: erasure.erase(claims[0])] * 2).count("erased") == 1
    assert Event.objects.filter(kind="participant.erased").count() == 1
    assert list(places_with(gone.mark)) == []
    assert verified(played) == []


def test_an_erasure_that_fails_leaves_everything_and_is_done_at_the_next_try(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    trio, _group = ended(played)
    gone = trio[0]
    gone.send(withdraw="1")
    before = set(places_with(gone.mark))

    def broken(_person: Participant) -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_forget_own", broken)
        (claim,) = [one for one in due.claim("jobs", limit=99) if one.reaction == erasure.ERASE]
        assert runner.run(claim) == "retry"
    assert set(places_with(gone.mark)) == before
    Due.objects.filter(pk=claim.id).update(run_after=clock.now())
    runner.drain("jobs")
    assert list(places_with(gone.mark)) == []


def test_replies_of_models_are_waited_for(played: Played) -> None:
    trio, group = ended(played)
    Seat.objects.filter(group=group, occupant="policy").update(occupant="model")
    trio[0].send(withdraw="1")
    (claim,) = [one for one in due.claim("jobs", limit=99) if one.reaction == erasure.ERASE]
    assert runner.run(claim) == "waits"
    Group.objects.filter(pk=group.pk).update(ended_at=clock.now() - timedelta(minutes=3))
    Due.objects.filter(reaction=erasure.ERASE, outcome="").update(run_after=clock.now())
    runner.drain("jobs")
    assert participant_of(trio[0]).erased_at is not None


def test_it_does_not_need_the_experiment(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    trio, _group = ended(played)
    gone = next(person for person in trio if person.role == "giver")
    gone.send(withdraw="1")

    def gone_too(*_: object) -> None:
        raise StudyError("experiment_unknown", "no such folder")

    with monkeypatch.context() as patch:
        patch.setattr("exports.society.Declared.of", gone_too)
        runner.drain("jobs")
    assert list(places_with(gone.mark)) == []


def test_what_comes_after_erasure_is_not_kept(played: Played) -> None:
    trio, _group = ended(played)
    trio[0].send(withdraw="1")
    runner.drain("jobs")
    assert trio[0].send(words="still here") == "stale"
    assert not Submission.objects.filter(session=trio[0].session).exists()
    trio[0].ledger.pop()
    assert verified(played) == []


def test_reasons_that_researchers_wrote_of_them_go_too(played: Played) -> None:
    trio, _group = group_of_three(played)
    code = participant_of(next(person for person in trio if person.role == "giver")).code
    rescue.extend(code, seconds=60, reason="Mrs Miller rang")
    rescue.withdraw(code, reason="by mail of today")
    rescue.end_group(Group.objects.get().code, reason="a test")
    Due.objects.filter(reaction=erasure.ERASE, outcome="").update(run_after=clock.now())
    runner.drain("jobs")
    assert list(places_with("Miller")) == []


@pytest.mark.parametrize("left", ["answer", "entry", "submission"])
def test_verification_names_what_an_erasure_has_left(played: Played, left: str) -> None:
    trio, _group = ended(played)
    gone = trio[0]
    gone.send(withdraw="1")
    runner.drain("jobs")
    session = fresh(gone.session)
    if left == "answer":
        Answer.objects.create(session=session, stage="after", item="words", position=1, value="still here")
    elif left == "entry":
        with erasing():
            Entry.objects.filter(seat=seat_of(gone)).update(text="still here")
    else:
        Submission.objects.create(session=session, key="1" * 32, stage="after", rev="", body_sha256="", outcome="stale")
    assert any(one.startswith("rows of an erased person") for one in verified(played))


def test_verification_names_an_erasure_without_its_event(played: Played) -> None:
    trio, _group = ended(played)
    Participant.objects.filter(pk=trio[0].session.participant_id).update(erased_at=clock.now())
    named = {one.partition(":")[0] for one in verified(played)}
    assert {"erasure of a participant", "erasure that nobody asked for", "rows of an erased person"} <= named
    assert Session.objects.count() == 3
