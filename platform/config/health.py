"""Is it alive, can it serve, and what is late: three questions with three addresses."""

import time
from functools import cache
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from config.refusal import SetupError
from config.version import VERSION
from events.access import public, researcher_only

MOST_SKEW_SECONDS = 2.0


@public
def livez(_request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process answers at all; touches nothing else."""
    return HttpResponse("alive\n", content_type="text/plain")


@public
def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database can be written, migrations are applied and the clocks agree; else 503 and why."""
    reason = why_not_ready()
    if reason:
        return JsonResponse({"ready": False, "reason": reason}, status=503)
    return JsonResponse({"ready": True, "version": VERSION})


@researcher_only
def statusz(_request: HttpRequest) -> JsonResponse:
    """Show what is overdue, how long the queues are, when each worker was last heard of, and how backups stand."""
    from console.upkeep import backup_standing
    from events.queries import status

    backup = backup_standing()
    return JsonResponse({"version": VERSION, **status(), "backup": {"state": backup.state, "made_at": backup.made_at}})


def why_not_ready() -> str:
    """Return the first reason why this process cannot serve, or an empty text."""
    from config.backups.gate import why_closed

    try:
        facts = database_facts()
        if facts["is_read_only"]:
            return "database_read_only"
        if abs(facts["skew_seconds"]) > MOST_SKEW_SECONDS:
            return "clock_skew"
        migrations_applied()
        return why_closed()
    except SetupError as error:
        return error.code
    except DatabaseError:
        return "database_unreachable"


def database_facts() -> dict[str, Any]:
    """Ask the database whether it takes writes, and by how many seconds our clock is ahead of its."""
    # The machine's own clock is meant here, not the platform's: this is the comparison of the two.
    with connection.cursor() as cursor:
        asked = time.time_ns()
        cursor.execute("SELECT current_setting('transaction_read_only') = 'on', extract(epoch FROM clock_timestamp())")
        is_read_only, theirs = cursor.fetchone()
    midway = (asked + time.time_ns()) / 2e9
    return {"is_read_only": is_read_only, "skew_seconds": midway - float(theirs)}


@cache
def migrations_applied() -> bool:
    """Return True once every migration is applied (remembered: they are never unapplied under a running process).

    Raises:
        SetupError: "migrations_missing"; not remembered, so the next call looks again.
    """
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise SetupError("migrations_missing", "the tables are older than the code: run `manage.py migrate`")
    return True
