"""Finds experiments by name. The platform never imports one directly."""

import hashlib
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from paradigm import Experiment
from studies.problems import StudyError
from studies.schema_types import NAME_PATTERN, matches


@cache
def experiment(name: str) -> Experiment:
    """The experiment in the folder (or module) `name` of one of `settings.EXPERIMENT_PACKAGES`.

    Raises:
        StudyError: "experiment_unknown", or "experiment_broken" when it does not import.
    """
    module_name = _module_of(name)
    try:
        found = getattr(import_module(module_name), "experiment", None)
    except Exception as error:
        raise StudyError(
            "experiment_broken", f"{module_name} does not import: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(found, Experiment):
        raise StudyError("experiment_broken", f"{module_name} has no `experiment = Experiment(...)`")
    return found


@cache
def code_sha256(name: str) -> str:
    """The sha256 of an experiment's code: its .py files and templates, by relative path."""
    module = Path(str(_origin(_module_of(name))))
    if module.name != "experiment.py":
        return hashlib.sha256(module.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for file in _code_files(module.parent):
        digest.update(
            f"{file.relative_to(module.parent).as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode()
        )
    return digest.hexdigest()


def source_of(name: str) -> list[str]:
    """The texts of an experiment's .py files."""
    module = Path(str(_origin(_module_of(name))))
    files = [module] if module.name != "experiment.py" else [f for f in _code_files(module.parent) if f.suffix == ".py"]
    return [file.read_text(encoding="utf-8") for file in files]


def names() -> list[str]:
    """Every experiment that is installed."""
    found: set[str] = set()
    for package in settings.EXPERIMENT_PACKAGES:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            found |= {file.parent.name for file in Path(folder).glob("*/experiment.py")}
    return sorted(found)


def _code_files(folder: Path) -> list[Path]:
    templates = folder / "templates"
    files = [f for f in folder.rglob("*.py") if "studies" not in f.relative_to(folder).parts[:-1]]
    files += [f for f in templates.rglob("*") if f.is_file() and f.suffix != ".py"]
    return sorted(files)


@cache
def _module_of(name: str) -> str:
    if matches(NAME_PATTERN, name):
        for package in settings.EXPERIMENT_PACKAGES:
            for module in (f"{package}.{name}.experiment", f"{package}.{name}"):
                if _origin(module):
                    return module
    raise StudyError(
        "experiment_unknown", f'no experiment is called "{name}"; installed: {", ".join(names()) or "none"}'
    )


def _origin(module: str) -> str | None:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    is_file = spec is not None and spec.origin and not spec.origin.endswith("__init__.py")
    return spec.origin if spec and is_file else None
