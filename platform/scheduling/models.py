"""A participant's visit in a wave, the windows of planned visits, and pairs of people who are planned together."""

from django.db import models
from django.db.models import Q

from events.clock import RapportNow
from participants.models import Participant
from studies.models import Version


class Session(models.Model):
    """One visit. `stage` is the index in the study's stages; `rev` grows whenever the page to be shown changes."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        FINISHED = "finished"

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="sessions")
    wave = models.CharField(max_length=40)
    repeat = models.PositiveSmallIntegerField(default=1)
    stage = models.PositiveSmallIntegerField(default=0)
    rev = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    planned_exit = models.CharField(max_length=30, blank=True)  # by which the last stage will lead out
    facts = models.JSONField(default=dict)  # the open stage's own small memory (page of instructions, quiz attempts …)
    stage_opened_at = models.DateTimeField(db_default=RapportNow())
    started_at = models.DateTimeField(db_default=RapportNow())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "wave", "repeat"], name="session_once_per_wave"),
        ]


class Pair(models.Model):
    """Two people who stay partners over their visits. It is formed once, and ends; another partner is another pair.

    Attributes:
        group: The entry of `groups` in the study file that lasts.
        visit: The number of the visit in which it was formed, among all of a person, from 1.
        end_reason: Why it ended: the exit by which one of the two left, or a word of `scheduling.pairs`.
    """

    class Status(models.TextChoices):
        LASTING = "lasting"
        ENDED = "ended"

    version = models.ForeignKey(Version, models.PROTECT, related_name="pairs")
    code = models.CharField(max_length=16, unique=True)  # "d" and 10 random characters, for exports
    group = models.CharField(max_length=40)
    visit = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.LASTING)
    end_reason = models.CharField(max_length=40, blank=True)
    formed_at = models.DateTimeField(db_default=RapportNow())
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.code


class PairMember(models.Model):
    """One of the two of a pair."""

    pair = models.ForeignKey(Pair, models.CASCADE, related_name="members")
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="memberships")
    lasts = models.BooleanField(default=True)  # as its pair does

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pair", "participant"], name="pair_has_each_once"),
            # nobody has two partners at a time
            models.UniqueConstraint(fields=["participant"], condition=Q(lasts=True), name="pair_one_at_a_time"),
        ]


class PairVisit(models.Model):
    """When the two of a pair can begin one visit: where their own windows overlap. Their own rows have copies of it.

    Attributes:
        number: Among all visits after the first wave, from 1; with `wave` and `repeat` as in the rows of the two.
        again_at: When they are to meet instead, where one came and the other did not.
        outcome: Empty as long as they may still meet.
    """

    class Outcome(models.TextChoices):
        MET = "met"
        IN_VAIN = "in_vain"  # one waited for the other as long as anybody waits

    pair = models.ForeignKey(Pair, models.CASCADE, related_name="visits")
    wave = models.CharField(max_length=40)
    repeat = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    planned_open = models.DateTimeField()
    opens_at = models.DateTimeField()
    due_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    grace_until = models.DateTimeField()
    again_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    settled_at = models.DateTimeField(null=True)  # when the outcome was clear

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pair", "number"], name="pair_visit_once")]


class ScheduledSession(models.Model):
    """A visit after the first wave, as planned: one row for each, also for those that never take place.

    Instants are reckoned once, from times on the clock of `zone`. Of visits further ahead only `planned_open` may be
    known, or nothing.
    """

    class State(models.TextChoices):
        PLANNED = "planned"
        OPEN = "open"  # can be begun
        STARTED = "started"  # has been; can be finished
        COMPLETED = "completed"
        PARTIAL = "partial"  # begun, and not finished in time
        MISSED = "missed"  # not begun in time
        EXCUSED = "excused"  # a researcher let it be: neither attended nor missed
        CANCELLED = "cancelled"  # the person's part in the study ended before

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="scheduled")
    session = models.OneToOneField(Session, models.CASCADE, null=True, related_name="scheduled")
    pair_visit = models.ForeignKey(PairVisit, models.SET_NULL, null=True, related_name="rows")
    wave = models.CharField(max_length=40)
    repeat = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()  # among all visits after the first wave, from 1
    zone = models.CharField(max_length=60)
    planned_open = models.DateTimeField(null=True)
    opens_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)  # until when it could be begun had it opened when planned
    closes_at = models.DateTimeField(null=True)
    grace_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    reason = models.CharField(max_length=30, blank=True)  # why it was missed, broken off or cancelled
    exit = models.CharField(max_length=30, blank=True)  # that follows it, where all else was left out before

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "wave", "repeat"], name="scheduled_once_per_visit"),
            models.UniqueConstraint(fields=["participant", "number"], name="scheduled_in_one_order"),
            models.CheckConstraint(
                # one by one: a list would come back from a backup in other words, and no longer be the same definition
                condition=~(Q(state="started") | Q(state="completed") | Q(state="partial")) | Q(session__isnull=False),
                name="scheduled_begun_has_session",
            ),
        ]


class Reminder(models.Model):
    """One message about a planned visit by one channel: a row of the outbox, from when the visit's window is known.

    It is claimed before it is sent, and the claim is committed: should whoever claimed it die, nobody sends it again.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"  # claimed: it is being sent, or whoever claimed it has died
        SENT = "sent"
        SUPPRESSED = "suppressed"  # not sent, on purpose
        FAILED = "failed"  # certainly not sent
        UNKNOWN = "unknown"  # nobody knows whether it was sent: a person looks, and says

    scheduled = models.ForeignKey(ScheduledSession, models.CASCADE, related_name="reminders")
    number = models.PositiveSmallIntegerField()  # in the list of its wave, from 1
    channel = models.CharField(max_length=20)
    planned_at = models.DateTimeField()
    send_at = models.DateTimeField()  # later than planned where that falls into quiet hours
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    reason = models.CharField(max_length=30, blank=True)  # a code: why it was not sent, or why that is not known
    attempt = models.PositiveSmallIntegerField(default=0)  # how often it was claimed; only what never left is again
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scheduled", "number", "channel"], name="reminder_once_for_each_visit"),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="reminder_sent_has_time"
            ),
        ]
        indexes = [models.Index(fields=["state"], name="reminder_by_state")]
