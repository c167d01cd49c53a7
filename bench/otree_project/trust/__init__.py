"""The trust game of bench/study, page by page and field by field, as an oTree app."""

from otree.api import BaseConstants, BaseGroup, BasePlayer, BaseSubsession, Page, WaitPage, models, widgets


class C(BaseConstants):
    """The same numbers as in bench/study/study.yaml."""

    NAME_IN_URL = "trust"
    PLAYERS_PER_GROUP = 2
    NUM_ROUNDS = 1
    ENDOWMENT = 10_000
    MULTIPLIER = 3


class Subsession(BaseSubsession):
    """One session."""


class Group(BaseGroup):
    """What a pair decides."""

    sent = models.IntegerField(min=0, max=C.ENDOWMENT, label="Points you send to Player B")
    returned = models.IntegerField(min=0, label="Points you send back")


class Player(BasePlayer):
    """What one person says."""

    take_part = models.BooleanField(
        widget=widgets.CheckboxInput, label="I have read this page and I want to take part."
    )


def returned_max(group: Group) -> int:
    """At most what Player B received."""
    return int(group.sent * C.MULTIPLIER)


def set_payoffs(group: Group) -> None:
    """A has what was kept and what came back; B has the rest of the pot."""
    sender, receiver = group.get_player_by_id(1), group.get_player_by_id(2)
    sender.payoff = C.ENDOWMENT - group.sent + group.returned
    receiver.payoff = group.sent * C.MULTIPLIER - group.returned


def take_part_error_message(_player: Player, value: bool) -> str | None:
    """The box must be ticked."""
    return None if value else "Please tick this box if you want to take part."


class Welcome(Page):
    """Our landing page."""


class Consent(Page):
    """Our consent page."""

    form_model = "player"
    form_fields = ["take_part"]


class Ready(Page):
    """Our waiting room asks whether one is ready."""


class Grouping(WaitPage):
    """Our waiting room."""

    group_by_arrival_time = True


class Send(Page):
    """A decides."""

    form_model = "group"
    form_fields = ["sent"]

    @staticmethod
    def is_displayed(player: Player) -> bool:
        """Only A."""
        return bool(player.id_in_group == 1)


class SendWait(WaitPage):
    """B waits for A."""


class SendBack(Page):
    """B decides."""

    form_model = "group"
    form_fields = ["returned"]

    @staticmethod
    def is_displayed(player: Player) -> bool:
        """Only B."""
        return bool(player.id_in_group == 2)

    @staticmethod
    def vars_for_template(player: Player) -> dict[str, int]:
        """What B received."""
        return {"received": player.group.sent * C.MULTIPLIER}


class SendBackWait(WaitPage):
    """A waits for B."""

    after_all_players_arrive = set_payoffs


class Results(Page):
    """Both see what came of it."""

    @staticmethod
    def vars_for_template(player: Player) -> dict[str, int]:
        """What B received, and who reads."""
        return {"received": player.group.sent * C.MULTIPLIER, "is_sender": player.id_in_group == 1}


class Debrief(Page):
    """Our debrief."""


class End(Page):
    """Our exit page, with the code that one copies."""


page_sequence = [
    Welcome,
    Consent,
    Ready,
    Grouping,
    Send,
    SendWait,
    SendBack,
    SendBackWait,
    Results,
    Debrief,
    End,
]
