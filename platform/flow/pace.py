"""How often one person may send forms. A hint, so without Redis it lets everyone pass."""

import logging

from django.core.cache import cache
from redis.exceptions import RedisError

from participants.models import Participant

MOST = 20
SECONDS = 10

log = logging.getLogger("rapport.request")


def is_too_fast(participant: Participant) -> bool:
    """Count one form, and say whether there have been too many in the last seconds.

    Simulated people may be as fast as the machine: the seconds between their forms are not ours.
    """
    if participant.study.is_simulated:
        return False
    key = f"forms:{participant.pk}"
    try:
        if cache.add(key, 1, timeout=SECONDS):
            return False
        return int(cache.incr(key)) > MOST
    except ValueError:  # it ran out between the two calls
        return False
    except (RedisError, OSError) as error:
        log.warning("limiter is open", extra={"facts": {"error": type(error).__name__}})
        return False
