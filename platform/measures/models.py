"""Answers to survey and quiz items, what was drawn for them, and the pages that people were shown between the games."""

from django.db import models

from events.clock import RapportNow
from scheduling.models import Session
from studies.models import Version


class Answer(models.Model):
    """One reply to one item. Append-only; a quiz's further tries have a higher `attempt`."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="answers")
    stage = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    attempt = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField()  # the place in which the item was shown, from 1
    value = models.JSONField(null=True)  # null: shown and not answered
    edition = models.CharField(max_length=12, blank=True)  # of the rules by which one's own words were screened
    is_correct = models.BooleanField(null=True)  # quiz and attention items only
    # As the browser counted, from when the page was shown; null without scripts, and where it cannot be true.
    shown_ms = models.PositiveIntegerField(null=True)  # came into view
    first_ms = models.PositiveIntegerField(null=True)  # first answered
    last_ms = models.PositiveIntegerField(null=True)  # last changed
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "stage", "item", "attempt"], name="answer_once")]


class ScaleDrawn(models.Model):
    """Which questions of a scale a visit is asked, in which order, and which are left out as planned. Append-only."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="scales")
    stage = models.CharField(max_length=40)
    scale = models.CharField(max_length=40)
    shown = models.JSONField()  # ids of items in the order in which they are asked
    left_out = models.JSONField(default=list)  # ids of items, planned missing
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "stage", "scale"], name="scale_drawn_once")]


class PageShown(models.Model):
    """A page of a stage that a visit came to: which text, how it was filled, and the hash of its words. Append-only.

    Texts are not copied: `facts` has what the version's files do not, see `measures.services.keep_page`.
    """

    session = models.ForeignKey(Session, models.CASCADE, related_name="pages")
    version = models.ForeignKey(Version, models.PROTECT, related_name="+")  # whose texts it shows
    stage = models.CharField(max_length=40)
    rev = models.PositiveIntegerField()  # the session's, which every page of a stage has for itself
    source = models.CharField(max_length=200, blank=True)  # the file of its text; "" where it has none
    facts = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "rev"], name="page_shown_once")]
