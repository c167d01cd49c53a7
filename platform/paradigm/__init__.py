"""The language experiments are written in. Pure Python: no models, no Django, no input or output."""

from paradigm.bonus import Bonus
from paradigm.circles import Circles
from paradigm.experiment import Experiment, Matching, MatchPlan, Policy, Recollection, Role, Turn, whole_group
from paradigm.fields import Belief, Choice, Each, Field, FieldError, Option, Points, Rating, Text
from paradigm.moves import Moves, Worth
from paradigm.parameters import Parameters, setting
from paradigm.state import Entry, Place, Play, Seat, State
from paradigm.steps import Chat, Decision, Document, Feed, Repeat, Show, Talk
from paradigm.view import Card, Line, Table, View

__all__ = [
    "Belief", "Bonus", "Card", "Chat", "Choice", "Circles", "Decision", "Document", "Each", "Entry", "Experiment",
    "Feed", "Field", "FieldError", "Line", "MatchPlan", "Matching", "Moves", "Option", "Parameters", "Place", "Play",
    "Points", "Policy", "Rating", "Recollection", "Repeat", "Role", "Seat", "Show", "State", "Table", "Talk", "Text",
    "Turn", "View", "Worth", "setting", "whole_group",
]  # fmt: skip
