"""Who waits, and who sits where in which group."""

from django.db import models
from django.db.models import Q

from events.clock import RapportNow
from participants.models import Participant
from scheduling.models import Pair, Session
from studies.models import Version


class Ticket(models.Model):
    """A person in a waiting room. Whoever changes `status` holds the lock of the session."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        ASKED = "asked"  # a group is possible: "are you ready?"
        READY = "ready"
        SEATED = "seated"
        LEFT = "left"  # by themselves, with pay
        EXPIRED = "expired"  # waited the whole time, or did not answer

    session = models.ForeignKey(Session, models.CASCADE, related_name="tickets")
    version = models.ForeignKey(Version, models.PROTECT)
    stage = models.CharField(max_length=40)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    joined_at = models.DateTimeField(db_default=RapportNow())
    seen_at = models.DateTimeField(db_default=RapportNow())
    asked_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    misses = models.PositiveSmallIntegerField(default=0)  # times asked without an answer; the second ends the waiting
    ended_at = models.DateTimeField(null=True)
    waited_seconds = models.PositiveIntegerField(default=0)  # set when it ends; paid

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "stage"], name="ticket_once_per_stage")]
        indexes = [models.Index(fields=["version", "stage", "status", "joined_at"])]


class Group(models.Model):
    """A mini-society of seats that lives for some rounds, under one condition."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        COMPLETE = "complete"  # played all its rounds
        ENDED = "ended"  # too few were left, or a researcher ended it

    class Origin(models.TextChoices):
        LIVE = "live"
        DEMO = "demo"
        PILOT = "pilot"
        RUN = "run"  # made by `study run`, without people
        SIMULATED = "simulated"

    version = models.ForeignKey(Version, models.PROTECT, related_name="groups")
    code = models.CharField(max_length=16, unique=True)  # "g" and 10 random characters, for exports
    stage = models.CharField(max_length=40)  # the id of the game stage
    condition = models.CharField(max_length=200, blank=True)
    topic = models.CharField(max_length=200, blank=True, default="")  # of its talks, where the game has topics
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    end_reason = models.CharField(max_length=40, blank=True)
    pair = models.ForeignKey(Pair, models.PROTECT, null=True, related_name="groups")  # whose visit it is
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)
    is_filled = models.BooleanField(default=False)  # a seat meant for a person was filled: analysed apart
    round = models.PositiveIntegerField(default=0)  # the round being played; 0 before the first
    rounds = models.PositiveIntegerField()
    formed_at = models.DateTimeField(db_default=RapportNow())
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.code


class Seat(models.Model):
    """One place in a group. What a partner is (`kind`) and what a partner is called (`label`) are two columns."""

    class Kind(models.TextChoices):
        HUMAN = "human"
        AI = "ai"

    class Status(models.TextChoices):
        SITTING = "sitting"
        LEFT = "left"
        DONE = "done"  # sat to the end of the game

    group = models.ForeignKey(Group, models.PROTECT, related_name="seats")
    number = models.PositiveSmallIntegerField()  # 1 … n, in random order: says nothing about who it is
    role = models.CharField(max_length=30)
    kind = models.CharField(max_length=8, choices=Kind)  # what the partner really is
    occupant = models.CharField(max_length=20)  # who fills it: person, policy, model (KINDS["occupant"])
    partner = models.CharField(max_length=40, blank=True)  # name under `partners` in the study file
    policy = models.CharField(max_length=200, blank=True)  # policy, or file of the persona, drawn for this seat
    label = models.CharField(max_length=40, blank=True)  # what others are shown; "" where each match has its own
    knows = models.CharField(max_length=30, blank=True, default="own|partners|rivals")  # whose labels it is shown
    settings = models.JSONField(default=dict)  # drawn for this seat: model, delays, policy's numbers
    dealt = models.JSONField(default=dict)
    is_stand_in = models.BooleanField(default=False)  # an automated seat where the condition wants a person
    status = models.CharField(max_length=8, choices=Status, default=Status.SITTING)
    participant = models.ForeignKey(Participant, models.SET_NULL, null=True, related_name="seats")
    session = models.ForeignKey(Session, models.SET_NULL, null=True, related_name="seats")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "number"], name="seat_number_once"),
            # nobody sits in two live groups
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(status="sitting", session__isnull=False),
                name="seat_one_live_per_session",
            ),
        ]


class KeptApart(models.Model):
    """Somebody does not want to be seated with another person again. Append-only; goes with the data of either."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="kept_apart")  # whose wish it is
    other = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["participant", "other"], name="kept_apart_once")]


class PartnerInstance(models.Model):
    """An automated partner that lasts, as one person meets it: made when they are first seated with it, then the same.

    Attributes:
        partner: Its name in the study file.
        display_name: Drawn for this person; "" where the study file gives it none.
        persona: File of the prompt that was drawn, with the sha256 that it had then; or the policy, without one.
        model: As the study file named it then; "" where a rule of the experiment decides.
    """

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="partner_instances")
    partner = models.CharField(max_length=40)
    display_name = models.CharField(max_length=40, blank=True)
    persona = models.CharField(max_length=200)
    persona_sha256 = models.CharField(max_length=64)
    model = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["participant", "partner"], name="partner_once_per_person")]


class TopicOrder(models.Model):
    """The order in which a person meets the topics of a game over their visits, taken from one balanced sequence.

    Attributes:
        sequence: Which sequence, as `studies.allocation.sequence_of` spells it: trials have their own.
        number: The place in it, from 1.
        topics: In the words of the study file.
    """

    version = models.ForeignKey(Version, models.PROTECT, related_name="+")
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="topic_orders")
    stage = models.CharField(max_length=40)
    sequence = models.CharField(max_length=40, blank=True)
    number = models.PositiveIntegerField()
    topics = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "stage"], name="topic_order_once_per_person"),
            models.UniqueConstraint(fields=["version", "stage", "sequence", "number"], name="topic_order_number_once"),
        ]
