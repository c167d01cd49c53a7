"""The researcher's pages and the read-only API."""

from django.urls import path

from console import api
from console.views import costs, data, entry, parameters, safety, simulations, studies, wizards

urlpatterns = [
    path("", entry.home, name="home"),
    path("researcher/", studies.studies, name="studies"),
    path("researcher/enter/<str:token>", entry.Enter.as_view(), name="demo_entry"),
    path("researcher/studies/<slug:slug>/", studies.study, name="study"),
    path("researcher/studies/<slug:slug>/play", studies.play, name="play"),
    path("researcher/studies/<slug:slug>/parameters", parameters.parameters, name="parameters"),
    path("researcher/studies/<slug:slug>/simulations", simulations.simulations, name="simulations"),
    path("researcher/studies/<slug:slug>/unmask", studies.unmask, name="unmask"),
    path("researcher/studies/<slug:slug>/board", studies.board, name="board"),
    path("researcher/studies/<slug:slug>/visits", studies.visits, name="visits"),
    path("researcher/studies/<slug:slug>/costs", costs.costs, name="costs"),
    path("researcher/studies/<slug:slug>/safety", safety.safety, name="safety"),
    path("researcher/studies/<slug:slug>/safety/<int:number>", safety.case, name="safety_case"),
    path("researcher/studies/<slug:slug>/curtain", wizards.wizard, name="wizard"),
    path("researcher/studies/<slug:slug>/curtain/<int:number>", wizards.wizard_seat, name="wizard_seat"),
    path("researcher/studies/<slug:slug>/data", data.data, name="data"),
    path("researcher/studies/<slug:slug>/data.zip", data.bundle, name="bundle"),
    path("researcher/studies/<slug:slug>/data/<slug:name>", data.table, name="table"),
    path("researcher/studies/<slug:slug>/data/<slug:name>.csv", data.table_csv, name="table_csv"),
    path("researcher/studies/<slug:slug>/codebook", data.codebook, name="codebook"),
    path("api/studies", api.Studies.as_view(), name="api_studies"),
    path("api/studies/<slug:slug>/board", api.Board.as_view(), name="api_board"),
]
