"""`manage.py study …` as a researcher types it."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from studies import services
from studies.check import check_folder
from studies.models import Study, Version
from studies.publish import REFERENCE_FILE, SCHEMA_FILE, published, with_fields
from studies.schema import StudyFile
from studies.slots import GIVEN, study_facts
from tests.studies.conftest import FOLDER, Folder
from tests.studies.test_study_ethics import with_model
from tests.studies.test_study_probes import make_probed

ROOT = Path(__file__).parents[2]


def study(*arguments: object) -> str:
    """What the command prints on the screen, good and bad."""
    out = StringIO()
    call_command("study", *map(str, arguments), stdout=out, stderr=out, no_color=True)
    return out.getvalue()


def refused(*arguments: object) -> str:
    """What a command that ends with status 1 prints, with its last words."""
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("study", *map(str, arguments), stdout=out, stderr=out, no_color=True)
    assert error.value.returncode == 1
    return out.getvalue() + str(error.value)


def test_check_of_a_sound_study(folder: Folder) -> None:
    make_probed(folder)
    assert "is sound: 0 warnings" in study("check", folder.path)


def test_check_prints_every_problem_and_fails(folder: Folder) -> None:
    folder.change("[2, 4]", "[3]")
    folder.change("{{ code }}", "{{ cod }}", "pages/exit.md")
    printed = refused("check", folder.path)
    assert "E203 allocation.block_sizes[0] (line 15): 3 is not a multiple of 2 conditions. Use 2, 4, …" in printed
    assert "E603 pages/exit.md (line 3)" in printed
    assert "2 to mend" in printed


@pytest.mark.django_db
def test_load_open_pause_close_and_list(folder: Folder) -> None:
    assert "version 1 is frozen" in study("load", folder.path, "--demo", "--open", "--seed", "s")
    assert Version.objects.get().seed == "s"
    listed = study("list")
    assert "sharing-test" in listed
    assert "open" in listed
    assert "demo" in listed
    assert "is paused" in study("pause", "sharing-test")
    assert "is open" in study("open", "sharing-test")
    assert "is closed" in study("close", "sharing-test")
    assert "stays closed" in refused("open", "sharing-test")
    assert Study.objects.get().status == "closed"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "provider", "is_warned"),
    [("", "", True), ("sk-1", "", True), ("sk-1", "other", True), ("sk-1", "stub", False)],
)
def test_open_warns_where_a_model_cannot_be_asked_and_says_how_it_can(
    folder: Folder, settings: LazySettings, key: str, provider: str, is_warned: bool
) -> None:
    with_model(folder, "Be fair.")
    settings.LLM_BASE, settings.LLM_KEY, settings.LLM_PROVIDER = "", key, provider
    study("load", folder.path)
    said = study("open", "sharing-test")
    assert ("each of its turns will fail: no key for stub/fair: set RAPPORT_LLM_KEY_STUB, or" in said) is is_warned
    assert Study.objects.get().status == "open"


@pytest.mark.django_db
def test_real_study_is_not_opened_under_a_seed_that_can_be_guessed(folder: Folder) -> None:
    """Its sha256 is registered: every condition to come would follow from a word that somebody tries out."""
    study("freeze", folder.path, "--seed", "lab7")
    said = refused("open", "sharing-test")
    assert "has 4 characters, and can be guessed" in said
    assert "freeze the folder again without --seed" in said
    assert Study.objects.get().status == "draft"
    assert "version 2 is frozen" in study("freeze", folder.path)
    assert len(Version.objects.get(number=2).seed) == 32
    assert "version 2 is frozen" in study("freeze", folder.path), "one that was drawn stays"
    assert "is open" in study("open", "sharing-test")


@pytest.mark.django_db
def test_load_that_opens_refuses_a_short_seed_and_takes_a_long_one(folder: Folder) -> None:
    assert "can be guessed" in refused("load", folder.path, "--open", "--seed", "x" * 31)
    assert Study.objects.get().status == "draft"
    assert ", open" in study("load", folder.path, "--open", "--seed", "0123456789abcdef" * 2)
    assert ", open" in study("load", folder.path, "--open"), "doing so again changes nothing"


@pytest.mark.django_db
def test_study_that_was_open_with_a_short_seed_keeps_it(folder: Folder) -> None:
    version = services.load(folder.path, seed="s", is_open=True)
    study("pause", "sharing-test")
    assert "load the folder under another id" in refused("open", "sharing-test")
    assert services.freeze(folder.path) == version


@pytest.mark.django_db
def test_freeze_of_a_spoiled_study_prints_all_and_keeps_nothing(folder: Folder) -> None:
    folder.change("[2, 4]", "[3, 5]")
    printed = refused("freeze", folder.path)
    assert printed.count("E203") >= 2
    assert Study.objects.count() == 0


@pytest.mark.django_db
def test_amend_and_diff(version: Version, folder: Folder) -> None:
    assert "reason" in refused("amend", "sharing-test", "--set", "sample.target=30")
    assert "has version 2: power" in study("amend", "sharing-test", "--set", "sample.target=30", "--reason", "power")
    printed = study("diff", "sharing-test", "2", "--version", "1")
    assert "~ sample.target: 24 → 30" in printed
    assert "1 difference between version 1 and 2" in printed
    folder.change("endowment: 12", "endowment: 14")
    printed = study("diff", "sharing-test", folder.path)
    assert "~ waves[main].stages[game].parameters.endowment: 12 → 14" in printed
    assert "~ sample.target: 30 → 24" in printed


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("open", "nothing"), "there are: sharing-test"),
        (("amend", "sharing-test", "--set", "sample", "--reason", "x"), "PATH=VALUE"),
        (("amend", "sharing-test", "--set", "sample.until=2027-03-31", "--reason", "x"), 'Quote dates: "2027-03-31"'),
        (("amend", "sharing-test", "--set", "sample=&a [*a]", "--reason", "x"), "E005 sample (line 1): anchors"),
        (("amend", "sharing-test", "--set", "sample=" + "[" * 5000, "--reason", "x"), "E006 sample"),
        (("amend", "sharing-test", "--set", 'title="a\\0b"', "--reason", "x"), "E003 title"),
        (("schema", "--out", "/dev/null/here"), "/dev/null/here cannot be used"),
        (("amend", "sharing-test", "--code", "new"), "nothing differs"),
        (("diff", "sharing-test", "7"), "has no version 7"),
    ],
)
def test_refusals_name_the_remedy(version: Version, arguments: tuple[str, ...], words: str) -> None:
    assert words in refused(*arguments)


@pytest.mark.django_db
def test_member_gets_a_role_and_then_another(version: Version, settings: LazySettings) -> None:
    user = User.objects.create(username="ada", is_staff=True)
    before = study("list")
    assert f"ada is editor of sharing-test: {settings.ORIGIN}/login" in study("member", "sharing-test", "ada")
    assert list(Study.objects.for_user(user)) == [version.study]
    assert "ada is analyst of" in study("member", "sharing-test", "ada", "--role", "analyst")
    assert list(version.study.memberships.values_list("user__username", "role")) == [("ada", "analyst")]
    assert study("list") == before


@pytest.mark.django_db
def test_owner_is_named_while_loading_also_of_a_study_that_is_there(folder: Folder) -> None:
    assert "make an account with `manage.py createsuperuser`" in refused("load", folder.path, "--owner", "ada")
    assert Study.objects.count() == 0
    for name in ("ada", "bob"):
        User.objects.create(username=name, is_staff=True)
    study("load", folder.path, "--owner", "ada")
    study("freeze", folder.path, "--owner", "bob")
    found = Study.objects.get().memberships.order_by("user__username").values_list("user__username", "role")
    assert list(found) == [("ada", "owner"), ("bob", "owner")]


@pytest.mark.django_db
def test_member_must_be_somebody_who_can_sign_in(version: Version) -> None:
    User.objects.create(username="visitor")
    assert "may not sign in as a researcher" in refused("member", "sharing-test", "visitor")
    assert 'nobody signs in as "ada"' in refused("member", "sharing-test", "ada")
    assert "invalid choice" in refused("member", "sharing-test", "visitor", "--role", "king")
    assert not version.study.memberships.exists()


@pytest.mark.django_db
def test_links_lead_to_the_landing_page(version: Version, settings: LazySettings) -> None:
    for line in study("link", "sharing-test", "--single", "2").splitlines():
        assert re.fullmatch(rf"{settings.ORIGIN}/j/\S{{43}}", line)


def test_published_schema_is_current(tmp_path: Path) -> None:
    assert (ROOT / SCHEMA_FILE).read_text(encoding="utf-8") == published(), "run `manage.py study schema`"
    study("schema", "--out", tmp_path / "s.json")
    assert json.loads((tmp_path / "s.json").read_text())["title"] == "Study file"
    assert study("schema", "--out", "-") == published()


def test_reference_is_current() -> None:
    reference = (ROOT / REFERENCE_FILE).read_text(encoding="utf-8")
    assert with_fields(reference) == reference, "run `manage.py study schema`"
    assert "| `max_wait_seconds` | whole number from 1 to 86400 | `600` |" in reference


def test_reference_explains_every_code() -> None:
    reference = (ROOT / REFERENCE_FILE).read_text(encoding="utf-8")
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "platform/studies").rglob("*.py"))
    codes = set(re.findall(r'"([EW]\d{3})"', sources))
    assert len(codes) > 40
    assert codes == set(re.findall(r"^\| ([EW]\d{3}) \|", reference, re.MULTILINE))


def test_reference_names_every_slot(folder: Folder) -> None:
    reference = (ROOT / REFERENCE_FILE).read_text(encoding="utf-8")
    study = check_folder(folder.path).study
    assert study is not None
    for name in {*study_facts(study), *(name for names in GIVEN.values() for name in names)}:
        assert f"`{name}`" in reference or name.endswith("_amount")


def test_example_of_the_reference_is_a_study_file() -> None:
    from studies import yaml_file

    reference = (ROOT / REFERENCE_FILE).read_text(encoding="utf-8")
    example = reference.split("```yaml\n", 1)[1].split("```", 1)[0]
    assert StudyFile.model_validate(yaml_file.parse(example, name="example").data).id
    assert yaml_file.parse((FOLDER / "study.yaml").read_text(), name="study.yaml").problems == []
