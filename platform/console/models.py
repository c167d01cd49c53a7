"""The one-time way in for the researcher of a demonstration."""

from django.conf import settings
from django.db import models

from events.clock import RapportNow


class DemoEntry(models.Model):
    """Signs one account in, once. Only the sha256 of its token is stored; it is redeemed by POST."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="demo_entries")
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=RapportNow())
    used_at = models.DateTimeField(null=True)
