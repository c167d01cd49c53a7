"""What was deleted, and which datasets were written: what must be known when nothing else is left."""

from django.db import models
from django.db.models import Q

from events.clock import RapportNow
from participants.models import Participant
from studies.models import Study


class Tombstone(models.Model):
    """So many rows were deleted or emptied: of what, when, by which rule, by whom. Append-only, and without content.

    Attributes:
        rule: "withdrawal", "review", or a class of the study file's `retention`: `studies.schema_retention.CLASSES`.
        what: The table, or what an erasure counts ("others_views").
        participant: Whose wish it was; None where nobody in particular asked for it.
        by: "participant", or the account on the server.
    """

    study = models.ForeignKey(Study, models.PROTECT, related_name="tombstones")
    rule = models.CharField(max_length=12)
    what = models.CharField(max_length=60)
    rows = models.PositiveIntegerField()
    participant = models.ForeignKey(Participant, models.PROTECT, null=True, related_name="tombstones")
    by = models.CharField(max_length=150)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        indexes = [models.Index(fields=["study", "rule"], name="tombstone_of_rule")]
        constraints = [
            models.CheckConstraint(
                name="tombstone_of_a_wish_names_whose",
                condition=Q(rule="withdrawal", participant__isnull=False)
                | ~Q(rule="withdrawal") & Q(participant__isnull=True),
            ),
        ]


class Release(models.Model):
    """A dataset that was written, or a single table of it, by its content: the same data again are the same release.

    Only that its copies are destroyed is written later, once. It is outdated where somebody whose data it holds has
    asked for deletion since.

    Attributes:
        sha256: Over the names and hashes of its files, `CHANGES.md` and `manifest.json` apart, which name the release.
            Of a single table that of its file.
        table: Which one; "" for a dataset.
        left_out: Keys of the participants who had asked for deletion.
        as_of: The instant of the snapshot.
    """

    study = models.ForeignKey(Study, models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()  # 1, 2, 3 … of its study
    sha256 = models.CharField(max_length=64)
    table = models.CharField(max_length=40, blank=True, default="")
    is_masked = models.BooleanField()
    people = models.PositiveIntegerField()
    left_out = models.JSONField(default=list)
    as_of = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ["study", "number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="release_number_once"),
            models.UniqueConstraint(fields=["study", "sha256"], name="release_content_once"),
            models.CheckConstraint(
                name="release_retired_by_somebody",
                condition=Q(retired_at=None, retired_by="") | Q(retired_at__isnull=False) & ~Q(retired_by=""),
            ),
        ]
