"""Matches, what seats did in them, what they were shown, which requests arrived, and who was told at the end."""

from django.db import models
from django.db.models import Q

from events.clock import RapportNow
from matching.models import Group, Seat
from participants.models import Participant
from scheduling.models import Session


class Match(models.Model):
    """Those who meet in a round, and the step they are at."""

    class Status(models.TextChoices):
        OPEN = "open"
        COMPLETE = "complete"
        VOID = "void"  # somebody did not act in time: shown and paid as not completed

    group = models.ForeignKey(Group, models.PROTECT, related_name="matches")
    round = models.PositiveIntegerField()
    number = models.PositiveSmallIntegerField()
    edges = models.JSONField(default=list)
    condition = models.TextField(blank=True, default="")  # the levels that hold in it: its group's, round's and pair's
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    path = models.CharField(max_length=120, blank=True)  # the open step; "" when over
    rev = models.PositiveIntegerField(default=1)  # grows with each step that opens or closes
    void_path = models.CharField(max_length=120, blank=True)  # the step at which it was voided
    step_opened_at = models.DateTimeField(db_default=RapportNow())
    deadline_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(db_default=RapportNow())
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "round", "number"], name="match_number_once"),
            models.CheckConstraint(condition=~Q(status="open") | ~Q(path=""), name="match_open_has_path"),
        ]


class Placing(models.Model):
    """A seat in a match, under a letter or number. `points` are set when the match closes."""

    match = models.ForeignKey(Match, models.CASCADE, related_name="placings")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="placings")
    position = models.CharField(max_length=20)
    condition = models.TextField(blank=True, default="")  # the levels that its person was given one by one
    label = models.CharField(max_length=40, null=True)  # what others are shown in this match; None: as in all
    points = models.IntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["match", "seat"], name="placing_seat_once"),
            models.UniqueConstraint(fields=["match", "position"], name="placing_position_once"),
        ]


class Act(models.Model):
    """What one seat did at one step: its decisions, by field. Append-only."""

    class Source(models.TextChoices):
        PERSON = "person"
        POLICY = "policy"
        MODEL = "model"
        TIMEOUT = "timeout"  # nothing came; `values` is empty unless the study file names an imputation

    match = models.ForeignKey(Match, models.PROTECT, related_name="acts")
    path = models.CharField(max_length=120)
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="acts")
    values = models.JSONField(default=dict)
    source = models.CharField(max_length=10, choices=Source)
    latency_ms = models.PositiveIntegerField(null=True)  # from the step's opening to the act, by the database's clock
    key = models.CharField(max_length=60, blank=True)  # of the form or turn that it came by; "" for a timeout
    edition = models.CharField(max_length=12, blank=True)  # of the rules by which a person's words in it were screened
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["match", "path", "seat"], name="act_once")]


class Award(models.Model):
    """The one belief of a seat that was drawn when the game was over: its points are paid instead of its match's.

    Append-only, save that what was said and what was true is taken out with the data of who did it.
    """

    seat = models.OneToOneField(Seat, models.PROTECT, related_name="award")
    match = models.ForeignKey(Match, models.PROTECT, related_name="awards")
    path = models.CharField(max_length=120)  # the step at which it was stated
    field = models.CharField(max_length=60)  # with the position it is about: "expected@A"
    what = models.CharField(max_length=10)  # return or type
    said = models.IntegerField(null=True)  # None: nothing came in time, and no ticket wins; or it was taken out
    truth = models.IntegerField(null=True)
    chances = models.PositiveIntegerField(null=True)  # how many of the tickets win
    tickets = models.PositiveIntegerField()
    ticket = models.PositiveIntegerField()  # the one that was drawn, from 1; up to `chances` it wins
    prize = models.PositiveIntegerField()
    points = models.PositiveIntegerField()  # the prize, or 0
    at = models.DateTimeField(db_default=RapportNow())


class Exposure(models.Model):
    """What a seat was told at a step: its whole view, and the hash of it."""

    match = models.ForeignKey(Match, models.PROTECT, related_name="exposures")
    path = models.CharField(max_length=120)
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="exposures")
    view = models.JSONField()
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["match", "path", "seat"], name="exposure_once")]


class PaidRound(models.Model):
    """A round that was drawn to be paid, when the game ended for the person who sits there. Append-only.

    There are none where all rounds are paid.
    """

    seat = models.ForeignKey(Seat, models.PROTECT, related_name="paid_rounds")
    block = models.PositiveSmallIntegerField()  # from 1; the only one where one round of all is drawn
    round = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seat", "block"], name="paid_round_once_per_block")]


class PracticeStep(models.Model):
    """A page of practice that somebody was shown, and what they answered. No outcome: nobody else was there.

    Attributes:
        number: In the order in which the pages of the stage were met, from 1.
    """

    session = models.ForeignKey(Session, models.CASCADE, related_name="practice_steps")
    stage = models.CharField(max_length=40)
    number = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=24)
    round = models.PositiveSmallIntegerField()
    path = models.CharField(max_length=120)
    view = models.JSONField()  # as an exposure's
    sha256 = models.CharField(max_length=64)
    values = models.JSONField(null=True)  # {} for a page to read; None while it is open
    opened_at = models.DateTimeField(db_default=RapportNow())
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "stage", "number"], name="practice_step_once")]


class Submission(models.Model):
    """A form that arrived, under the key it carried. The same key again gets the same answer; another body, 409."""

    class Outcome(models.TextChoices):
        STORED = "stored"
        STALE = "stale"  # for a page that is over; nothing was changed
        LATE = "late"  # after the deadline; kept here, never counted

    session = models.ForeignKey(Session, models.CASCADE, related_name="submissions")
    key = models.UUIDField()
    stage = models.CharField(max_length=40, blank=True)  # the id of the stage at which the session was
    rev = models.CharField(max_length=60)
    body_sha256 = models.CharField(max_length=64)
    outcome = models.CharField(max_length=8, choices=Outcome)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "key"], name="submission_key_once")]


class Debriefing(models.Model):
    """One way in which the debrief reached somebody, or was tried. Append-only.

    A page counts when it was really served; a message that was sent is an attempt, and what it leads to is a page.
    """

    class How(models.TextChoices):
        STAGE = "stage"  # in its place among the stages
        LAST_PAGE = "last_page"  # to somebody who had left before it
        MESSAGE = "message"  # a link handed out, to be sent by whoever recruited the person

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="debriefings")
    how = models.CharField(max_length=10, choices=How)
    attempt = models.PositiveSmallIntegerField(default=1)  # of this way
    at = models.DateTimeField(db_default=RapportNow())
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["participant", "how", "attempt"], name="debriefing_once")]
