"""Refuse to start with a table that names something that does not exist."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from config.places import ROOT
from llm.access import wrong_settings


@register()
def kinds_exist(app_configs: Any, **_: Any) -> list[CheckMessage]:  # noqa: ARG001  Django passes it
    """Report each path in KINDS that does not import."""
    named = (
        (f"KINDS[{kind!r}][{name!r}]", path) for kind, names in settings.KINDS.items() for name, path in names.items()
    )
    return [error for place, path in named for error in _unimportable(place, path)]


@register()
def reactions_exist(app_configs: Any, **_: Any) -> list[CheckMessage]:  # noqa: ARG001  Django passes it
    """Report each event in REACTIONS that no app records, and each reaction that does not import."""
    return [*_unknown_events(settings.REACTIONS), *_unknown_reactions(settings.REACTIONS)]


@register()
def models_addresses_are_allowed(app_configs: Any, **_: Any) -> list[CheckMessage]:  # noqa: ARG001  Django passes it
    """Report each address of language models that is no address or not allowed, and a key of no provider."""
    return [Error(wrong.what, hint=wrong.remedy, id="rapport.E003") for wrong in wrong_settings()]


def _unknown_reactions(reactions: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for event, following in reactions.items():
        for reaction in following:
            yield from _unimportable(f"REACTIONS[{event!r}]", reaction.path)


def _unknown_events(reactions: Mapping[str, Any]) -> Iterator[CheckMessage]:
    if not reactions:
        return
    sources = "\n".join(file.read_text() for file in _recording_sources())
    for event in reactions:
        if f'"{event}"' not in sources:
            hint = "spell it as the app that records it does"
            yield Error(f"REACTIONS names the event {event!r}, which no app records", hint=hint, id="rapport.E002")


def _recording_sources() -> Iterator[Path]:
    platform = ROOT / "platform"
    return (file for file in platform.glob("*/**/*.py") if file.relative_to(platform).parts[0] != "config")


def _unimportable(place: str, path: str) -> Iterator[CheckMessage]:
    try:
        import_string(path)
    except ImportError as error:
        yield Error(f"{place} names {path}, which does not import: {error}", hint="correct the path", id="rapport.E001")
