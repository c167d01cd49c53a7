"""One sample of every page a participant can meet, drawn by the real templates: for tests, and to be looked at."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.test import RequestFactory
from django.utils.safestring import SafeString, mark_safe

from flow.drawing import Frame, draw
from flow.page import Page
from paradigm import Card, Choice, FieldError, Line, Option, Points, Rating, Table, Text, View
from studies.markdown import render

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
    return {**before_the_game(), **of_the_game(), **after_the_game()}


def before_the_game() -> dict[str, Page]:
    """Consent to condition page."""
    text = Page("text", "", where="Step 1 of 8")
    ticks = [
        Choice("take_part", "I am 18 or older and I agree to take part.", options=[Option("yes", "Yes, I agree")]),
        Choice(
            "share",
            "My answers may be shared without my name.",
            False,
            options=[Option("yes", "Yes"), Option("no", "No")],
        ),
    ]
    decline = [{"name": "do", "value": "decline", "label": "I do not want to take part"}]
    quiz = [
        Choice(
            "a_next",
            "Is A in this round the same player as A in the next?",
            options=[Option("y", "Yes"), Option("n", "No")],
        ),
        Points("sum", "A holds 30 points and sends back 12. How many does A earn?", high=30),
    ]
    wrong = {"a_next": FieldError("wrong", "Players and letters are mixed anew each round. Please try again.")}
    return {
        "consent": replace(
            text, title="Before you begin", html=said(CONSENT), fields=ticks, button="Continue", facts={"also": decline}
        ),
        "instructions": replace(
            text,
            title="What happens in a round",
            html=said(RULES),
            button="Continue",
            where="Step 2 of 8 · Page 2 of 4",
        ),
        "quiz": replace(
            text,
            title="A few questions first",
            html=said("You can look at the rules again below."),
            fields=quiz,
            button="Check my answers",
            errors=wrong,
            values={"a_next": "y", "sum": "18"},
            deadline_at=LATER,
        ),
        "waiting": Page(
            "waiting",
            "Waiting for other players",
            said(WAITING),
            where="Step 4 of 8",
            facts={"also": [{"name": "do", "value": "leave", "label": "Stop waiting and leave with £1.00"}]},
        ),
        "ready": Page(
            "waiting",
            "Your group is complete",
            said("Please press the button to begin."),
            button="I am ready",
            where="Step 4 of 8",
            deadline_at=LATER,
        ),
        "briefing": replace(
            text,
            title="Who you play with",
            html=said("Each Responder is marked **Person** or **AI**."),
            fields=[MOOD],
            button="Continue",
            where="Step 5 of 8",
        ),
    }


def of_the_game() -> dict[str, Page]:
    """Every step, from both roles."""
    ask = Text("question", "Your question to A and B", False, max_chars=200)
    told = View(
        "decide", cards=[Card("A", "", A_SAID), Card("B", "", B_SAID)], tables=[HISTORY], lines=[Line("", QUESTION)]
    )
    marked = replace(told, cards=[Card("A", "Person", A_SAID), Card("B", "AI", B_SAID)])
    expected = [Points("expected", f"How many points would {who} have sent back?", about=who, high=30) for who in "AB"]
    return {
        "ask": match(
            "Ask A and B something", "Write one question. Both read it.", fields=[ask], button="Send", deadline_at=LATER
        ),
        "wait": match("The Chooser is writing", "You will read the question in a moment.", deadline_at=LATER),
        "reply": match(
            "Answer the Chooser",
            "Your answer is shown together with the other answer.",
            view=View(lines=[Line("Chooser", QUESTION)]),
            fields=[Text("message", "Your answer")],
            button="Send",
            deadline_at=LATER,
        ),
        "decide": match("Pick A, pick B, or keep 10", "", view=told, fields=[PICK], button="Send", deadline_at=LATER),
        "decide_marked": match(
            "Pick A, pick B, or keep 10",
            "",
            view=marked,
            fields=[PICK],
            button="Send",
            deadline_at=LATER,
            values={"choice": "B"},
        ),
        "decide_missing": match(
            "Pick A, pick B, or keep 10",
            "",
            view=told,
            fields=[PICK],
            button="Send",
            deadline_at=LATER,
            errors={"choice": FieldError("missing", "Please answer this.")},
        ),
        "return": match(
            "How many points will you send back?",
            "If you are picked you hold **30 points**.",
            fields=[Points("returned", "Points you send back if you are picked", high=30)],
            button="Send",
            deadline_at=LATER,
        ),
        "expect": match("What do you think?", "", view=View(), fields=expected, button="Send", deadline_at=LATER),
        "feedback": match(
            "The result of this round",
            "You picked A. A sent back 14. **You earn 14.**",
            button="Continue",
            view=View(tables=[HISTORY]),
            deadline_at=LATER,
        ),
        "void": match("This round does not count", "Someone was away. You earn 10.", button="Continue"),
    }


def after_the_game() -> dict[str, Page]:
    """Survey to end."""
    items = [
        Rating("fair", "The Responders were fair.", low_label="not at all", high_label="very much"),
        Rating(
            "type_ai",
            "How likely is it that A was an AI?",
            low=0,
            high=100,
            low_label="certainly not",
            high_label="certainly",
        ),
        MOOD,
        Text("why", "What did you pay attention to?", False, long=False, max_chars=120),
        Text("more", "Anything else?", max_chars=30),
    ]
    reveal = Table("Who you met", ("Round", "A was", "B was"), ((1, "a person", "an AI"), (2, "an AI", "a person")))
    facts = {
        "lines": [("Base pay", "£4.00"), ("Points: 24", "£0.48"), ("Waiting: 2 min", "£0.20"), ("Total", "£4.68")],
        "code": "C7Q2-M9XK",
        "return_url": "",
    }
    return {
        "survey": Page(
            "text",
            "A few last questions",
            fields=items,
            button="Continue",
            where="Step 7 of 8",
            values={"fair": "5", "more": "This text is longer than the thirty characters."},
            errors={"more": FieldError("too_long", "Please use at most %(max)s characters.", max=30)},
        ),
        "debrief": Page(
            "text",
            "What this was about",
            said("Some players were computer programs."),
            button="Keep my answers",
            view=View(tables=[reveal]),
            where="Step 8 of 8",
            facts={"also": [{"name": "do", "value": "delete", "label": "Delete my answers, same pay"}]},
        ),
        "end": Page("end", "Thank you", said("You have finished."), facts=facts),
    }


def request() -> HttpRequest:
    """A request as the page view gets it."""
    return RequestFactory().get("/s/", headers={"host": "localhost"})


def drawn(name: str, *, is_demo: bool = False, is_fragment: bool = False, language: str = "en") -> str:
    """One sample as HTML."""
    frame = replace(FRAME, is_demo=is_demo, shows_recorded=is_demo, is_over=name == "end", language=language)
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
