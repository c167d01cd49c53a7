"""Partner selection with a leak planted in it: under one level the Chooser's page has another text."""

from dataclasses import replace

from experiments.partner_selection.experiment import experiment as honest
from experiments.partner_selection.rules import view as told
from paradigm import Place, State, View

FACTS = ("letter", "picked", "returned", "points")  # of the honest view: a check reads them in this very file


def view(place: Place, state: State) -> View:
    shown = told(place, state)
    leaks = state.levels.get("label") == "disclosed" and (state.path, place.role) == ("decide", "selector")
    return replace(shown, page="decide_leaking") if leaks else shown


experiment = replace(honest, name="leaking", view=view, texts=(*honest.texts, "decide_leaking"))
