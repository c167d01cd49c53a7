"""Partner selection, after Jiang et al. 2025 (arXiv 2507.13524). Its numbers are not public: all defaults are ours."""

from typing import Literal

from experiments.partner_selection import rules
from experiments.partner_selection.policies import POLICIES
from paradigm import Choice, Decision, Experiment, Points, Role, Show, Text, setting
from paradigm.beliefs import BeliefSettings, belief_texts, deal_rounds


class Settings(BeliefSettings):
    """What a study may set. The properties follow from it; all are slots of the pages."""

    rounds: int = setting(15, "Rounds", unit="rounds", ge=1, le=100)
    endowment: int = setting(10, "What a Chooser may keep or give", unit="points", ge=2, le=1000)
    multiplier: int = setting(
        3, "Points that a picked Responder receives for each point given", unit="points", ge=2, le=10
    )
    history: Literal["none", "last", "own_table"] = setting(
        "last", "What a seat is shown of its own past rounds, by letter and label, on pages and in prompts alike"
    )
    question_chars: int = setting(200, "Longest question", unit="characters", ge=20, le=2000)
    reply_chars: int = setting(300, "Longest reply", unit="characters", ge=20, le=2000)
    ask_seconds: int = setting(45, "Time to ask", unit="s", ge=5, le=600)
    reply_seconds: int = setting(60, "Time to reply", unit="s", ge=5, le=600)
    decide_seconds: int = setting(45, "Time to decide", unit="s", ge=5, le=600)
    feedback_seconds: int = setting(12, "Longest time the result is shown", unit="s", ge=3, le=600)

    # In points: what a picked Responder receives; its split in the worked example (in the quiz, the other way round)
    pot = property(lambda self: self.endowment * self.multiplier)
    example_back = property(lambda self: self.pot * 2 // 5)
    example_left = property(lambda self: self.pot - self.example_back)


QUESTION = Text("question", "Your question to A and B", False, max_chars="question_chars")
MESSAGE = Text("message", "Your answer", max_chars="reply_chars")
CHOICE = Choice("choice", "Your choice", options=rules.offered)
RETURNED = Points("returned", "Points you send back if you are picked", high="pot")

experiment = Experiment(
    name="partner_selection",
    roles={"selector": Role(title="Chooser"), "candidate": Role(title="Responder")},
    parameters=Settings,
    pairing=rules.triads,
    steps=[
        Decision("ask", "selector", [QUESTION], "ask_seconds"),
        Decision("reply", "candidate", [MESSAGE], "reply_seconds"),
        rules.BELIEFS.before,
        Decision("decide", {"selector": [CHOICE], "candidate": [RETURNED]}, seconds="decide_seconds"),
        rules.BELIEFS.after,
        Show("feedback", "feedback_seconds"),
        rules.BELIEFS.at_the_end,
    ],
    deal=deal_rounds,
    payoff=rules.payoff,
    bonus=rules.BELIEFS.bonus,
    void_points="endowment",
    view=rules.view,
    policies=POLICIES,
    texts=belief_texts("reply_candidate_unasked", "feedback_selector_kept", "feedback_candidate_picked"),
)
