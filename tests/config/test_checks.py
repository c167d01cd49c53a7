"""The two tables may only name what exists."""

from django.test import override_settings

from config.checks import kinds_exist, reactions_exist
from events.reaction import Reaction


def test_present_tables_are_clean() -> None:
    assert kinds_exist(None) == []
    assert reactions_exist(None) == []


@override_settings(KINDS={"stage": {"consent": "flow.machine.NoSuchStage", "ok": "events.access.Access"}})
def test_kind_that_does_not_import_is_an_error() -> None:
    errors = kinds_exist(None)
    assert [error.id for error in errors] == ["rapport.E001"]
    assert "KINDS['stage']['consent']" in errors[0].msg


@override_settings(REACTIONS={"no.such.event": [Reaction("no.such.task")]})
def test_unknown_event_and_reaction_are_errors() -> None:
    assert [error.id for error in reactions_exist(None)] == ["rapport.E002", "rapport.E001"]
