"""Django's backend, reading instants by psycopg's compiled loader, and seeing at a glance whether a server is gone.

Every page reads dozens of instants. Django's own loader is Python, a subclass whose only purpose is another time zone;
ours is always UTC (USE_TZ), which the compiled one gives as well, at a fraction of the cost.
"""

import select
from datetime import UTC
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.adapt import AdaptersMap, Loader
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.types.datetime import TimestamptzLoader

_adapters = AdaptersMap(psycopg.adapters)
_adapters.register_loader("timestamptz", TimestamptzLoader)  # psycopg puts the compiled one in its place, if it has one
# Statements are kept prepared where `events.prepared` says so. Django's None would refuse even that, without a word.
NEVER_BY_ITSELF = 2**31
MOST_PREPARED = 500
_OID = psycopg.adapters.types["timestamptz"].oid


class UtcLoader(Loader):
    """The compiled loader, saying of itself what Django asks each loader of instants: in which zone it gives them."""

    timezone = UTC

    def __init__(self, oid: int, context: Any = None) -> None:
        super().__init__(oid, context)
        compiled = _adapters.get_loader(_OID, psycopg.pq.Format.TEXT) or TimestamptzLoader
        self.load = compiled(oid, context).load  # type: ignore[method-assign]  # no frame of ours between

    def load(self, data: Any) -> Any:
        """An aware instant in UTC; replaced at once by the compiled method."""
        return data


class DatabaseWrapper(base.DatabaseWrapper):
    """What `DATABASES["default"]["ENGINE"]` names."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection as Django makes it, then ours."""
        made = super().get_new_connection(conn_params)
        made.adapters.register_loader("timestamptz", UtcLoader)
        made.prepare_threshold = NEVER_BY_ITSELF
        made.prepared_max = MOST_PREPARED
        return made

    def is_usable(self) -> bool:
        """Whether the connection is alive, asked before each request and task (CONN_HEALTH_CHECKS).

        On an idle connection nothing waits to be read but the server's farewell, so that one look at the socket says
        what Django sends a statement for. Where something does wait, after an error, and in whatever state that is not
        idle, the server is asked. A host that lost its power says no farewell: the keepalives of `settings` find out.
        """
        if self.connection is None or self.connection.closed:
            return False
        at = self.connection.pgconn
        is_idle = at.transaction_status == TransactionStatus.IDLE and at.pipeline_status == PipelineStatus.OFF
        if self.errors_occurred or not is_idle:
            return bool(super().is_usable())
        glance = select.poll()
        glance.register(self.connection.fileno(), select.POLLIN)
        return not glance.poll(0) or bool(super().is_usable())
