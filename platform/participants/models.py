"""Pseudonymous people, the links they come by, and what they agreed to."""

from django.db import models
from django.db.models import Q

from events.clock import RapportNow
from studies.models import Study, Version

WITHDRAWN_TEXT = "[withdrawn]"
"""What stands where words were that are deleted, because somebody asked for it."""
PURGED_TEXT = "[purged]"
"""What stands where words were that are deleted, because the time for which they are kept is over."""


class Participant(models.Model):
    """A pseudonymous person in a study. Holds nothing that identifies anybody."""

    class Status(models.TextChoices):
        ACTIVE = "active"  # on the way through the study
        FINISHED = "finished"  # reached a declared exit
        WITHDRAWN = "withdrawn"  # left, and asked that the data be deleted

    class Origin(models.TextChoices):
        LINK = "link"
        DEMO = "demo"
        PREVIEW = "preview"
        PILOT = "pilot"  # tries the study out for pay, before it counts
        SIMULATED = "simulated"

    study = models.ForeignKey(Study, models.PROTECT, related_name="participants")
    version = models.ForeignKey(Version, models.PROTECT, related_name="participants")
    code = models.CharField(max_length=16, unique=True)  # the pseudonym in exports: "p" and 10 random characters
    token_sha256 = models.CharField(max_length=64, unique=True)  # of the secret in the browser's cookie
    origin = models.CharField(max_length=10, choices=Origin)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    exit = models.CharField(max_length=30, blank=True)  # one of the study file's exits, once there
    strikes = models.PositiveSmallIntegerField(default=0)  # acts that did not come in time, in a row
    zone = models.CharField(
        max_length=60, blank=True
    )  # of the person's clock, as confirmed; where visits are planned by it
    created_at = models.DateTimeField(db_default=RapportNow())
    seen_at = models.DateTimeField(db_default=RapportNow())  # the last sign of life, at most a few seconds old
    ended_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)  # when it was asked that the data be deleted
    erased_at = models.DateTimeField(null=True)  # when they were: what is left says that somebody was here, and the pay

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status="active") | ~Q(exit=""), name="participant_ended_has_exit"),
        ]

    def __str__(self) -> str:
        return self.code


class EntryLink(models.Model):
    """A way in. Single-use links belong to one person; open links make a new participant for each who starts.

    Only the sha256 of the token is stored. Redeemed by POST, because mail scanners follow links.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="links")
    token_sha256 = models.CharField(max_length=64, unique=True)
    is_open = models.BooleanField(default=False)
    origin = models.CharField(max_length=10, choices=Participant.Origin, default=Participant.Origin.LINK)
    participant = models.ForeignKey(Participant, models.CASCADE, null=True, related_name="links")
    created_at = models.DateTimeField(db_default=RapportNow())
    ends_at = models.DateTimeField(null=True)  # of a link in a message: it leads to one visit, and no longer
    revoked_at = models.DateTimeField(null=True)


class Contact(models.Model):
    """How a person may be reminded of visits. Nothing else here is of the real world, and only `identity` reads it.

    The address stands here sealed, and no longer than it is used: until the person's part ends.
    """

    participant = models.OneToOneField(Participant, models.CASCADE, related_name="contact")
    sealed_address = models.TextField(blank=True)  # e-mail, given by the person for reminders alone; empty: none
    agreed_at = models.DateTimeField(null=True)  # to be reminded there
    stopped_at = models.DateTimeField(null=True)  # the person wants no reminders, by whatever channel
    stop_sha256 = models.CharField(max_length=64, unique=True)  # of the token that stops reminders, and does no more
    sealed_stop = models.TextField()  # that token, for every message holds it


class Consent(models.Model):
    """What a person agreed to or declined, in which words. Append-only."""

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="consents")
    version = models.ForeignKey(Version, models.PROTECT)
    document = models.CharField(max_length=200)
    document_sha256 = models.CharField(max_length=64)
    language = models.CharField(max_length=10)
    agreed = models.BooleanField()
    ticks = models.JSONField(default=dict)  # tick id -> bool
    at = models.DateTimeField(db_default=RapportNow())


class ErasureRequest(models.Model):
    """Somebody's wish that their data be deleted: made with the withdrawal, kept until nothing is left to do.

    What is left is worked out from the rows that it is about, see `exports.wishes`; only that it is done is kept.
    """

    class By(models.TextChoices):
        PARTICIPANT = "participant"  # on a page
        RESEARCHER = "researcher"  # for somebody who wrote or rang

    participant = models.OneToOneField(Participant, models.PROTECT, related_name="erasure")
    by = models.CharField(max_length=12, choices=By, default=By.PARTICIPANT)
    asked_at = models.DateTimeField(db_default=RapportNow())  # of a letter, the day on which it came
    due_at = models.DateTimeField()  # a month after it
    done_at = models.DateTimeField(null=True)
