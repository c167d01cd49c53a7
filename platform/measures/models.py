"""Answers to survey and quiz items, and the pages that people were shown between the games."""

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
    is_correct = models.BooleanField(null=True)  # quiz items only
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "stage", "item", "attempt"], name="answer_once")]


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
