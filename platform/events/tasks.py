"""Celery entry points. A message is a hint: the row in the table says what is to be done, and whether it still is."""

from __future__ import annotations

from celery import shared_task

from events import loop, runner, signs


@shared_task(name="events.tasks.hint")
def hint(due_id: int, queue: str) -> None:
    """Take one row: the bots' worker hands its id to the loop and returns, the jobs worker runs it here."""
    if queue == "jobs":
        runner.run_id(due_id)
    elif running := loop.running(queue):
        running.hint(due_id)


@shared_task(name="events.tasks.canary")
def canary(queue: str) -> None:
    """Write that the worker of `queue` receives messages, reaches the database, and has a loop that still looks."""
    running = loop.running(queue)
    if running is None:
        signs.beat(f"worker.{queue}")
    elif running.is_well:
        signs.beat(f"worker.{queue}", in_hand=running.in_hand)
