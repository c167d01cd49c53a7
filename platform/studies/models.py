"""Studies, their frozen versions, who may work on them, who was allocated to what, and what was not as planned."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models

from events.clock import RapportNow


class StudyQuerySet(models.QuerySet["Study"]):
    """Reads that respect who asks."""

    def for_user(self, user: AbstractBaseUser | AnonymousUser) -> "StudyQuerySet":
        """Studies in which the user has any role now; nobody else's exist for them."""
        if not user.is_authenticated:
            return self.none()
        theirs = Membership.objects.filter(user_id=user.pk).exclude(role=Membership.Role.FORMER)
        return self.filter(pk__in=theirs.values("study"))


class Study(models.Model):
    """One data collection. Its definition lives in its versions."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        PAUSED = "paused"
        CLOSED = "closed"

    slug = models.SlugField(max_length=60, unique=True)  # the study file's `id`
    title = models.CharField(max_length=200)  # never shown to participants
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    is_demo = models.BooleanField(default=False)  # shown on every page; such data are never a result
    is_simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=RapportNow())

    objects = StudyQuerySet.as_manager()

    def __str__(self) -> str:
        return self.slug

    @property
    def current(self) -> "Version | None":
        """The newest version: the one that whoever enters now gets."""
        return self.versions.order_by("-number").first()


class Membership(models.Model):
    """A researcher's role in a study."""

    class Role(models.TextChoices):
        OWNER = "owner"
        EDITOR = "editor"
        OPERATOR = "operator"
        ANALYST = "analyst"
        MONITOR = "monitor"  # named by `study monitor` alone: sees conditions and outcomes while data come in
        WIZARD = (
            "wizard"  # named by `study wizard` alone: writes in an automated seat's place where the file lets people
        )
        FORMER = "former"  # was one of the two, sees nothing any more, and knows: no other role before it is closed

    study = models.ForeignKey(Study, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "user"], name="membership_once_per_study")]


class SourceFile(models.Model):
    """The text of a file a study names, stored once under its sha256. A running study never reads the disk."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    text = models.TextField()


class Version(models.Model):
    """A study file, resolved and frozen. A trigger refuses every change afterwards."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()  # canonical JSON of the resolved study file, with the sha256 of the seed
    sha256 = models.CharField(max_length=64)
    seed = models.CharField(max_length=64)  # secret until the data are released; only its sha256 is in the definition
    experiment_sha256 = models.JSONField(default=dict)  # experiment name -> sha256 of its folder at freezing
    files = models.ManyToManyField(SourceFile, through="VersionFile")
    reason = models.TextField(blank=True)  # why an amendment was made
    frozen_at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="version_number_once")]
        ordering = ["study", "number"]

    def __str__(self) -> str:
        return f"{self.study.slug} v{self.number}"


class VersionFile(models.Model):
    """Under which path a version names a text."""

    version = models.ForeignKey(Version, models.CASCADE)
    path = models.CharField(max_length=200)
    file = models.ForeignKey(SourceFile, models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "path"], name="version_path_once")]


class Slot(models.Model):
    """One place in a seeded sequence of conditions. Taken under its lock, by one holder."""

    version = models.ForeignKey(Version, models.PROTECT, related_name="slots")
    entry = models.PositiveSmallIntegerField(default=0)  # the place of its entry in `allocation`, from 0
    stratum = models.CharField(max_length=120, blank=True)  # which sequence: a stratum, or "~demo" and the like
    number = models.PositiveIntegerField()  # 1, 2, 3 … in the order of use
    block = models.PositiveIntegerField()
    condition = models.TextField()  # "label=hidden,reward=low"; an order of them, joined by ">"; "" when there is none
    profile = models.TextField(blank=True)  # covariates of who took it, where it was minimised over them
    holder_kind = models.CharField(max_length=12, blank=True)  # "study", "group" or "participant"
    holder_id = models.BigIntegerField(null=True)
    place = models.CharField(max_length=24, blank=True)  # the holder's round, session or item ("3"), or pair ("2-5")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "entry", "stratum", "number"], name="slot_number_once"),
            models.UniqueConstraint(
                fields=["holder_kind", "holder_id", "version", "entry", "place"],
                condition=models.Q(holder_id__isnull=False),
                name="slot_one_holder",
            ),
        ]


class Allocation(models.Model):
    """The log of allocation: a row for each slot taken and each slot given back. Append-only."""

    class Act(models.TextChoices):
        TAKEN = "taken"
        RETURNED = "returned"

    slot = models.ForeignKey(Slot, models.PROTECT, related_name="log")
    unit = models.CharField(max_length=12)  # of the entry: group, participant, round …
    unit_id = models.BigIntegerField()  # of the group, participant or study that holds it
    place = models.CharField(max_length=24, blank=True)  # as the slot's
    since = models.CharField(max_length=24, blank=True)  # "round 3", "session 1": from when on; "": from the start
    act = models.CharField(max_length=10, choices=Act)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(db_default=RapportNow())


class Deviation(models.Model):
    """Something that was done otherwise than planned, by whom and why. Append-only."""

    class Kind(models.TextChoices):
        UNMASKED = "unmasked"  # conditions and outcomes were made visible before collection was closed

    study = models.ForeignKey(Study, models.PROTECT, related_name="deviations")
    kind = models.CharField(max_length=12, choices=Kind)
    reason = models.TextField()  # goes into the dataset
    by = models.CharField(max_length=150)  # an account's name, here or on the server; stays inside
    role = models.CharField(max_length=10)  # their role in the study, or "server"
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study"], condition=models.Q(kind="unmasked"), name="study_unmasked_once"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="deviation_has_a_reason"),
        ]


def levels_of(condition: str) -> dict[str, str]:
    """{"label": "hidden"} of "label=hidden"."""
    return dict(part.split("=", 1) for part in condition.split(",") if part)


def condition_of(levels: dict[str, Any]) -> str:
    """The inverse of `levels_of`, factors in alphabetical order."""
    return ",".join(f"{factor}={levels[factor]}" for factor in sorted(levels))
