"""Reminders through whoever brought the person, where the study's adapter can pass messages on."""

from flow.letters import Letter
from participants.models import Participant
from recruitment.adapters import Recruiter
from studies import definition
from studies.reminders import adapter_of, recruiter


class ByRecruiter:
    """Implements `flow.letters.Channel`. An address is the adapter's name and the key by which it knows somebody."""

    def address_of(self, participant: Participant) -> str:
        """Empty where the recruiter does not know the person, or cannot pass messages on."""
        name, adapter = _adapter_for(participant)
        key = adapter.key_of(participant) if "message" in adapter.capabilities else ""
        return f"{name}:{key}" if key else ""

    def is_ready(self, participant: Participant) -> bool:
        """An adapter that needs a key or a network says so in `key_of`."""
        return "message" in _adapter_for(participant)[1].capabilities

    def send(self, address: str, letter: Letter) -> None:
        """Pass it on."""
        name, _, key = address.partition(":")
        _made(name).message(key, letter)


def _adapter_for(participant: Participant) -> tuple[str, Recruiter]:
    name = adapter_of(definition.definition(participant.version))
    return name, _made(name)


def _made(name: str) -> Recruiter:
    made: Recruiter = recruiter(name)()
    return made
