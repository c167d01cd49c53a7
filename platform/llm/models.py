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
        indexes = [models.Index(fields=["at"], name="llm_call_at")]
