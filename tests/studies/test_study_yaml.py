"""Reading YAML: every trap is named with its line, and nothing hostile gets through."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from studies import yaml_file
from studies.check import check, check_data
from studies.sources import FrozenSource
from tests.studies.conftest import Folder


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("12:30", 'Quote clock times: "12:30"'),
        ("2026-01-31", 'Quote dates: "2026-01-31"'),
        ("no", 'quote the word: "no"'),
        ("On", "Write true or false"),
        ("010", 'Quote it, "010"'),
        ("1_000", 'Quote it, "1_000"'),
        ("0x1f", 'Quote it, "0x1f"'),
        (".inf", 'Quote it, ".inf"'),
    ],
)
def test_word_that_yaml_would_misread_is_named(said: str, words: str) -> None:
    document = yaml_file.parse(f"a: 1\nb:\n  - {{id: x, c: {said}}}\n", name="f.yaml")
    (problem,) = document.problems
    assert (problem.code, problem.path, problem.line) == ("E102", "b[x].c", 3)
    assert words in problem.remedy
    assert document.data == {"a": 1, "b": [{"id": "x", "c": said}]}


def test_quoted_words_are_left_alone() -> None:
    document = yaml_file.parse("a: '12:30'\nb: \"no\"\nc: 'on'\n", name="f.yaml")
    assert document.problems == []
    assert document.data == {"a": "12:30", "b": "no", "c": "on"}


def test_key_that_stands_twice_is_named_with_its_second_line() -> None:
    (problem,) = yaml_file.parse("a:\n  b: 1\n  c: 2\n  b: 3\n", name="f.yaml").problems
    assert (problem.code, problem.path, problem.line) == ("E004", "a.b", 4)


def test_key_on_is_a_word() -> None:
    assert yaml_file.parse("on: 1\nyes: 2\n", name="f.yaml").data == {"on": 1, "yes": 2}


def test_bomb_of_aliases_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    document = yaml_file.parse("\n".join(lines), name="f.yaml")
    assert document.data is None
    assert [(problem.code, problem.line) for problem in document.problems] == [("E005", 1)]


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 3000 + "x"])
def test_deep_nesting_is_refused(text: str) -> None:
    document = yaml_file.parse(text, name="f.yaml")
    assert document.problems
    assert {problem.code for problem in document.problems} <= {"E001", "E006"}


def test_long_text_is_refused() -> None:
    (problem,) = yaml_file.parse("a: " + "x" * yaml_file.MAX_CHARS, name="f.yaml").problems
    assert problem.code == "E002"


def test_objects_of_python_are_not_made() -> None:
    document = yaml_file.parse("a: !!python/object/apply:os.system ['true']\nb: !!python/name:os.system x\n", name="f")
    assert document.data["a"] == ["true"]
    assert isinstance(document.data["b"], str)
    assert {problem.code for problem in document.problems} == {"E001"}


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ('"a\\0b"', "E003", "control characters"),
        ('"\\x1b[2J"', "E003", "control characters"),
        ('"\\ud83d\\ude00"', "E003", "halves"),
        ("1.0e+999", "E102", "without end"),
        ("!!float '.nan'", "E102", "without end"),
        ("!!binary aGVsbG8=", "E102", "bytes, because of its tag"),
        ("!!timestamp '2027-03-31'", "E102", "date, because of its tag"),
        ("!!timestamp 'zz'", "E001", "cannot read 'zz'"),
        ("!!bool 'zz'", "E001", "cannot read 'zz'"),
        ("!!int ''", "E001", "cannot read ''"),
        ("!!int '12:30'", "E102", ""),
    ],
)
def test_escapes_and_tags_make_nothing_that_no_file_can_hold(said: str, code: str, words: str) -> None:
    document = yaml_file.parse(f"a: 1\nb:\n  - {{id: x, c: {said}}}\n", name="f.yaml")
    if not words:  # whoever tags it means it
        assert document.data["b"][0]["c"] == 750
        return
    (problem,) = document.problems
    assert (problem.code, problem.path, problem.line) == (code, "b[x].c", 3)
    assert words in problem.what
    stored = json.dumps(document.data, allow_nan=False, ensure_ascii=False)
    assert "\\u00" not in stored.encode().decode()


def test_text_that_no_database_takes_is_told_before_freezing(folder: Folder) -> None:
    folder.change("public_title:", 'note: "a\\0b"\npublic_title:')
    assert (folder.one("E003").path, folder.codes()) == ("note", {"E003"})
    folder.change('note: "a\\0b"', '"no\\0te": "x"')
    assert folder.codes() == {"E101"}


def test_file_that_may_not_be_read_is_a_problem(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_file: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert "cannot be read: Permission denied" in folder.one("E103").what


def test_syntax_error_names_the_line() -> None:
    (problem,) = yaml_file.parse("a: 1\nb: [1, 2\nc: 3\n", name="f.yaml").problems
    assert (problem.code, problem.line) == ("E001", 3)
    assert "a bracket" in problem.remedy


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00a", b"a: \x80\n", b"a: b\x00c\n", b"\x89PNG\r\n\x1a\n"])
def test_file_that_is_no_text_is_refused(folder: Folder, raw: bytes) -> None:
    (folder.path / "study.yaml").write_bytes(raw)
    assert folder.codes() == {"E003"}


def test_page_that_is_no_text_is_refused(folder: Folder) -> None:
    (folder.path / "pages/exit.md").write_bytes(b"good\nbad \xe4\n")
    assert "line 2" in folder.one("E003").what


def test_huge_page_is_refused(folder: Folder) -> None:
    folder.write("x" * 500_000, "pages/exit.md")
    assert folder.one("E002").path == "exits.completed.page"


@pytest.mark.parametrize("path", ["/etc/passwd", "../../secret.md", "pages/../../secret.md", "pages/./a.md", "a b.md"])
def test_path_that_leaves_the_folder_is_refused(folder: Folder, path: str) -> None:
    (folder.path.parent.parent / "secret.md").write_text("secret")
    folder.change("page: pages/waiting.md", f'page: "{path}"')
    assert "no path inside" in folder.one("E103").what


def test_link_that_leaves_the_folder_is_refused(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    (folder.path / "pages/link.md").symlink_to(tmp_path / "secret.md")
    folder.change("page: pages/waiting.md", "page: pages/link.md")
    assert folder.one("E103").path == "waves[main].stages[lobby].page"


def test_studies_may_share_pages_in_the_folder_around_them(folder: Folder) -> None:
    around = folder.path.parent / "studies"
    around.mkdir()
    moved = Folder(folder.path.rename(around / "one"))
    (moved.path / "pages/waiting.md").rename(around / "waiting.md")
    moved.change("page: pages/waiting.md", "page: ../waiting.md")
    assert moved.problems() == []


@pytest.mark.parametrize("is_beside", [True, False])
def test_copy_in_a_folder_of_another_name_is_told_where_to_stand(folder: Folder, is_beside: bool) -> None:
    if is_beside:
        (folder.path / "pages/waiting.md").rename(folder.path.parent / "waiting.md")
    folder.change("page: pages/waiting.md", "page: ../waiting.md")
    assert folder.one("E103").remedy == "Put the study in a folder called studies, beside pages/."


def test_missing_folder_is_a_problem(tmp_path: Path) -> None:
    (problem,) = check(tmp_path / "nothing")
    assert (problem.code, problem.path) == ("E103", "study.yaml")


def test_everything_is_told_at_once(folder: Folder) -> None:
    folder.change("estimated_minutes: 20", "estimated_minutes: 90\nestimate: 3")
    folder.change("[2, 4]", "[3]")
    folder.change("exit: no_group}", "exit: nobody}")
    folder.change("policies: [half]\n    label", "policies: [whole]\n    label")
    folder.change("{{ code }}", "{{ cod }}", "pages/exit.md")
    folder.change("correct: anew", "correct: new", "quiz.yaml")
    assert folder.codes() == {"E101", "E203", "E402", "W402", "E505", "E601", "E603", "E415"}
    lines = [
        problem.line for problem in folder.problems() if problem.path.startswith(("alloc", "waves", "pay", "estim"))
    ]
    assert lines == sorted(lines, key=lambda line: line or 0)


def test_section_of_wrong_shape_does_not_hide_the_rest(folder: Folder) -> None:
    folder.change("  - id: main\n", "  - id: main\n    stages: 3\n  - id: second\n")
    folder.change("[2, 4]", "[3]")
    assert {"E203"} < folder.codes()


def test_secret_is_never_repeated(folder: Folder) -> None:
    folder.change("asked_if_ai: deflect", "asked_if_ai: deflect\n    token: sk-verysecretverysecret99")
    words = " ".join(map(str, folder.problems()))
    assert "E104" in words
    assert "verysecret" not in words


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
SECTIONS = [
    "schema",
    "id",
    "told",
    "factors",
    "groups",
    "partners",
    "waves",
    "exits",
    "payments",
    "sample",
    "deception",
]


@settings(max_examples=150, deadline=None)
@example({"deception": [{"[key]": None}]})
@given(st.dictionaries(st.sampled_from(SECTIONS) | st.text(max_size=5), ANYTHING, max_size=6))
def test_any_data_gives_problems_and_never_an_exception(data: dict[str, object]) -> None:
    checked = check_data(data, FrozenSource({}))
    assert checked.study is None
    assert checked.problems


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    document = yaml_file.parse(text, name="f.yaml")
    assert document.data is not None or document.problems


@settings(max_examples=60, deadline=None, suppress_health_check=[])
@given(st.sampled_from(SECTIONS), ANYTHING)
def test_sound_study_with_one_section_spoiled_is_told_about(section: str, value: object) -> None:
    source = Path(__file__).parent / "folder/study.yaml"
    data = yaml_file.parse(source.read_text(encoding="utf-8"), name="study.yaml").data
    checked = check_data(data | {section: value}, FrozenSource({}))
    assert checked.problems
