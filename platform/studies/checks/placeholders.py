"""What an example fills in for its author: a study that is copied must not reach participants under it."""

import re

from studies.checks.context import Context, needs
from studies.yaml_file import Path

# RFC 2606 reserves these domains: a message to them reaches nobody.
_NOBODYS = re.compile(r"@([a-z0-9-]+\.)*example\.(org|com|net)$", re.IGNORECASE)
_NO_NUMBER = re.compile(r"\b0{3,}\b")
_EXAMPLE = re.compile(r"\bexample\b", re.IGNORECASE)
_NOBODY = "the study team"
IN_TEXTS = re.compile(r"\[\[[^\]\n]*\]\]")
"""What a shipped text leaves to its author: `[[…]]`."""


@needs("contact", "deception")
def names_are_ones_own(context: Context) -> None:
    """W411: name, address, number of the approval, and who approved are the study's own."""
    contact = context.study.contact
    if contact.name.strip().casefold() == _NOBODY:
        _warn(context, ("contact", "name"), f'"{contact.name}" is nobody.', "Name who does the study, and where.")
    if _NOBODYS.search(contact.email):
        _warn(context, ("contact", "email"), f"{contact.email} is nobody's address.", "Write one that you read.")
    numbers: dict[Path, str] = {("contact", "ethics_ref"): contact.ethics_ref}
    for at, entry in enumerate(context.study.deception):
        numbers[("deception", at, "reference")] = entry.reference
        if _EXAMPLE.search(entry.approved_by):
            what, remedy = f'"{entry.approved_by}" approves nothing.', "Name the ethics board."
            _warn(context, ("deception", at, "approved_by"), what, remedy)
    for path, number in numbers.items():
        if _NO_NUMBER.search(number):
            _warn(context, path, f"{number} is a placeholder.", "Write the number of your approval.")


def _warn(context: Context, path: Path, what: str, remedy: str) -> None:
    context.say("W411", path, what, remedy)


CHECKS = [names_are_ones_own]
