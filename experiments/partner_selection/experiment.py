"""Partner selection, after Jiang et al. 2025 (arXiv 2507.13524). Its numbers are not public: all defaults are ours."""

from functools import partial
from typing import Literal

from experiments.partner_selection import rules
from experiments.partner_selection.policies import POLICIES
from paradigm import Belief, Choice, Decision, Each, Experiment, Parameters, Points, Rating, Role, Show, Text, setting


class Settings(Parameters):
    """What a study may set. The properties follow from it; all are slots of the pages."""

    rounds: int = setting(15, "Rounds", unit="rounds", ge=1, le=100)
    endowment: int = setting(10, "What a Chooser may keep or give", unit="points", ge=2, le=1000)
    multiplier: int = setting(
        3, "Points that a picked Responder receives for each point given", unit="points", ge=2, le=10
    )
    history: Literal["none", "last", "own_table"] = setting("last", "What a seat is shown of its own past rounds")
    expect_every: int = setting(5, "Expected returns are asked each n-th round (0: never)", unit="rounds", ge=0, le=100)
    ask_types: bool = setting(True, "Whether Choosers say after the last round who they think was an AI")
    question_chars: int = setting(200, "Longest question", unit="characters", ge=20, le=2000)
    reply_chars: int = setting(300, "Longest reply", unit="characters", ge=20, le=2000)
    ask_seconds: int = setting(45, "Time to ask", unit="s", ge=5, le=600)
    reply_seconds: int = setting(60, "Time to reply", unit="s", ge=5, le=600)
    decide_seconds: int = setting(45, "Time to decide", unit="s", ge=5, le=600)
    belief_seconds: int = setting(40, "Time for a question on what one expects", unit="s", ge=5, le=600)
    feedback_seconds: int = setting(12, "Longest time the result is shown", unit="s", ge=3, le=600)

    # In points: what a picked Responder receives; its split in the worked example (in the quiz, the other way round)
    pot = property(lambda self: self.endowment * self.multiplier)
    example_back = property(lambda self: self.pot * 2 // 5)
    example_left = property(lambda self: self.pot - self.example_back)


QUESTION = Text("question", "Your question to A and B", False, max_chars="question_chars")
MESSAGE = Text("message", "Your answer", max_chars="reply_chars")
CHOICE = Choice("choice", "Your choice", options=rules.offered)
RETURNED = Points("returned", "Points you send back if you are picked", high="pot")
EXPECTED = Points("expected", "How many points did {about} decide to send back?", belief=Belief("return"), high="pot")
TYPE = Rating("type_ai", "How likely (in %) is {about} an AI?", belief=Belief("type"), low=0, high=100, unit="%")
about_both = partial(Each, of=lambda _, __: rules.LETTERS)
ask_belief = partial(Decision, by="selector", seconds="belief_seconds", voids_match=False)  # a gap voids nothing

experiment = Experiment(
    name="partner_selection",
    roles={"selector": Role(title="Chooser"), "candidate": Role(title="Responder")},
    parameters=Settings,
    pairing=rules.triads,
    steps=[
        Decision("ask", "selector", [QUESTION], "ask_seconds"),
        Decision("reply", "candidate", [MESSAGE], "reply_seconds"),
        Decision("decide", {"selector": [CHOICE], "candidate": [RETURNED]}, seconds="decide_seconds"),
        ask_belief("expect", fields=[about_both(EXPECTED)], when=rules.is_checkpoint),
        Show("feedback", "feedback_seconds"),
        ask_belief("types", fields=[about_both(TYPE)], when=lambda s: s.parameters.ask_types and s.round == s.rounds),
    ],
    payoff=rules.payoff,
    void_points="endowment",
    view=rules.view,
    policies=POLICIES,
    texts=("reply_candidate_unasked", "feedback_selector_kept", "feedback_candidate_picked"),
)
