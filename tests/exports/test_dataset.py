"""The dataset as a whole: documented to the last column, repeatable to the byte, and leading to nobody."""

import csv
import hashlib
import json
import re
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from exports.errors import ExportError
from exports.services.bundle import export, export_zip
from exports.tables import TABLES
from flow.models import Debriefing, PaidRound, PracticeStep
from participants.models import Consent, EntryLink, Participant
from tests.exports import model_rows, rows

pytestmark = pytest.mark.django_db(transaction=True)


def played(slug: str = "choosing", *, is_demo: bool = True) -> rows.Society:
    """A study in which something of every kind has happened."""
    study = rows.make_study(slug, is_demo=is_demo)
    society = rows.make_society(study)
    rows.make_award(society, society.play(number=1, choice="A"))
    match = society.play(number=2, choice=None)
    society.talk(match, "person", "@all hello")
    asked = society.talk(match, "selector", "are you a bot?")
    rows.make_memory(asked)
    model_rows.make_noting(asked)
    model_rows.make_checked_turn(match.bot_turns.get(path="reply"))
    model_rows.make_drift(study)
    society.rest("person", number=3)
    Debriefing.objects.create(participant=society.selector, how="last_page", delivered_at=rows.BEGAN)
    rows.make_call(match.bot_turns.get(path="decide"))
    rows.make_ticket(society.selector, waited_seconds=61)
    rows.make_answer(society.selector, "quiz", "earn", 10, is_correct=True)
    rows.make_page(society.selector, "quiz", title="A few questions", asked=["earn"])
    rows.make_answer(society.selector, "after", "remarks", "-1 for the colours")
    rows.make_scale(society.selector, kind=6, cold=3)
    Participant.objects.filter(pk=society.selector.pk).update(status="finished", exit="completed")
    society.selector.refresh_from_db()
    PaidRound.objects.create(seat=society.seats["selector"], block=1, round=1)
    PracticeStep.objects.create(
        session=society.selector.sessions.get(), stage="try_out", number=1, role="selector", round=1, path="ask",
        view={}, sha256="0" * 64, values={"question": ""},
    )  # fmt: skip
    rows.make_settlement(society.selector, base_minor=400, bonus_minor=44, waiting_minor=20, points=22)
    rows.record(study, "participant.entered", ("participant", society.selector.pk), version=4711047110, link=4712047120)
    rows.record(study, "step.opened", ("match", match.pk), match=match.pk, path="decide", rev=3, reason="secret words")
    rows.record(study, "study.opened", ("study", study.pk), beyond="target", reason="A second laboratory joined.")
    return society


def read(folder: Path, table: str) -> list[dict[str, str]]:
    """One table of a written dataset."""
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_column_is_in_the_codebook_and_every_entry_in_a_table(tmp_path: Path) -> None:
    export(played().study, tmp_path / "out")
    documented = {(row["where"], row["name"]) for row in read(tmp_path / "out", "codebook") if row["entry"] == "column"}
    found = set()
    for file in (tmp_path / "out").glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as opened:
            found |= {(file.stem, name) for name in next(csv.reader(opened))}
    assert found == documented
    assert {table for table, _ in found} == {table.name for table in TABLES} | {"codebook"}


def test_call_is_exported_with_what_the_provider_said_and_without_words(tmp_path: Path) -> None:
    export(played().study, tmp_path / "out")
    (call,) = read(tmp_path / "out", "calls")
    said = {name: call[name] for name in ("seed", "finish_reason", "request_id", "system_fingerprint", "price")}
    assert said == {
        "seed": "5", "finish_reason": "stop", "request_id": "req-5",
        "system_fingerprint": "fp-5",
        "price": '{"input_cost_per_token":1e-07}',
    }  # fmt: skip
    assert "never exported" not in (tmp_path / "out" / "calls.csv").read_text()


def test_the_codebook_and_the_readme_name_every_table(tmp_path: Path) -> None:
    export(played().study, tmp_path / "out")
    said, book = ((tmp_path / "out" / name).read_text() for name in ("README.md", "codebook.md"))
    assert [table.name for table in TABLES if f"| {table.name}.csv | " not in said] == []
    assert [table.name for table in TABLES if f"## columns: {table.name}\n" not in book] == []


def test_a_dataset_claims_to_be_pseudonymous_and_internal_only(tmp_path: Path) -> None:
    society = played()
    Participant.objects.filter(pk=society.candidate.pk).update(status="withdrawn", exit="withdrawn")
    export(society.study, tmp_path / "out")
    text = {file.name: file.read_text(encoding="utf-8").lower() for file in (tmp_path / "out").iterdir()}
    assert [name for name, words in text.items() if re.search("anonymi[sz]ed", words)] == []
    for claim in ("**internal**", "pseudonymous", "free text", "`is_filled`", "\n1 person entered"):
        assert claim in text["README.md"]


def test_consent_boxes_have_a_column_each_documented_from_the_study_file(tmp_path: Path) -> None:
    study = rows.make_study()
    rows.make_society(study)
    newer = json.loads(json.dumps(rows.definition(study.slug)))
    newer["waves"][0]["stages"][0]["ticks"].append({"id": "share_numbers", "label": "Share.", "required": False})
    rows.make_version(study, 2, said=newer)
    asked = rows.make_participant(study, "plater")
    Consent.objects.create(
        participant=asked, version=asked.version, document="pages/consent.md", document_sha256="0" * 64,
        language="en", agreed=True, ticks={"take_part": True, "share_numbers": False},
    )  # fmt: skip
    export(study, tmp_path / "out")
    ticked = {row["participant"]: row["tick_share_numbers"] for row in read(tmp_path / "out", "participants")}
    assert ticked.pop("plater") == "0"
    assert set(ticked.values()) == {""}
    assert {row["tick_take_part"] for row in read(tmp_path / "out", "participants")} == {"1"}
    book = {row["name"]: row for row in read(tmp_path / "out", "codebook") if row["where"] == "participants"}
    assert book["tick_share_numbers"]["label"] == '1 if this box was ticked: "Share."'
    assert book["tick_share_numbers"]["source"] == "study file: consent"


def test_codebook_says_which_numbers_the_study_file_changes(tmp_path: Path) -> None:
    study = rows.make_study()
    rows.make_version(study, 2, endowment=12)
    export(study, tmp_path / "out")
    book = read(tmp_path / "out", "codebook")
    found = {(row["version"], row["name"]): row for row in book if row["entry"] in ("parameter", "derived")}
    ours = "our default, not the paper's"
    assert found["1", "endowment"]["source"] == ours
    assert (found["2", "endowment"]["value"], found["2", "endowment"]["source"]) == (
        "12",
        f"study file (default 10: {ours})",
    )
    assert found["1", "history"]["allowed_values"] == "none|last|own_table"
    assert found["1", "beliefs_ask"]["value"] == "checkpoints"
    assert found["1", "beliefs_stake"]["label"] == "Points that a belief can win; 0 where none is paid."
    assert found["1", "pot"]["label"] == "Worked out from endowment, multiplier"
    assert "| True |" not in (tmp_path / "out" / "codebook.md").read_text()


def test_every_table_has_rows_of_what_happened(tmp_path: Path) -> None:
    written = export(played().study, tmp_path / "out")
    empty = {"pairs.csv", "planned_sessions.csv", "reminders.csv", "reports.csv", "safety.csv", "seen.csv"}
    empty |= {"safety_words.csv"}
    found = {file.name for file in written if file.rows == 0}
    assert found == empty, "one wave, nobody reports anybody, and no person looks at what programs say"


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    study = played().study
    first, second = export(study, tmp_path / "one"), export(study, tmp_path / "two")
    assert first == second
    for file in first:
        data = (tmp_path / "one" / file.name).read_bytes()
        assert data == (tmp_path / "two" / file.name).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.size_bytes)
        assert not data.startswith(b"\xef\xbb\xbf")
        assert b"\r\n" not in data
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    assert export_zip(study, tmp_path / "a").read_bytes() == export_zip(study, tmp_path / "b").read_bytes()


def test_the_manifest_names_every_other_file_with_its_hash(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(played().study, out)
    manifest = json.loads((out / "manifest.json").read_text())
    said = {file["name"]: file["sha256"] for file in manifest["files"]}
    there = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in out.iterdir()}
    there.pop("manifest.json")
    assert said == there
    assert manifest["is_demo"] is True
    assert manifest["software"] == settings.VERSION
    assert [version["number"] for version in manifest["versions"]] == [1]


def test_no_secret_and_no_date_is_in_any_byte(tmp_path: Path) -> None:
    society = played()
    bundle = export_zip(society.study, tmp_path)
    with zipfile.ZipFile(bundle) as opened:
        data = b"\n".join(opened.read(name) for name in opened.namelist()).lower()
    secrets = [p.token_sha256 for p in Participant.objects.all()] + [k.token_sha256 for k in EntryLink.objects.all()]
    secrets += [
        rows.BEGAN.date().isoformat(),
        "c0de",
        "never exported",
        society.study.versions.get().seed,
        "secret words",
        "4711047110",
        "4712047120",
    ]
    assert [secret for secret in secrets if secret.lower().encode() in data] == []


def test_no_primary_key_is_in_any_cell(tmp_path: Path) -> None:
    # Keys far above anything that is counted, so that a leaked one cannot hide among small numbers.
    with connection.cursor() as cursor:
        for name in ("participants_participant", "scheduling_session", "matching_group", "matching_seat", "flow_match",
                     "matching_ticket", "events_event", "studies_version", "studies_slot"):  # fmt: skip
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), 770000)")
    export(played().study, tmp_path / "out")
    for file in (tmp_path / "out").glob("*.csv"):
        assert "7700" not in file.read_text(encoding="utf-8"), file.name


def test_words_that_a_spreadsheet_would_run_are_made_harmless_in_text_columns_only(tmp_path: Path) -> None:
    export(played().study, tmp_path / "out")
    messages = {row["message"] for row in read(tmp_path / "out", "choice_sets")}
    assert messages == {"I am fair.", "'=SUM(A1)"}
    assert [row["text"] for row in read(tmp_path / "out", "entries")] == ["'@all hello", "are you a bot?"]
    assert "'-1 for the colours" in {row["value"] for row in read(tmp_path / "out", "answers")}
    for table in TABLES:
        texts = {column.name for column in table.columns if column.type == "text"}
        for row in read(tmp_path / "out", table.name):
            assert not any(value.startswith("'") for name, value in row.items() if name not in texts)


def test_an_export_overwrites_nothing_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    study = played().study
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep me")
    with pytest.raises(ExportError) as refused:
        export(study, tmp_path / "full")
    assert refused.value.code == "folder_not_empty"
    with transaction.atomic(), pytest.raises(ExportError) as inside:
        export(study, tmp_path / "out")
    assert inside.value.code == "inside_transaction"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["full"]


def test_a_dataset_holds_one_study_only(tmp_path: Path) -> None:
    mine = played()
    other = rows.make_study("other")
    theirs = rows.make_society(other, "gzzzzzzzzzz")
    theirs.play(number=1, choice="B")
    rows.record(other, "group.formed", ("group", theirs.group.pk))
    export(mine.study, tmp_path / "out")
    text = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "out").iterdir())
    assert "gzzzzzzzzzz" not in text
    assert theirs.selector.code not in text


def test_the_readme_says_what_is_a_demo_and_what_is_simulated(tmp_path: Path) -> None:
    export(played().study, tmp_path / "demo")
    assert "**DEMO." in (tmp_path / "demo" / "README.md").read_text()
    export(rows.make_study("robots", is_simulated=True), tmp_path / "SIMULATED-robots")
    assert (tmp_path / "SIMULATED-robots" / "README.md").read_text().startswith("**SIMULATED. These people never")
    export(rows.make_study("real"), tmp_path / "real")
    real = (tmp_path / "real" / "README.md").read_text()
    assert "DEMO." not in real
    assert "SIMULATED." not in real
