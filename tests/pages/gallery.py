"""One sample of every page a participant can meet, drawn by the real templates: for tests, and to be looked at."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.http import HttpRequest
from django.test import RequestFactory
from django.utils.safestring import SafeString, mark_safe

from chat.forms import fields_of, rules
from chat.silence import Silence
from experiments.partner_selection.experiment import Settings, experiment
from flow.address_form import address_fields, uses
from flow.calculator import FACT, Calculator
from flow.drawing import Frame, draw
from flow.home import Mark
from flow.page import Page
from flow.stages.consent import Tick
from flow.zones import Zone
from paradigm import Card, Chat, Choice, FieldError, Line, Option, Points, Rating, Table, Text, View
from paradigm.imagined import Scene
from paradigm.worked import work_out
from studies.markdown import render
from tests.experiments.societies import seats_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=42)
CONTACT = {"name": "The study team", "email": "team@example.org", "ethics_ref": "IRB-0000"}
FRAME = Frame(title="A decision task with other players", rev="r1", now=NOW, worth="£0.48", contact=CONTACT)
QUESTION = "How many points will you send back to me?"
A_SAID = "I will send back half of what I get.\nThat way we both earn something."
B_SAID = (
    "15 of 30. I did that in every round so far and it went well for both of us, so I see no reason to change it now."
)
PICK = Choice(
    "choice", "Your choice", options=[Option("A", "Pick A"), Option("B", "Pick B"), Option("keep", "Keep 10 points")]
)
MOOD = Choice(
    "mood", "How did you decide?", options=[Option(v, v.capitalize()) for v in ("by feeling", "by counting", "by both")]
)
HISTORY = Table(
    "Your last rounds",
    ("Round", "You picked", "Sent back to you", "You earned"),
    ((1, "A", 14, 14), (2, "kept 10", "", 10)),
)


def said(text: str) -> SafeString:
    """Markdown as the stages render it."""
    return mark_safe(render(text, {}))


def match(title: str, html: str, **more: Any) -> Page:
    """A page of the game."""
    return Page("match", title, said(html), where="Step 6 of 8 · Round 3 of 4", points=24, **more)


def pages() -> Mapping[str, Page]:
    """By name, in the order of a session."""
    game = (waiting(), writing(), talking(), meeting_again(), choosing(), sending(), results())
    kinds = (reading(), checking(), trying(), *game, asking(), last(), returning())
    return {name: page for kind in kinds for name, page in kind.items()}


def also(name: str, label: str) -> dict[str, Any]:
    """A quiet button beside the primary one."""
    return {"also": [{"name": name, "value": "1", "label": label}]}


def text(title: str, markdown: str, step: int, **more: Any) -> Page:
    """A page outside the game."""
    return Page("text", title, said(markdown), where=f"Step {step} of 8", **more)


def reading() -> dict[str, Page]:
    """Consent, instructions, condition page."""
    ticks = [
        Tick("take_part", "I am 18 or older and I agree to take part."),
        Tick("share", "My answers may be shared without my name.", required=False),
    ]
    no = also("decline", "I do not want to take part")
    marked = "Each Responder is marked **Person** or **AI**."
    return {
        "consent": text("Before you begin", CONSENT, 1, fields=ticks, button="I agree and take part", facts=no),
        "instructions": text("What happens in a round", RULES, 2, button="Continue", facts=also("back", "Back")),
        "briefing": text("Who you play with", marked, 5, fields=[MOOD], button="Continue", deadline_at=LATER),
    }


def checking() -> dict[str, Page]:
    """The quiz, with one answer that was wrong."""
    yes_no = [Option("y", "Yes"), Option("n", "No")]
    quiz = [
        Choice("a_next", "Is A in this round the same player as A in the next?", options=yes_no),
        Points("sum", "A holds 30 points and sends back 12. How many does A earn?", high=30),
    ]
    wrong = {"a_next": FieldError("wrong", "Players and letters are mixed anew each round. Please try again.")}
    tried: dict[str, Any] = {"fields": quiz, "errors": wrong, "values": {"a_next": "y", "sum": "18"}}
    return {"quiz": text("A short quiz", "Try as often as you like.", 3, button="Check", deadline_at=LATER, **tried)}


def example(raw: Mapping[str, str]) -> Calculator:
    """The worked example of partner selection, with these numbers filled in."""
    scene = Scene(experiment, Settings(), seats_of(4, 4, 4), "gallery")
    return Calculator(work_out(scene, raw), {name: role.title for name, role in experiment.roles.items()})


def trying() -> dict[str, Page]:
    """Practice, and a worked example: on an instructions page, beside an act, and in a tab of its own."""
    cards = [Card("A", "", A_SAID), Card("B", "", B_SAID)]
    told: dict[str, Any] = {"view": View("decide", cards=cards), "fields": [PICK], "button": "Continue"}
    note = "Practice: the other players' answers are made up. Nothing here counts or is paid."
    where = "Step 4 of 9 · Practice 1 of 2 · Chooser"
    back = Points("returned", "Points you send back if you are picked", high=30)
    sums = {FACT: example({})}
    done = {FACT: example({"Chooser.decide.choice": "A", "A.decide.returned": "12", "B.decide.returned": "20"})}
    refused = {FACT: example({"A.decide.returned": "31"})}
    tried = match("How many points?", "You hold **30 points**.", fields=[back], button="Send", facts=sums)
    return {
        "practice": Page("practice", "Pick A, pick B, or keep", note=note, where=where, deadline_at=LATER, **told),
        "example": text("What you earn", RULES, 2, button="Continue", facts=sums),
        "example_in_game": tried,
        "calculator": Page("calculator", "Work out an example", facts=done),
        "calculator_refused": Page("calculator", "Work out an example", facts=refused),
    }


def waiting() -> dict[str, Page]:
    """The waiting room."""
    out = also("leave", "Leave now with £1.00 and the pay for waiting")
    room = Page("waiting", "Waiting for your group", said(WAITING), where="Step 4 of 8", facts=out)
    asked: dict[str, Any] = {"title": "Are you ready?", "button": "I am ready", "deadline_at": LATER}
    return {"waiting": room, "ready": replace(room, **asked)}


def writing() -> dict[str, Page]:
    """Ask, wait, reply."""
    ask = Text("question", "Your question to A and B", False, max_chars=200)
    reply: dict[str, Any] = {
        "fields": [Text("message", "Your answer")],
        "view": View(lines=[Line("Chooser", QUESTION)]),
    }
    names = View(cards=[Card("A", "Person"), Card("B", "AI")])
    timed: dict[str, Any] = {"button": "Send", "deadline_at": LATER}
    return {
        "ask": match("Ask A and B", "Write one question. Both read it.", fields=[ask], view=names, **timed),
        "wait": match("The Chooser is writing", "You will read the question in a moment.", deadline_at=LATER),
        "reply": match("Answer the Chooser", "Your answer is shown together with the other.", **reply, **timed),
    }


def talking(
    *,
    may_end: bool = True,
    pastes: str = "allowed",
    lines: tuple[Line, ...] = (),
    typing: bool = False,
    min_chars: int = 0,
    past: Mapping[str, Any] = MappingProxyType({}),
    name: str = "",
    silence: Silence | None = None,
) -> dict[str, Page]:
    """A conversation; with a name its messages may go over the socket."""
    spoken = lines or (Line("B", "Hello! How was your week?", seq=1), Line("", "Long, and yours?", seq=2))
    leaving = {"also": [{"name": "then", "value": "left", "label": "Leave this conversation"}]}
    return {
        "talk": match(
            "Your conversation",
            "You will write with **B**. You can end it after some time.",
            view=View("talk", lines=spoken),
            fields=fields_of(Chat(), max_chars=300, min_chars=min_chars, may_end=may_end),
            button="Send",
            deadline_at=LATER,
            facts={
                "talk": {
                    "says": True,
                    "pastes": pastes,
                    "rules": rules(True),
                    "typing": typing,
                    "past": past,
                    "name": name,
                    "silence": silence,
                },
                **leaving,
            },
        )
    }


PAST = {
    "told": "You can read them here.",
    "titles": [(1, "Conversation 1, Tuesday, March 2"), (2, "Conversation 2, Friday, March 5")],
}


def meeting_again() -> dict[str, Page]:
    """A conversation with somebody whom one has met before, and one of the earlier ones."""
    before = (Line("B", "Do you have a dog?", seq=1), Line("", "Yes, an old one.", seq=2))
    told: dict[str, Any] = {"view": View(lines=before), "facts": {"cut": "", "empty": ""}}
    return {
        "talk_again": talking(past=PAST, typing=True)["talk"],
        "earlier": Page("earlier", "Conversation 1, Tuesday, March 2", **told),
    }


def choosing() -> dict[str, Page]:
    """The Chooser's choice: unmarked, marked, and sent without one."""
    cards = [Card("A", "", A_SAID), Card("B", "", B_SAID)]
    told = View("decide", cards=cards, tables=[HISTORY], lines=[Line("", QUESTION)])
    marked = replace(told, cards=[Card("A", "Person", A_SAID), Card("B", "AI", B_SAID)])
    page = match("Pick A, pick B, or keep", "", view=told, fields=[PICK], button="Send", deadline_at=LATER)
    return {
        "decide": page,
        "decide_marked": replace(page, view=marked, values={"choice": "B"}),
        "decide_missing": replace(page, errors={"choice": FieldError("missing", "Please answer this.")}),
    }


def sending() -> dict[str, Page]:
    """The Responder's number, and what the Chooser expects."""
    back = Points("returned", "Points you send back if you are picked", high=30)
    expected = [
        Points("expected", f"How many points did {who} decide to send back?", about=who, high=30) for who in "AB"
    ]
    timed: dict[str, Any] = {"button": "Send", "deadline_at": LATER}
    return {
        "return": match("How many points?", "If you are picked you hold **30 points**.", fields=[back], **timed),
        "expect": match("What do you expect?", "", view=View(), fields=expected, **timed),
    }


def results() -> dict[str, Page]:
    """After a round."""
    seen: dict[str, Any] = {"button": "Continue", "deadline_at": LATER}
    earned = "You picked A. A sent back 14. **You earn 14.**"
    return {
        "feedback": match("The result of this round", earned, view=View(tables=[HISTORY]), **seen),
        "void": match("This round does not count", "Someone was away. You earn 10.", **seen),
    }


def asking() -> dict[str, Page]:
    """The survey, with a text that is too long."""
    ends: dict[str, Any] = {"low_label": "not at all", "high_label": "very much"}
    items = [
        Rating("fair", "The Responders were fair.", **ends),
        Rating("type_ai", "How likely is it that A was an AI?", low=0, high=100, **ends),
        MOOD,
        Text("why", "What did you pay attention to?", False, long=False, max_chars=120),
        Text("more", "Anything else?", max_chars=30),
    ]
    values = {"fair": "5", "more": "This text is longer than the thirty characters."}
    errors = {"more": FieldError("too_long", "Please use at most %(max)s characters.", max=30)}
    return {"survey": text("A few questions", "", 7, fields=items, button="Continue", values=values, errors=errors)}


def last() -> dict[str, Page]:
    """Debrief and end."""
    met = Table("Whom you met", ("Round", "A was", "B was"), ((1, "a person", "an AI"), (2, "an AI", "a person")))
    pay = Table("Your pay", ("For", "Amount"), (("Taking part", "£4.00"), ("Points", "£0.48"), ("Together", "£4.48")))
    told, out = "Some players were computer programs.", also("withdraw", "Delete my data; my pay stays the same")
    keep: dict[str, Any] = {"button": "Keep my data and continue", "facts": out}
    return {
        "debrief": text("What this study was about", told, 8, view=View(tables=[met]), **keep),
        "end": Page("end", "Thank you", said("You are done."), facts={"code": "C7Q2M9XK"}, view=View(tables=[pay])),
    }


def returning() -> dict[str, Page]:
    """What somebody reads who comes back on other days."""
    zone = Zone("zone", "A place whose clock shows the same time as yours")
    states = ["done", "in_part", "missed", "excused", "open", "to_come", "to_come"]
    way = [
        Mark(str(n), f"Visit {n}", state, state.replace("_", " "), n == 5) for n, state in enumerate(states, start=1)
    ]
    facts = {
        "before": "You missed visit 3. That is fine.",
        "next": "You can begin now.",
        "until": "You can begin until Sunday, March 28, 09:00.",
        "about": "It is visit 5 of 7. It takes about 15 minutes. You earn £1.00 for it.",
        "progress": "You have taken part in 2 of 7 visits so far.",
        "way": way,
        "legend": way[:6],
        "pay": ["If you finish all visits to come, you are paid £8.00 in all.", "You may miss 2 visits."],
        "asks_zone": True,
    }
    told = {"now": "You are reminded at q…@example.org.", "uses": uses(), "may_stop": True}
    when = "Tuesday, March 23, 08:00"
    rows = [(one.name, when, one.words, "£1.00" if one.shape == "done" else "£1.00 if you finish it") for one in way]
    visits = Table("Your visits", ("Visit", "Opens", "What became of it", "Pay"), rows)
    pay = Table(
        "What you have earned so far", ("For", "How it is worked out", "Amount"), (("Visits", "1 visit", "£1"),)
    )
    doing = [{"name": "do", "value": each, "label": each} for each in ("page", "file", "delete")]
    sure, unticked = Tick("sure", "I want my data to be deleted."), FieldError("missing", "Please tick this box.")
    return {
        "zone": text(
            "What time is it where you are?", "You will come back.", 3, fields=[zone], button="This is my time"
        ),
        "address": text(
            "Would you like to be reminded?", "You need not.", 3, fields=address_fields(), button="Continue"
        ),
        "reminders": Page("reminders", "Reminders", fields=address_fields(), button="Keep this address", facts=told),
        "data": Page("data", "My data", facts={"also": doing[:2]}),
        "data_after": Page("data", "My data", fields=[sure], facts={"also": doing}, errors={sure.name: unticked}),
        "home": Page("home", "Your next visit is open", button="Begin", facts=facts, view=View(tables=[visits, pay])),
    }


def request() -> HttpRequest:
    """A request as the page view gets it."""
    return RequestFactory().get("/s/", headers={"host": "localhost"})


def drawn(
    name: str, *, is_demo: bool = False, is_simulated: bool = False, is_fragment: bool = False, language: str = "en"
) -> str:
    """One sample as HTML."""
    frame = replace(FRAME, is_demo=is_demo, shows_recorded=is_demo, is_over=name == "end", language=language)
    frame = replace(frame, is_simulated=is_simulated)
    return draw(request(), pages()[name], frame, is_fragment=is_fragment)


CONSENT = """
This study is run by the study team. It takes about **20 minutes**, in one go, with a keyboard.

You earn **£4.00** and up to **£6.00** more.

- Some players may be computer programs that use AI.
- Your messages are sent to an AI service.
- You can stop at any time and keep what you earned until then.
"""
RULES = """
There are two roles. You keep yours. Each round three players meet:
one **Chooser** and two **Responders**, shown as A and B.

1. The Chooser may write one question to both.
2. A and B answer. Neither sees the other's answer.
3. The Chooser picks A, picks B, or keeps 10 points.
4. If A is picked, A receives 30 points, and the Chooser gets what A decided to send back.

> Example: A is picked and sends back 12. The Chooser earns 12, A earns 18, and B earns 0.
"""
WAITING = """
**5 of 8** players are here. It usually takes 3 minutes.

You are paid £0.10 for each minute. You may leave now with £1.00.
"""
