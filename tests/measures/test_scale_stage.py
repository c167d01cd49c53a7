"""A survey with a scale: pages, answers, what was drawn, and what the dataset makes of it."""

import re
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from events import runner
from exports.services.bundle import export
from flow.drawing import draw
from flow.services import rescue, sessions
from matching.models import Group
from measures.draws import draw_for
from measures.models import Answer, ScaleDrawn
from measures.probing import expected_now
from scheduling.models import Session
from studies.models import Version
from studies.services import close_study
from tests.exports import rebuild_screens, recompute_scores
from tests.exports.test_tables import only, table
from tests.machinery.erasing import erasing
from tests.machinery.people import MakeVersion, at_stage, fresh, page, send, stage_id
from tests.pages import gallery
from tests.studies.test_scale_checks import SCALE
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
ALL_ASKED = SCALE.replace("planned_missing: {blocks: {first: [w1, o1], second: [w2, o2]}, shown: 1}\n", "").replace(
    "least_answered: 1", 'least_answered: "50%"'
)
OWN = {"age": "40", "fair": "5", "share_ai": "50", "words": ""}


def version_with(make_version: MakeVersion, text: str = SCALE, **stage: object) -> Version:
    roles = {"giver": {"humans": 1}, "taker": {"ai": 1}}
    texts = {"scales/near.yaml": text}
    scales = {"near": {"file": "scales/near.yaml"}}
    return make_version(roles=roles, texts=texts, scales=scales, after={"scales": ["near"], **stage})


def asked_person(version: Version) -> Session:
    """Somebody at the page of the scale."""
    session = at_stage(version, "lobby")
    send(session)
    rescue.end_group(Group.objects.latest("pk").code, reason="a test")
    assert send(session, **OWN) == "stored"
    assert stage_id(fresh(session)) == "after"
    return fresh(session)


def keys_of(session: Session) -> list[str]:
    return [field.key for field in page(session).fields]


def drawn_of(session: Session) -> ScaleDrawn:
    return ScaleDrawn.objects.get(session=session)


def test_scale_has_a_page_of_its_own_that_names_neither_it_nor_its_items(make_version: MakeVersion) -> None:
    session = asked_person(version_with(make_version, ALL_ASKED))
    shown = page(session)
    assert shown.where.endswith("Page 2 of 2")
    assert "Think of this task." in shown.html
    assert sorted(keys_of(session)) == ["a.1", "a.2", "a.3", "a.4", "a.5"]
    labels = {field.key: (field.label, getattr(field, "points", [])) for field in shown.fields}
    assert labels["a.1"] == ("The others were kind.", ["1 = not at all", "2", "3 = so so", "4", "5 = very much"])
    assert labels["a.4"] == ("The talk was", [])


def test_what_is_asked_is_drawn_from_the_seed_once_and_kept(make_version: MakeVersion) -> None:
    version = version_with(make_version)
    session = asked_person(version)
    drawn = drawn_of(session)
    again = draw_for(session, version, stage="after", name="near")
    assert (drawn.shown, drawn.left_out) == (list(again.shown), list(again.left_out))
    assert set(drawn.left_out) in ({"w1", "o1"}, {"w2", "o2"})
    places = {"w1": "a.1", "w2": "a.2", "o1": "a.3", "o2": "a.4", "read": "a.5"}
    assert keys_of(session) == [places[item] for item in drawn.shown]
    with pytest.raises(DatabaseError), transaction.atomic():
        ScaleDrawn.objects.update(shown=[])


def test_answers_are_kept_by_item_with_their_times(make_version: MakeVersion) -> None:
    session = asked_person(version_with(make_version, ALL_ASKED))
    first, second = keys_of(session)[:2]
    answers = dict.fromkeys(keys_of(session), "2")
    assert send(session, **answers, times=f"{first}=1,2,3;{second}=1,2,999999999") == "stored"
    kept = Answer.objects.filter(session=session, item__startswith="near.").order_by("position")
    assert [one.item for one in kept] == [f"near.{item}" for item in drawn_of(session).shown]
    assert [one.position for one in kept] == [5, 6, 7, 8, 9]
    assert [(one.shown_ms, one.first_ms, one.last_ms) for one in kept][:2] == [(1, 2, 3), (None, None, None)]
    assert [one.is_correct for one in kept if one.item == "near.read"] == [True]
    assert stage_id(fresh(session)) == "debrief"


def test_simulated_people_know_what_an_attention_item_of_a_scale_asks_for(make_version: MakeVersion) -> None:
    assert expected_now(asked_person(version_with(make_version))) == {"a.5": "2"}


def test_question_may_be_left_out_only_where_the_stage_says_so(make_version: MakeVersion) -> None:
    session = asked_person(version_with(make_version, ALL_ASKED))
    assert send(session, **{"a.1": "2"}) == "refused"
    assert not Answer.objects.filter(item="near.w1").exists()
    session = asked_person(version_with(make_version, ALL_ASKED, may_skip=True))
    assert send(session, **{"a.1": "2", "a.2": ""}) == "stored"
    kept = dict(Answer.objects.filter(session=session, item__startswith="near.").values_list("item", "value"))
    assert kept == {"near.w1": 2, "near.w2": None, "near.o1": None, "near.o2": None, "near.read": None}
    assert not Answer.objects.filter(item="near.read", is_correct=False).exists()


def test_dataset_has_every_item_and_why_a_score_is_missing(make_version: MakeVersion) -> None:
    version = version_with(make_version, ALL_ASKED, may_skip=True)
    stays, leaves = asked_person(version), asked_person(version)
    send(stays, **{"a.1": "5", "a.2": "2", "a.4": "3", "a.5": "2"})
    sessions.leave(leaves.pk)
    code, gone = stays.participant.code, leaves.participant.code
    rows = table(version.study, "scale_items")
    found = only(rows, "participant", "item", "value", "scored_value", "why_missing")
    assert [row[1:] for row in found if row[0] == code] == [
        ("w1", "5", "5", ""), ("w2", "2", "4", ""), ("o1", "", "", "skipped_optional"), ("o2", "3", "3", ""),
        ("read", "2", "", ""),
    ]  # fmt: skip
    assert {row[2:] for row in found if row[0] == gone} == {("", "", "dropout")}
    assert sorted(row["position"] for row in rows if row["participant"] == code) == ["1", "2", "3", "4", "5"]
    names = ("participant", "subscale", "score", "n_answered", "n_items", "is_prorated", "why_missing")
    scores = only(table(version.study, "scores"), *names)
    assert [row[1:] for row in scores if row[0] == code] == [
        ("warm", "4.500000", "2", "2", "0", ""), ("open", "3.000000", "1", "2", "1", ""),
        ("", "4.000000", "3", "4", "1", ""),
    ]  # fmt: skip
    assert {row[1:] for row in scores if row[0] == gone} == {
        (name, "", "0", "4" if not name else "2", "", "dropout") for name in ("warm", "open", "")
    }


def test_what_was_left_out_as_planned_is_told_apart(make_version: MakeVersion) -> None:
    session = asked_person(version_with(make_version))
    send(session, **dict.fromkeys(keys_of(session), "4"))
    rows = table(session.participant.study, "scale_items")
    left_out = drawn_of(session).left_out
    assert [row["item"] for row in rows if row["why_missing"] == "not_asked"] == left_out
    assert all(row["position"] == "" for row in rows if row["item"] in left_out)
    scores = table(session.participant.study, "scores")
    assert {row["is_prorated"] for row in scores} == {"1"}
    assert len({row["scoring"] for row in scores}) == 1
    assert scores[0]["scoring"].startswith("scoring/1:")


def test_page_of_a_scale_can_be_made_again_from_the_dataset(make_version: MakeVersion, tmp_path: Path) -> None:
    session = asked_person(version_with(make_version))
    send(session, **dict.fromkeys(keys_of(session), "4"))
    close_study(session.participant.study)  # until then outcomes are masked
    export(session.participant.study, tmp_path / "out")
    screens = [one for one in rebuild_screens.Bundle(tmp_path / "out").pages() if "/after/" in one.where]
    assert [one.where for one in screens] == ["main/after/1", "main/after/2"]
    assert "Think of this task." in screens[1].words
    assert all(one.agrees for one in screens)


def test_scores_can_be_reckoned_again_from_the_dataset_alone(make_version: MakeVersion, tmp_path: Path) -> None:
    version = version_with(make_version, ALL_ASKED, may_skip=True)
    whole, partly, gone = (asked_person(version) for _ in range(3))
    send(whole, **dict.fromkeys(keys_of(whole), "4"))
    send(partly, **{"a.1": "5", "a.2": "2", "a.5": "1"})
    sessions.leave(gone.pk)
    close_study(version.study)
    export(version.study, out := tmp_path / "out")
    assert len(recompute_scores.read(out, "scores")) == 9
    assert recompute_scores.differences(out) == []
    file = out / "scores.csv"
    file.write_text(file.read_text().replace("4.500000", "4.400000", 1))
    (wrong,) = recompute_scores.differences(out)
    assert f"{partly.participant.code} main 1 after near warm" in wrong


def test_page_that_is_sent_has_room_for_times_and_no_name_of_scale_or_item(make_version: MakeVersion) -> None:
    session = asked_person(version_with(make_version, ALL_ASKED))
    html = draw(gallery.request(), page(session), gallery.FRAME, is_fragment=True)
    assert '<input type="hidden" name="times" value="" data-times>' in html
    assert re.findall(r"\b(near|warm|open|w1|w2|o1|o2)\b", html) == []


def test_who_asks_for_deletion_has_no_row_and_nothing_that_was_drawn(make_version: MakeVersion) -> None:
    session = asked_person(version_with(make_version))
    study = session.participant.study
    sessions.leave(session.pk, withdraw=True)
    assert table(study, "scale_items") == table(study, "scores") == []
    runner.drain("jobs")
    assert not ScaleDrawn.objects.exists()


def test_verify_draws_again_and_finds_what_was_changed(make_version: MakeVersion) -> None:
    session = asked_person(version_with(make_version))
    study = session.participant.study
    send(session, **dict.fromkeys(keys_of(session), "4"))
    assert check(study).differences == []
    with erasing():  # the one way past the guards
        ScaleDrawn.objects.update(shown=["w1"], left_out=[])
    assert {one.what for one in check(study).differences} == {
        "draw of a scale", "items of a scale that were answered",
    }  # fmt: skip
    with erasing():
        ScaleDrawn.objects.update(stage="consent")
    assert {one.what for one in check(study).differences} == {
        "scale at another stage", "answers to a scale that was not asked",
    }  # fmt: skip
