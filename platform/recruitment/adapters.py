"""Those who bring people, each behind the same door. An adapter says what it can do; nobody asks it for more.

`recruitment: {adapter: …}` of the study file names one; `study check` refuses what it cannot do. A recruiter with a
network behind it is one class more here, and a line in `KINDS["recruiter"]`.
"""

from pathlib import Path
from typing import ClassVar, Literal, Protocol

from django.conf import settings

from flow.letters import Letter, NotSentError
from participants.models import Participant
from participants.private_file import new_private_file, private_folder

Capability = Literal["message"]
"""`message`: it can pass a message on to somebody whom it brought."""


class Recruiter(Protocol):
    """One who brings people."""

    capabilities: ClassVar[frozenset[Capability]]

    def key_of(self, participant: Participant) -> str:
        """By which key the recruiter knows somebody; empty where it does not. It leaves by its own door only."""

    def message(self, person: str, letter: Letter) -> None:
        """Pass a message on, once. Raises as `flow.letters.Channel.send`; only with the capability `message`."""


class OwnLinks:
    """Nobody: people come by links that were passed on by hand, and nothing knows who they are."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    def key_of(self, participant: Participant) -> str:
        """Nobody is known."""
        del participant
        return ""

    def message(self, person: str, letter: Letter) -> None:
        """Refuse: there is nobody to pass it on."""
        del person, letter
        raise NotSentError("no_recruiter", is_final=True)


class Files:
    """A stand-in for a recruiter, for trials: each message becomes a file that only this account can read."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({"message"})

    def key_of(self, participant: Participant) -> str:
        """The person's own pseudonym: a trial knows nobody by another name."""
        return participant.code

    def message(self, person: str, letter: Letter) -> None:
        """Write one file, whose name is the key of the message: a second of the same key is refused."""
        folder = private_folder(Path(settings.MESSAGES_FOLDER))
        try:
            with new_private_file(folder / f"{letter.key}.txt") as file:
                file.write(f"To: {person}\nSubject: {letter.subject}\n\n{letter.text}")
        except FileExistsError as error:
            raise NotSentError("had_already", is_final=True) from error
