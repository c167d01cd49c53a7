"""One participant's visit in a wave, and the windows in which visits are planned."""

from django.db import models
from django.db.models import Q

from events.clock import RapportNow
from participants.models import Participant


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
