"""Does it work? A process id says only that it exists; these ask for a sign of life."""

import contextlib
import http.client
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connections

from config.supervisor import broker, database
from events import clock
from events.models import Beat


def page_answers(port: int, path: str) -> bool:
    """Whether `path` on this machine's `port` is answered with 200 within 5 s."""
    host = "127.0.0.1" if settings.BIND in {"0.0.0.0", "localhost"} else settings.BIND  # noqa: S104  compared, not bound
    connection = http.client.HTTPConnection(host, port, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path, headers={"Host": "localhost"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def livez_answers(port: int) -> bool:
    """Whether the process behind `port` answers at all."""
    return page_answers(port, "/livez")


def sweeper_is_well(*, seconds: float) -> bool:
    """Whether the sweeper left a beat within `seconds`. Without database it cannot, and is not to blame."""
    return _has_beat("sweeper", seconds=seconds, without_database=True)


def worker_is_well(queue: str, *, seconds: float) -> bool:
    """Whether the worker of `queue` took a canary message within `seconds`.

    Without database, Redis, or a sweeper to send the canary it cannot, and is not to blame.
    """
    if _has_beat(f"worker.{queue}", seconds=seconds, without_database=True):
        return True
    return not _has_beat("sweeper", seconds=seconds, without_database=False) or not broker.answers(settings.REDIS_URL)


def _has_beat(name: str, *, seconds: float, without_database: bool) -> bool:
    try:
        return Beat.objects.filter(name=name, at__gt=clock.now() - timedelta(seconds=seconds)).exists()
    except DatabaseError:
        return without_database
    finally:
        connections.close_all()


def database_answers() -> bool:
    """Whether our PostgreSQL takes connections, or is repairing itself after a crash, which must not be cut short."""
    return database.answers(database.maintenance_url(settings.PLACES), while_starting=True)


def redis_answers() -> bool:
    """Whether our Redis answers."""
    return broker.answers(settings.REDIS_URL)
