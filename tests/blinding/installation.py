"""An installation run from a scratch copy of this checkout, with the study of the test and perhaps with a leak."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from config.places import ROOT
from tests.blinding import study
from tests.blinding.leaks import Leak
from tests.blinding.meetings import Play, observe
from tests.blinding.turns import Row, rows
from tests.machinery.quick import entry_link
from tests.machinery.running import Running

PARTS = ("platform", "experiments", "templates", "static", "locale", "manage.py")
OWN = Path(__file__).parent / "experiments"


class Copied(Running):
    """`manage.py up` of a copied checkout.

    Args:
        variables: For the environment of everything in it.
    """

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self.root = self.home / "checkout"
        self.program = (str(self.root / "manage.py"), "up")
        self._link = ""
        self.renew()

    def renew(self, leak: Leak | None = None) -> None:
        """Copy the checkout anew, add this test's experiment, and plant a leak.

        Raises:
            AssertionError: the source is not what the leak was written for.
        """
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir()
        for part in PARTS:
            source = ROOT / part
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, self.root / part)
        shutil.copytree(OWN / study.NAME, self.root / "experiments" / study.NAME)
        for edit in leak.edits if leak else ():
            (self.root / edit.file).write_text(edit.applied(self.root))

    def restart(self, leak: Leak | None) -> None:
        """Run another source on the same database."""
        self.stop()
        self.renew(leak)
        self.start()

    def rows(self, wanted: Play) -> tuple[list[Row], list[Row]]:
        """Let people play, and return the rows of turns and of meetings."""
        slug = f"{study.NAME}-{wanted.seed}"
        folder = self.home / slug
        home = study.write(folder, slug=slug, rounds=wanted.rounds, pace=wanted.pace, by_model=wanted.by_model)
        self.manage("study", "load", str(home), "--open")
        return rows(observe(self, entry_link(self, slug), wanted))
