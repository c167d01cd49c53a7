"""What every check is given: the parts of the file that could be read, the files it names, and a place to complain."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from studies.problems import Problem
from studies.schema import StudyFile
from studies.schema_stages import StageConfig
from studies.sources import Source, SourceError
from studies.yaml_file import Path, spell


@dataclass
class Context:
    """One check of one study.

    Args:
        study: Made of the sections that are valid by themselves; the others are absent.
        sections: Names of those that are there.
        data: The raw file.
        lines: Path → line of the raw file.
        source: Where named files come from.
        files: Path → text of every file read so far; these are frozen.
    """

    study: StudyFile
    sections: frozenset[str]
    data: Any
    lines: dict[Path, int]
    source: Source
    files: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _refused: set[str] = field(default_factory=set)

    def say(self, code: str, path: Path, what: str, remedy: str) -> None:
        """Note a problem of the study file itself, once."""
        found = Problem(spell(path, self.data), code, what, remedy, self._line(path))
        if found not in self.problems:
            self.problems.append(found)

    def say_of_file(self, code: str, file: str, line: int | None, what: str, remedy: str) -> None:
        """Note a problem of a file that the study names, once."""
        found = Problem(file, code, what, remedy, line)
        if found not in self.problems:
            self.problems.append(found)

    def read(self, file: str, path: Path) -> str | None:
        """The text of a file named at `path`; None after noting why it cannot be used."""
        if file in self.files:
            return self.files[file]
        try:
            text = self.source.read(file)
        except SourceError as error:
            if file not in self._refused:
                self.say(error.code, path, error.what, error.remedy)
            self._refused.add(file)
            return None
        self.files[file] = text
        return text

    def stages(self, *kinds: str) -> Iterable[tuple[Path, StageConfig]]:
        """Stages of some kinds (all, where none is named) with their paths, in order."""
        if "waves" not in self.sections:
            return
        for at, wave in enumerate(self.study.waves):
            for number, stage in enumerate(wave.stages):
                if not kinds or stage.kind in kinds:
                    yield ("waves", at, "stages", number), stage

    def _line(self, path: Path) -> int | None:
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None


Check = Callable[[Context], None]


@dataclass(frozen=True)
class Needing:
    """A check that is run only when the sections it reads are there."""

    check: Check
    sections: frozenset[str]

    def __call__(self, context: Context) -> None:
        if self.sections <= context.sections:
            self.check(context)


def needs(*sections: str) -> Callable[[Check], Needing]:
    """Run a check only when these sections of the file are valid by themselves."""
    return lambda check: Needing(check, frozenset(sections))


def meant(word: str, known: Iterable[str], more: Iterable[str] = ()) -> str:
    """Say 'Did you mean …?', or list what there is; `more` are too many to list."""
    known = sorted(known)
    close = get_close_matches(word, [*known, *more], n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]}?"
    return f"There are: {', '.join(known)}." if known else "There is none."
