"""A sound study in a folder of its own, and the small experiment that it uses."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from studies import registry
from studies.check import check
from studies.models import Version
from studies.problems import Problem
from studies.services import freeze

FOLDER = Path(__file__).parent / "folder"


@pytest.fixture(autouse=True)
def sharing_is_installed(settings: LazySettings) -> Iterator[None]:
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.studies.experiments"]
    forget_code()
    yield
    forget_code()


def forget_code() -> None:
    """What a restart of the process would do."""
    registry.experiment.cache_clear()
    registry.code_sha256.cache_clear()
    registry._module_of.cache_clear()


UNPROBED = {"W434", "W435"}
"""Said of the folder as it stands: its factor has no check, its deception no funnel. `test_study_probes` has both."""


class Folder:
    """A study's folder that a test may spoil."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def text(self, file: str = "study.yaml") -> str:
        return (self.path / file).read_text(encoding="utf-8")

    def write(self, text: str, file: str = "study.yaml") -> None:
        (self.path / file).write_text(text, encoding="utf-8")

    def change(self, old: str, new: str, file: str = "study.yaml") -> None:
        """Replace the only place where `old` stands."""
        text = self.text(file)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        self.write(text.replace(old, new), file)

    def problems(self) -> list[Problem]:
        return [problem for problem in check(self.path) if problem.code not in UNPROBED]

    def one(self, code: str) -> Problem:
        """The only problem with a code."""
        found = [problem for problem in self.problems() if problem.code == code]
        assert len(found) == 1, [str(problem) for problem in self.problems()]
        return found[0]

    def codes(self) -> set[str]:
        return {problem.code for problem in self.problems()}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    shutil.copytree(FOLDER, tmp_path / "study")
    return Folder(tmp_path / "study")


@pytest.fixture
def frozen(db: None, folder: Folder) -> Callable[..., Version]:
    """`frozen(old, new, …)`: the study with some places replaced, frozen under the seed "seed"."""

    def make(*replaced: str, seed: str = "seed") -> Version:
        for old, new in zip(replaced[::2], replaced[1::2], strict=True):
            folder.change(old, new)
        return freeze(folder.path, seed=seed)

    return make


@pytest.fixture
def version(frozen: Callable[..., Version]) -> Version:
    return frozen()
