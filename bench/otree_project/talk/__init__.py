"""The conversation of bench/talk_study, as an oTree app: two people, and oTree's chat on one page."""

from otree.api import BaseConstants, BaseGroup, BasePlayer, BaseSubsession, Page, WaitPage


class C(BaseConstants):
    """Two talk, once."""

    NAME_IN_URL = "talk"
    PLAYERS_PER_GROUP = 2
    NUM_ROUNDS = 1


class Subsession(BaseSubsession):
    """One session."""


class Group(BaseGroup):
    """A pair."""


class Player(BasePlayer):
    """One person."""


class Welcome(Page):
    """Our landing page."""


class Grouping(WaitPage):
    """Our waiting room."""

    group_by_arrival_time = True


class Talk(Page):
    """The conversation."""


page_sequence = [Welcome, Grouping, Talk]
