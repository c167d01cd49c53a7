"""What sits in a seat without a person. `KINDS["occupant"]` says which class implements which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from flow.queries import TurnFacts


class Occupant(Protocol):
    """Decides for a seat from what a person's page in it would show, and from nothing else."""

    source: str
    """Which `Act.Source` its acts carry."""

    async def values(self, facts: TurnFacts, *, key: str) -> Mapping[str, Any]:
        """What the seat does, by field key; in a talk also {"entries": [...]}, see `chat.forms.listed`.

        Args:
            key: Names this one act; the same whenever it is asked for anew.

        Raises:
            BotsError: it cannot act; the step's deadline decides.
        """
