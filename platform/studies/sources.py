"""Where the texts that a study file names come from: its folder, or an earlier frozen version."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Protocol

from studies.schema_types import FILE_PATTERN, matches

MAX_BYTES = 400_000
STUDY_FILE = "study.yaml"
SHARED = "studies"  # a folder of this name may hold texts that the studies in it share
PUT_INSIDE = f"Put the study in a folder called {SHARED}, beside pages/."


class SourceError(Exception):
    """A file cannot be used. `code` is the code of the problem, the text what and remedy."""

    def __init__(self, code: str, what: str, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.code, self.what, self.remedy = code, what, remedy


class Source(Protocol):
    """Texts by relative path."""

    def read(self, path: str) -> str:
        """The text of a file. Raises SourceError."""

    def listed(self, folder: str, suffix: str) -> list[str]:
        """The paths of the files directly in a folder that end in a suffix, sorted."""


class FolderSource:
    """A study's folder, and the folder `studies/` around it where it stands in one: nothing else can be named."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.root = self.folder.parent if self.folder.parent.name == SHARED else self.folder

    def read(self, path: str) -> str:
        _refuse_odd_path(path)
        file = self.folder / path
        if not file.is_file():
            remedy = self._remedy(path, "Write the file or mend its name.")
            raise SourceError("E103", f"{path} not found (looked in {self.folder}).", remedy)
        if not file.resolve().is_relative_to(self.root):
            raise SourceError(
                "E103", f"{path} is in a place outside the study's folder.", self._remedy(path, "Copy the file.")
            )
        return decoded(path, file)

    def _remedy(self, path: str, usual: str) -> str:
        """Whoever copies a study often renames the folder `studies`, and then the shared texts are out of reach."""
        return PUT_INSIDE if path.startswith("../") and self.root == self.folder else usual

    def listed(self, folder: str, suffix: str) -> list[str]:
        found = (self.folder / folder).glob(f"*{suffix}") if matches(FILE_PATTERN, folder) else []
        return sorted(f"{PurePosixPath(folder)}/{file.name}" for file in found if file.is_file())


class FrozenSource:
    """The texts of a frozen version."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def read(self, path: str) -> str:
        _refuse_odd_path(path)
        if path not in self.files:
            raise SourceError("E103", f"{path} is not among the frozen files.", "Amend from a folder that has it.")
        return self.files[path]

    def listed(self, folder: str, suffix: str) -> list[str]:
        return sorted(p for p in self.files if PurePosixPath(p).parent.as_posix() == folder and p.endswith(suffix))


def decoded(path: str, file: Path) -> str:
    """The text of a file as UTF-8 with plain line ends.

    Raises:
        SourceError: "E002" too large, "E003" not UTF-8 text, "E103" not to be read.
    """
    try:
        size = file.stat().st_size
        raw = file.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise SourceError("E103", f"{path} cannot be read: {error.strerror}.", "Mend its permissions.") from error
    if size > MAX_BYTES:
        raise SourceError("E002", f"{path} has {size} bytes; {MAX_BYTES} are allowed.", "Shorten it or split it.")
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SourceError("E003", f"{path} is not UTF-8 text (line {line}).", "Save it as UTF-8.") from error
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in text):
        raise SourceError("E003", f"{path} has control characters; it is not a text.", "Save it as plain UTF-8 text.")
    return text


def _refuse_odd_path(path: str) -> None:
    if not matches(FILE_PATTERN, path):
        remedy = (
            "Use letters, digits, . _ - and /, relative to the study's folder (or ../ for texts that studies share)."
        )
        raise SourceError("E103", f'"{path[:80]}" is no path inside the study\'s folder.', remedy)
