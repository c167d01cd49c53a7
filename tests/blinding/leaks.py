"""Leaks to be planted: each a small mistake that somebody could honestly make, as an edit of the source.

The old text must occur exactly once, so that an edit cannot silently come to nothing when the source changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.blinding.study import BRISK, FAITHFUL, FORGETFUL, STEADY


@dataclass(frozen=True)
class Edit:
    """One replacement in one file, named from the root of the checkout."""

    file: str
    old: str
    new: str

    def applied(self, root: Path) -> str:
        """The text of the file under `root` with the edit made.

        Raises:
            AssertionError: the old text does not occur exactly once.
        """
        text = (root / self.file).read_text()
        assert text.count(self.old) == 1, f"{self.file} has {text.count(self.old)} times: {self.old!r}"
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Leak:
    """A mistake that betrays who is a program.

    Attributes:
        pace: Of programs and people; another where it shows only after acts that were missed.
        rounds: How many are played; more where only the partner's misses show it, of which a meeting has one at most.
    """

    name: str
    edits: Sequence[Edit]
    pace: Mapping[str, Any] = field(default_factory=lambda: BRISK)
    rounds: int = 2


def _leak(name: str, file: str, old: str, new: str, *, pace: Mapping[str, Any] = BRISK, rounds: int = 2) -> Leak:
    return Leak(name, [Edit(file, old, new)], pace, rounds)


PROGRAMS = "placings.exclude(seat__occupant='person').count()"

LEAKS = (
    _leak(
        "seats are numbered people first",
        "platform/matching/rules.py",
        "    rng.shuffle(everyone)\n",
        "",
    ),
    _leak(
        "the revision of a page ends differently",
        "platform/flow/queries.py",
        'return f"{_digest(parts)}.{_digest(ends)[:8]}"',
        "match = match_of(session)\n"
        f'    return f"{{_digest(parts)}}.{{_digest(ends)[:8]}}{{match.{PROGRAMS} if match else 0}}"',
    ),
    _leak(
        "programs are never late",
        "platform/bots/delays.py",
        "return rng.random() < pace.miss",
        "return False",
        pace=FORGETFUL,
    ),
    _leak(
        "programs always think for the same time",
        "platform/bots/delays.py",
        "think = rng.uniform(pace.think_s[0], pace.think_s[1])",
        "think = (pace.think_s[0] + pace.think_s[1]) / 2",
    ),
    _leak(
        "programs act at once",
        "platform/bots/turns.py",
        "since + timedelta(seconds=wait)",
        "since + timedelta(seconds=0)",
    ),
    _leak(
        "programs act on whole seconds",
        "platform/bots/turns.py",
        "since + timedelta(seconds=wait)",
        "since + timedelta(seconds=round(wait))",
    ),
    _leak(
        "no pointer follows a program's act",
        "platform/flow/services/rounds.py",
        "facts=told, wake=streams_of(match))",
        'facts=told, wake={} if match.acts.order_by("pk").values_list("source", flat=True).last() == "policy"'
        " else streams_of(match))",
    ),
    _leak(
        "pointers jump",
        "platform/flow/services/rounds.py",
        "return {stream_name(token): match.rev for token in tokens}",
        f"return {{stream_name(token): match.rev + 9 * match.{PROGRAMS} for token in tokens}}",
    ),
    Leak(
        "an attribute counts the programs",
        [
            Edit(
                "platform/flow/step_page.py",
                'facts={"at_zero": at_zero(step), ',
                f'facts={{"at_zero": at_zero(step), "seats": state.match.{PROGRAMS}, ',
            ),
            Edit(
                "templates/participant/match.html",
                '{% if page.html %}<div class="prose">',
                '{% if page.html %}<div class="prose" data-seats="{{ page.facts.seats }}">',
            ),
        ],
    ),
    _leak(
        "a header counts the programs",
        "platform/flow/views.py",
        'response.headers["Content-Language"] = language\n',
        'response.headers["Content-Language"] = language\n'
        "        match = queries.match_of(request.visit.session)\n"
        f'        response.headers["X-Seats"] = str(match.{PROGRAMS} if match else 0)\n',
    ),
    _leak(
        "pages with programs are larger",
        "platform/flow/step_page.py",
        "html=text.html,",
        f'html=text.html + type(text.html)("<!-- " + "seat" * state.match.{PROGRAMS} + " -->"),',
    ),
    _leak(
        "programs that missed an act stay away",
        "platform/bots/delays.py",
        "return rng.random() < pace.returns",
        "return False",
        pace=FAITHFUL,
        rounds=6,
    ),
    _leak(
        "talks end with the last person",
        "platform/chat/ending.py",
        "acting &= passing_for_people(state)",
        "acting &= {number for number, seat in state.seats.items() if seat.occupant == 'person'}",
        pace=FORGETFUL,
    ),
    _leak(
        "a program's missed act voids nothing",
        "platform/flow/services/rounds.py",
        "    missing = implementation.missing(state, step)\n    if missing and not",
        '    missing = [p for p in implementation.missing(state, step) if state.seats[p.seat].occupant == "person"]\n'
        "    if missing and not",
        pace=FORGETFUL,
    ),
    _leak(
        "lines of programs come one tick later",
        "platform/chat/storing.py",
        "        transaction.on_commit(told, robust=True)\n",
        "        if new.writing.planned_at:\n"
        "            from threading import Timer\n\n"
        "            told = Timer(announce.QUIET_SECONDS, told).start\n"
        "        transaction.on_commit(told, robust=True)\n",
    ),
    _leak(
        "notices of programs end with their line, and people's fade",
        "platform/chat/storing.py",
        "    if shows_typing:\n",
        "    if shows_typing and new.writing.planned_at:\n",
    ),
)

AGAIN = "            reply = await _asked(again)\n"
MODEL_LEAKS = (
    _leak(
        "the time that a model takes comes on top of the plan",
        "platform/bots/turns.py",
        "since + timedelta(seconds=wait)",
        "max(since, claim.now()) + timedelta(seconds=wait)",
        pace=STEADY,
    ),
    _leak(
        "a reply that is asked for again is seen to be written twice",
        "platform/bots/by_model.py",
        AGAIN,
        "            from datetime import timedelta\n\n"
        "            from chat import notices\n"
        "            from events import clock\n\n"
        "            until = clock.now() + timedelta(seconds=1)\n"
        "            await run_db(notices.by_program, facts.match_id, facts.path, facts.seat.pk, until=until)\n"
        + AGAIN,
        pace=STEADY,
    ),
    _leak(
        "a reply that was blocked is asked for again after a pause",
        "platform/bots/by_model.py",
        AGAIN,
        f"            import asyncio\n\n            await asyncio.sleep(8.0)\n{AGAIN}",
        pace=STEADY,
    ),
)
"""Those that only seats of models have; people meet them in a play `by_model`."""
