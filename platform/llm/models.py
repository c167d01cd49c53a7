"""The log of calls: one row for every attempt to ask a language model, whatever came of it."""

from __future__ import annotations

from django.db import models

from events.clock import RapportNow


class Call(models.Model):
    """One attempt. Written as `open` before the model is asked; a trigger lets a finished row never change again.

    `scope` is the asker's opaque key: what one answer is wanted for. `prompt_sha256` is of the messages as they were
    asked for; a re-ask appends to them in `prompt`, which holds what was really sent: the messages, or where the study
    file wants that, the role, hash and length of each. `memory_sha256` is of what they hold of earlier conversations,
    "" where that is nothing. Texts hold no NUL character: it is stored as its picture, U+2400. `price` is what was used
    to compute `cost_usd`, in USD per token. `seed` is among the `parameters`, too. What the provider says of its
    answer stands in its own words: why it ended (`finish_reason`), what it calls the request (`request_id`) and the
    software that answered (`system_fingerprint`).
    """

    class Outcome(models.TextChoices):
        OPEN = "open"
        OK = "ok"
        TIMEOUT = "timeout"
        UNAVAILABLE = "unavailable"
        RATE_LIMITED = "rate_limited"
        REFUSAL = "refusal"
        EMPTY = "empty"
        TRUNCATED = "truncated"
        BAD_JSON = "bad_json"
        WRONG_SCHEMA = "wrong_schema"
        AUTHENTICATION = "authentication"
        QUOTA = "quota"
        CONFIG = "config"
        INTERNAL = "internal"
        SUPERSEDED = "superseded"

    scope = models.CharField(max_length=200)
    attempt = models.PositiveSmallIntegerField()
    model_requested = models.CharField(max_length=200)
    model_served = models.CharField(max_length=200, blank=True, default="")
    parameters = models.JSONField(default=dict)
    seed = models.BigIntegerField(null=True)
    prompt = models.JSONField()
    prompt_sha256 = models.CharField(max_length=64)
    memory_sha256 = models.CharField(max_length=64, blank=True, default="")
    schema_sha256 = models.CharField(max_length=64, blank=True, default="")
    output = models.TextField(blank=True, default="")
    finish_reason = models.CharField(max_length=40, blank=True, default="")
    request_id = models.CharField(max_length=120, blank=True, default="")
    system_fingerprint = models.CharField(max_length=120, blank=True, default="")
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.OPEN)
    error = models.CharField(max_length=300, blank=True, default="")
    tokens_in = models.PositiveIntegerField(null=True)
    tokens_out = models.PositiveIntegerField(null=True)
    latency_ms = models.PositiveIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True)
    price = models.JSONField(null=True)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "attempt"], name="llm_call_once_per_attempt")]
        indexes = [
            models.Index(fields=["at"], name="llm_call_at"),
            # Whoever asks looks for calls by how their keys begin; in most languages the unique key does not do that.
            models.Index(fields=["scope"], opclasses=["varchar_pattern_ops"], name="llm_call_scope"),
        ]


class Account(models.Model):
    """What is spent and reserved under one opaque key, and the limits it was last used under.

    Both are the sums over the charges that name the key. `spent` holds what calls cost, and of a call of which nobody
    knows whether it was billed the most that it can have cost. `soft_told` and `hard_told` name the thresholds whose
    being reached was recorded: another threshold is another event.
    """

    key = models.CharField(max_length=200, unique=True)
    root = models.CharField(max_length=60)
    name = models.CharField(max_length=20)
    owner = models.BigIntegerField(null=True)
    spent_usd = models.DecimalField(max_digits=20, decimal_places=8, default=0)
    spent_tokens = models.BigIntegerField(default=0)
    reserved_usd = models.DecimalField(max_digits=20, decimal_places=8, default=0)
    reserved_tokens = models.BigIntegerField(default=0)
    hard_usd = models.DecimalField(max_digits=20, decimal_places=8, null=True)
    hard_tokens = models.BigIntegerField(null=True)
    soft_usd = models.DecimalField(max_digits=20, decimal_places=8, null=True)
    soft_tokens = models.BigIntegerField(null=True)
    soft_told = models.CharField(max_length=80, blank=True, default="")
    hard_told = models.CharField(max_length=80, blank=True, default="")
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reserved_usd__gte=0, reserved_tokens__gte=0, spent_usd__gte=0, spent_tokens__gte=0),
                name="llm_account_not_negative",
            )
        ]
        indexes = [models.Index(fields=["root", "at"], name="llm_account_root")]


class Charge(models.Model):
    """What one call may cost at most, and what it did. Made in the transaction that opens the call.

    A price is in USD per token, and null where nobody knew it; so is then what the call may cost in USD.
    """

    class State(models.TextChoices):
        RESERVED = "reserved"  # under way, or its worker has died a moment ago
        SETTLED = "settled"  # the provider said what it used
        ASSUMED = "assumed"  # nobody knows what it cost: counted as if it were the most
        RELEASED = "released"  # the provider never began

    call = models.OneToOneField(Call, models.PROTECT, related_name="charge")
    root = models.CharField(max_length=60)
    line = models.CharField(max_length=20)
    keys = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State, default=State.RESERVED)
    most_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True)
    most_tokens = models.PositiveBigIntegerField()
    price_input = models.DecimalField(max_digits=16, decimal_places=12, null=True)
    price_output = models.DecimalField(max_digits=16, decimal_places=12, null=True)
    usd = models.DecimalField(max_digits=14, decimal_places=8, null=True)
    tokens = models.PositiveBigIntegerField(null=True)
    lapses_at = models.DateTimeField()
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        indexes = [
            models.Index(fields=["root", "at"], name="llm_charge_root"),
            models.Index(
                fields=["root", "lapses_at"], name="llm_charge_reserved", condition=models.Q(state="reserved")
            ),
        ]
