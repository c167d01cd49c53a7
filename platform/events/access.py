"""Who may open a view. Every view carries exactly one mark; the middleware of `config` refuses a view without one."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])

MARK = "rapport_access"


class Access(StrEnum):
    """Whom a view admits."""

    PUBLIC = "public"
    PARTICIPANT = "participant"
    RESEARCHER = "researcher"


def public(view: View) -> View:
    """Admit everybody: consent links, health, error pages."""
    return _marked(view, Access.PUBLIC)


def participant_only(view: View) -> View:
    """Admit whoever holds a participant's cookie; the view finds them as `request.participant`."""
    return _marked(view, Access.PARTICIPANT)


def researcher_only(view: View) -> View:
    """Admit a signed-in staff account. Which studies it sees is decided by `Study.for_user`, not here."""
    return _marked(view, Access.RESEARCHER)


def access_of(view: Callable[..., Any]) -> Access | None:
    """Return the mark of a view function, or of the class behind it; None when nobody marked it."""
    behind = getattr(view, "view_class", None) or getattr(view, "cls", None)
    mark = getattr(view, MARK, None) or getattr(behind, MARK, None)
    return Access(mark) if mark else None


def _marked(view: View, access: Access) -> View:
    setattr(view, MARK, access)
    return view
