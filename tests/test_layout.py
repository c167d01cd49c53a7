"""The rules of the house that a machine can see: directions of imports, names, lengths, and who may touch what."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLATFORM = ROOT / "platform"
# Each may import what stands in an earlier row; those of one row may not import each other.
DIRECTION = [
    {"paradigm"}, {"events"}, {"studies"}, {"participants"}, {"scheduling"}, {"matching"}, {"flow"}, {"llm"},
    {"chat", "measures"}, {"bots"}, {"recruitment"}, {"exports"}, {"verification"}, {"simulation"}, {"screens"},
    {"console"}, {"config"},
]  # fmt: skip
ROW = {package: number for number, row in enumerate(DIRECTION) for package in row}
EXPERIMENTS_MAY_IMPORT = {"paradigm", "pydantic", *sys.stdlib_module_names}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "managers", "signals", "misc", "stuff"}
MOST_LINES = 400
MOST_FUNCTION_LINES = 50

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> list[Path]:
    """Return our Python files, migrations apart."""
    files = (file for folder in folders for file in sorted((ROOT / folder).rglob("*.py")))
    return [file for file in files if "migrations" not in file.parts]


def our_sources() -> list[Path]:
    """Return every Python file of ours."""
    return [ROOT / "manage.py", *sources("platform", "experiments", "tests", "bench")]


def imported(file: Path) -> Iterator[str]:
    """Yield the absolute dotted names that a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offenders(pattern: str, *, allowed: tuple[str, ...] = (), folder: str = "platform") -> list[str]:
    """Return "file:line" of each match of `pattern` in the code, comments and texts apart."""
    found = []
    for file in sources(folder):
        name = file.relative_to(ROOT / folder).as_posix()
        if name.startswith(allowed):
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if re.search(pattern, line.split("#")[0]):
                found.append(f"{name}:{number}")
    return found


def test_platform_is_a_folder_and_not_a_package() -> None:
    assert not (PLATFORM / "__init__.py").exists(), "platform/__init__.py would hide the standard library's platform"
    assert {folder.name for folder in PLATFORM.iterdir() if (folder / "__init__.py").exists()} == set(ROW)


def test_packages_hide_no_library() -> None:
    libraries = set(sys.stdlib_module_names) | set(packages_distributions())
    assert set(ROW) & libraries == set()


def test_imports_point_left_only() -> None:
    upward = []
    for file in sources("platform"):
        own = file.relative_to(PLATFORM).parts[0]
        for name in imported(file):
            other = name.split(".")[0]
            if other == "experiments" or (other in ROW and other != own and ROW[other] >= ROW[own]):
                upward.append(f"{file.relative_to(PLATFORM)} imports {name}")
    assert upward == []


def test_experiments_import_the_language_only() -> None:
    strange = []
    for file in sources("experiments"):
        folder = file.relative_to(ROOT / "experiments").parts[0]
        for name in imported(file):
            is_own = name.startswith(f"experiments.{folder}")
            if not is_own and name.split(".")[0] not in EXPERIMENTS_MAY_IMPORT:
                strange.append(f"{file.relative_to(ROOT)} imports {name}")
    assert strange == []


def test_files_are_named_for_what_they_hold() -> None:
    named = [file.relative_to(ROOT).as_posix() for file in our_sources() if file.stem in FORBIDDEN_NAMES]
    assert named == ["platform/config/postgresql/base.py"], "Django looks for a database backend under this very name"


def test_files_are_short() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in our_sources()}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_functions_are_short() -> None:
    long = []
    for file in our_sources():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, Function) and (node.end_lineno or 0) - node.lineno + 1 > MOST_FUNCTION_LINES:
                long.append(f"{file.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert long == []


def test_nobody_imports_everything() -> None:
    assert [f"{file}: {name}" for file in our_sources() for name in imported(file) if name.endswith(".*")] == []


def test_time_comes_from_the_one_clock() -> None:
    pattern = r"timezone\.now|datetime\.(now|utcnow|today)\b|date\.today\b|(?<!\w)time\.time\("
    assert offenders(pattern, allowed=("events/clock.py",)) == []


def test_chance_comes_from_a_seed() -> None:
    assert offenders(r"(?<![\w.])random\.(random|choices?|randint|randrange|shuffle|sample|uniform|gauss|seed)\(") == []
    assert (
        offenders(r"(?<![\w.])random\.(random|choices?|randint|randrange|shuffle|sample)\(", folder="experiments") == []
    )


def test_one_door_to_the_channel_layer() -> None:
    assert offenders(r"channels\.layers|get_channel_layer", allowed=("events/log.py", "events/announce.py")) == []


def test_one_door_to_the_models() -> None:
    assert offenders(r"(import|from)\s+litellm", allowed=("llm/",)) == []


def test_only_services_open_transactions() -> None:
    """Events is the machinery that services stand on; it opens the transaction of a claim."""
    files = {line.rsplit(":", 1)[0] for line in offenders(r"transaction\.atomic|[^_]atomic\(")}
    allowed = re.compile(r"(^events/|/services(/|\.py)|/management/commands/)")
    assert sorted(name for name in files if not allowed.search(name)) == []


@pytest.mark.parametrize("module", ["config.wsgi", "config.asgi", "config.celery"])
def test_litellm_is_loaded_only_where_models_are_called(module: str) -> None:
    """It costs seconds and 150 MB, and belongs to the bots' worker alone."""
    loading = "app = getattr(m, 'app', None)\nif app: app.loader.import_default_modules()"
    code = f"import sys, {module} as m\n{loading}\nprint('litellm' in sys.modules)"
    path = {"PYTHONPATH": f"{PLATFORM}:{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=_environment() | path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip().splitlines()[-1:]) == (0, ["False"]), done.stderr


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
