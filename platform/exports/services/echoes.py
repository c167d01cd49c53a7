"""What others' rows of one group repeat of a person who is erased: entries, acts, views, and what models were told."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from hashlib import sha256
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from bots import scopes
from bots.budgets import root_of_study
from bots.judging import ASKED_IF_AI
from bots.models import BY_MODEL, BotTurn, Memory, ReplyCheck, WizardReply
from bots.scribes import CUT
from chat.models import Conversation, Entry, Report
from chat.services import UNKNOWN
from exports.declared import split_key
from exports.redaction import (
    POINTED_AT,
    Quote,
    is_words,
    marked,
    named,
    quotes_any,
    reduced,
    stored,
    strings_in,
    without,
)
from exports.society import Society
from flow.models import Act, Award, Exposure
from llm.models import Call
from llm.services import SHA256
from measures.models import Answer
from participants.models import WITHDRAWN_TEXT

ROWS_AT_ONCE = 200
R = TypeVar("R", bound=Model)
Changes = Mapping[str, Any]
"""Field of a row → what it shall hold."""


@dataclass(frozen=True)
class Echoes:
    """One group, and the seats in it of the person who is erased. The caller holds its lock and may change all rows.

    In a later group of somebody who met them no seat is theirs, and everybody may repeat what that one tells.
    """

    society: Society
    mine: Set[int]

    def erase(self, quotes: Sequence[Quote]) -> Counter[str]:
        """Mark or shorten every row of the group that may repeat the person; how many of which kind.

        Args:
            quotes: Of all that the person said, in whichever group: partners may last.

        With automated seats the whole exchange goes. What people said stays, without literal quotes: an export holds it
        back until a reviewer has read it.
        """
        return Counter({
            "others_memories": self._memories(quotes),  # first: what they were made from tells what was cut short
            "entries": self._entries(quotes),
            "reports": self._reports(quotes),
            "others_acts": self._acts(quotes),
            "others_views": self._views(quotes),
            "others_answers": self._answers(quotes),
            "others_awards": self._awards(),
            "calls": self._calls(quotes),
            "unsaid": self._unsaid(),
            "reply_checks": self._checks(),
            "wizard_replies": self._behind(quotes),
        })  # fmt: skip

    def said(self) -> Sequence[str]:
        """What the person wrote here, which others may have repeated here or later."""
        said: list[str] = []
        for text, facts in Entry.objects.filter(seat__in=self.mine).values_list("text", "facts"):
            said += [text, *strings_in(facts.get(POINTED_AT))]
        for act in Act.objects.filter(seat__in=self.mine):
            for name, value in act.values.items():
                said += strings_in(value) if self._is_words(act, name, value) else ()
        return said

    def people_met(self) -> Set[int]:
        """Whom the person met here, by their keys."""
        met = (self.society.seats[pk].participant_id for pk in self._met.keys() - self.mine)
        return {key for key in met if key is not None}

    @cached_property
    def _touched(self) -> Set[int]:
        """The matches in which the person was."""
        return {pk for pk in self.society.matches if self.society.inside(pk) & self.mine}

    @cached_property
    def _automated(self) -> Set[int]:
        """The seats in which nobody sits."""
        return {pk for pk, seat in self.society.seats.items() if seat.occupant != "person"}

    def _is_words(self, act: Act, name: str, value: object) -> bool:
        field = self.society.asked(act.path, act.seat_id).get(split_key(name)[0])
        return is_words(field, value)

    def _entries(self, quotes: Sequence[Quote]) -> int:
        def change(row: Entry) -> Changes:
            match = row.conversation.match_id
            if row.seat_id in self.mine:  # its number stays, so that what others refer to is still there
                return {"text": marked(row.text), "facts": {}, "key": f"withdrawn:{row.seq}", **asdict(UNKNOWN)}
            if row.seat_id in self._automated and match in self._touched:
                return {"text": marked(row.text), "facts": named(row.facts, marked)}
            if not self._may_repeat(match, row.seat_id):
                return {}
            return {"text": without(row.text, quotes), "facts": named(row.facts, partial(without, quotes=quotes))}

        rows = Entry.objects.filter(conversation__match__in=self.society.matches)
        return _rewrite(rows.select_related("conversation"), change)

    def _reports(self, quotes: Sequence[Quote]) -> int:
        def change(row: Report) -> Changes:
            if row.seat_id in self.mine:
                return {"text": "", "answer": "", "is_apart": False}
            return {"text": without(row.text, quotes), "answer": without(row.answer, quotes)}

        return _rewrite(Report.objects.filter(conversation__match__in=self.society.matches), change)

    def _acts(self, quotes: Sequence[Quote]) -> int:
        def change(row: Act) -> Changes:
            if row.seat_id in self._automated and row.match_id in self._touched:
                words = {name for name, value in row.values.items() if self._is_words(row, name, value)}
                return {"values": {name: marked(v) if name in words else v for name, v in row.values.items()}}
            return {"values": without(row.values, quotes)} if self._may_repeat(row.match_id, row.seat_id) else {}

        return _rewrite(Act.objects.filter(match__in=self.society.matches).exclude(seat__in=self.mine), change)

    def _answers(self, quotes: Sequence[Quote]) -> int:
        """In this visit and all later ones: what was said here may be told of at any time."""
        since = Answer.objects.filter(session__participant__in=self.people_met(), at__gte=self.society.group.formed_at)
        return _rewrite(since, lambda row: {"value": without(row.value, quotes)})

    def _memories(self, quotes: Sequence[Quote]) -> int:
        """What a program noted of what others told it. A line that was cut short may hold but the beginning of a quote,
        and one that a model wrote says it in other words: it goes whole where what it was made from quotes the person.
        """
        mine = {self.society.seats[pk].participant_id for pk in self.mine}
        rows = Memory.objects.filter(conversation__match__in=self.society.matches).exclude(participant__in=mine)
        named = {key for row in rows for line in row.sources for key in line}
        said = dict(Entry.objects.filter(pk__in=named).values_list("pk", "text"))
        quoting = {key for key, text in said.items() if WITHDRAWN_TEXT in text or quotes_any(text, quotes)}

        def line_of(text: str, sources: Sequence[int], *, is_reworded: bool) -> str:
            is_whole = (is_reworded or CUT in text) and not quoting.isdisjoint(sources)
            return WITHDRAWN_TEXT if is_whole else str(without(text, quotes))

        def change(row: Memory) -> Changes:
            of, is_reworded = dict(enumerate(row.sources)), row.made_by.startswith(BY_MODEL)
            text = "\n".join(
                line_of(line, of.get(at, ()), is_reworded=is_reworded) for at, line in enumerate(row.text.split("\n"))
            )
            return {} if text == row.text else {"text": text, "sha256": sha256(text.encode()).hexdigest()}

        return _rewrite(rows, change)

    def _awards(self) -> int:
        """What others said they believed stays theirs; what came true of it the person did."""

        def change(row: Award) -> Changes:
            partner = self.society.placings[row.match_id].get(split_key(row.field)[1])
            if partner is None or partner.seat_id not in self.mine:
                return {}
            # that nothing was said has no chances, whatever came true, and tells it apart from what was taken out
            return {"truth": None} | ({} if row.said is None else {"chances": None})

        return _rewrite(Award.objects.filter(match__in=self._touched).exclude(seat__in=self.mine), change)

    def _views(self, quotes: Sequence[Quote]) -> int:
        def change(row: Exposure) -> Changes:
            view = without(row.view, quotes)  # those who never met the person may have been told by those who did
            if self._was_told(row.match_id, row.seat_id):
                view = reduced(view, kept=self._kept(row.match_id))
            return {} if view == row.view else stored(view)

        return _rewrite(Exposure.objects.filter(match__in=self.society.matches).exclude(seat__in=self.mine), change)

    @cached_property
    def _met(self) -> dict[int, int]:
        return dict(self.society.first_met(self.mine))

    def _was_told(self, match: int, seat: int) -> bool:
        """Whether a seat had met the person by then, so that whatever it was told may come from them."""
        return seat in self._met and self.society.matches[match].round >= self._met[seat]

    def _may_repeat(self, match: int, seat: int) -> bool:
        """Whether what a seat wrote may hold words of the person."""
        return not self.mine or self._was_told(match, seat)

    def _kept(self, match: int) -> Set[str]:
        """Positions of people in a match who are not erased."""
        out = self._automated | self.mine
        return {position for position, placing in self.society.placings[match].items() if placing.seat_id not in out}

    def _calls(self, quotes: Sequence[Quote]) -> int:
        told: list[int] = []
        others: list[int] = []
        for turn in BotTurn.objects.filter(match__in=self.society.matches):
            is_told = turn.match_id in self._touched or self._was_told(turn.match_id, turn.seat_id)
            (told if is_told else others).append(turn.pk)
        told_of, other = self._conversations
        gone = [call.pk for call in self._asked_for(scopes.TURN, told)]
        gone += [call.pk for call in self._asked_for(scopes.NOTES, told_of)]
        rest = [*self._asked_for(scopes.TURN, others), *self._asked_for(scopes.NOTES, other)]
        gone += [call.pk for call in rest if _quotes_any(call, quotes)]
        calls = Call.objects.filter(pk__in=gone)
        gone_with = {"prompt": [WITHDRAWN_TEXT], "prompt_sha256": "", "memory_sha256": "", "request_id": ""}
        return calls.update(**gone_with, output=WITHDRAWN_TEXT, error="")

    def _unsaid(self) -> int:
        """What programs were still to say: nobody waits for it any more."""
        return BotTurn.objects.filter(match__in=self.society.matches).exclude(rest=[]).update(rest=[])

    def _behind(self, quotes: Sequence[Quote]) -> int:
        """What was drafted for somebody of the study team, and what they decided to say: it answers the person."""

        def change(row: WizardReply) -> Changes:
            if row.turn.match_id in self._touched:
                return {"draft": None, "values": None}
            return {"draft": without(row.draft, quotes), "values": without(row.values, quotes)}

        rows = WizardReply.objects.filter(turn__match__in=self.society.matches)
        return _rewrite(rows.select_related("turn"), change)

    @property
    def _conversations(self) -> tuple[Sequence[int], Sequence[int]]:
        """The conversations in which the person was, and all others of the group, by their keys."""
        rows = Conversation.objects.filter(match__in=self.society.matches).order_by("pk").values_list("pk", "match")
        theirs = [pk for pk, match in rows if match in self._touched]
        return theirs, [pk for pk, match in rows if match not in self._touched]

    def _checks(self) -> int:
        """That the person may have asked what a program is, and what it answered."""
        rows = ReplyCheck.objects.filter(turn__match__in=self._touched, rule=ASKED_IF_AI)
        return rows.delete()[0]

    def _asked_for(self, what: str, keys: Sequence[int]) -> Iterator[Call]:
        """The calls for some turns, or for notes of some conversations: see `bots.scopes`."""
        own = root_of_study(self.society.group.version.study_id)
        for first in range(0, len(keys), ROWS_AT_ONCE):
            pattern = scopes.any_of(what, keys[first : first + ROWS_AT_ONCE])
            rows = Call.objects.filter(scope__startswith=own, scope__regex=pattern)
            yield from rows.iterator(chunk_size=ROWS_AT_ONCE)


def _rewrite(rows: QuerySet[R], change: Callable[[R], Changes]) -> int:
    """Save what a change makes different in each of some rows; how many rows that were."""
    changed = 0
    for row in rows.order_by("pk").iterator(chunk_size=ROWS_AT_ONCE):
        new = {name: value for name, value in change(row).items() if value != getattr(row, name)}
        for name, value in new.items():
            setattr(row, name, value)
        if new:
            row.save(update_fields=list(new))
            changed += 1
    return changed


def _quotes_any(call: Call, quotes: Sequence[Quote]) -> bool:
    """Whether a call repeats something; of one whose messages were not kept nobody can say that it does not."""
    if any(SHA256 in message for message in call.prompt if isinstance(message, dict)):
        return True
    said = "\n".join([*strings_in(call.prompt), call.output, call.error])
    return quotes_any(said, quotes) or quotes_any(said.replace("\\n", "\n").replace('\\"', '"'), quotes)
