"""E-mail as files, where no mail server is named: one for each message, which only the owner of the server's can read.

A message holds an address, and a link that lets whoever has it in. So no name of a file tells an address.
"""

from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from participants.private_file import new_private_file, private_folder


class EmailBackend(BaseEmailBackend):
    """As Django's backend for files, but that nobody else can read what it writes."""

    def open(self) -> bool:
        """Make the folder. Raises OSError: then nothing was written."""
        private_folder(Path(settings.EMAIL_FILE_PATH))
        return True

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write each message into a file of its own; how many were."""
        self.open()
        for message in email_messages:
            with new_private_file(Path(settings.EMAIL_FILE_PATH) / f"{token_hex(16)}.eml") as file:
                file.buffer.write(message.message().as_bytes())
        return len(email_messages)
