"""Reminders by e-mail, to the address that a person gave for it; by whatever backend Django is told to use."""

import smtplib
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from events import clock, fading
from flow.letters import Letter, NotSentError
from participants import identity
from participants.models import Participant

TO_FILES = "flow.mail_files.EmailBackend"
PERMANENT = 500  # replies of a mail server from here on are for good
AWAY, AWAY_FOR = "mail:away", timedelta(minutes=1)
"""Whoever calls a server that does not answer waits `EMAIL_TIMEOUT` seconds, in a thread that deadlines need as well.
So nobody else calls it for a minute."""


class Email:
    """Implements `flow.letters.Channel`."""

    def address_of(self, participant: Participant) -> str:
        """The address the person gave. Raises ParticipantError: "unreadable"."""
        return identity.address_of(participant)

    def is_ready(self, participant: Participant) -> bool:
        """A server that people rely on must name a mail server; elsewhere files stand in for it."""
        return settings.SENDS_EMAIL or not settings.IS_PRODUCTION or _is_trial(participant)

    def send(self, address: str, letter: Letter) -> None:
        """Send one message to one person. Where it fails before the server took it over, it did not leave."""
        message = _message(address, letter)
        try:
            message.message()
        except ValueError as error:  # a header that would be two: refused before anything is opened
            raise NotSentError("bad_header", is_final=True) from error
        connection = _opened(letter)
        try:
            count = connection.send_messages([message])
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError, smtplib.SMTPHeloError) as error:
            raise NotSentError("refused", is_final=error.smtp_code >= PERMANENT) from error
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise NotSentError("refused", is_final=all(code >= PERMANENT for code in codes)) from error
        except smtplib.SMTPNotSupportedError as error:
            raise NotSentError("refused", is_final=True) from error
        finally:
            with suppress(Exception):  # what became of the message is known by now
                connection.close()
        if not count:
            raise NotSentError("refused", is_final=True)


def _is_trial(participant: Participant) -> bool:
    return participant.study.is_simulated or participant.study.is_demo


def _opened(letter: Letter) -> Any:
    """A connection to whoever takes the message over. Raises NotSentError: "no_connection"."""
    if not letter.is_trial and _is_away():
        raise NotSentError("no_connection", is_final=False)
    try:
        connection = _connection(letter)
        connection.open()
    except Exception as error:  # no server, no route, refused to sign in: nothing was handed over
        if not letter.is_trial:
            fading.end(AWAY)  # what is begun already would keep its time
            fading.begin(AWAY, clock.now().isoformat(), seconds=round(AWAY_FOR.total_seconds()))
        raise NotSentError("no_connection", is_final=False) from error
    return connection


def _is_away() -> bool:
    """Whether somebody has just called the mail server in vain."""
    since = fading.lasting([AWAY]).get(AWAY)
    return since is not None and clock.now() < datetime.fromisoformat(since) + AWAY_FOR


def _connection(letter: Letter) -> Any:
    """What is tried out leaves by no mail server, whatever this installation is set up for."""
    return get_connection(TO_FILES) if letter.is_trial else get_connection()


def _message(address: str, letter: Letter) -> EmailMessage:
    """Plain text: nothing in it is fetched from anywhere when it is opened, so nobody learns that it was.

    The two headers let a mailbox offer one click that stops them (RFC 8058). A server that gets a message twice may
    tell so by the Message-ID, which is that of the row.
    """
    return EmailMessage(
        subject=letter.subject,
        body=letter.text,
        to=[address],
        reply_to=[letter.reply_to],
        headers={
            "Message-ID": f"<{letter.key}@{urlsplit(settings.ORIGIN).hostname}>",
            "List-Unsubscribe": f"<{letter.stop_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
