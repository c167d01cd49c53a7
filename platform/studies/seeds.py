"""The seed of a study, from which everything is drawn: secret, so it must be too long to be tried out."""

import secrets

from studies.models import Study, Version
from studies.problems import StudyError
from studies.queries import version_of

SHORTEST = 32
"""Characters of a seed that is drawn. The sha256 of a shorter one, which is registered, can be tried out."""


def drawn() -> str:
    """A new seed."""
    return secrets.token_hex(SHORTEST // 2)


def gives_way(study: Study, newest: Version | None) -> bool:
    """Whether a short seed of a real study may still be replaced: it was never open, so nothing was drawn from it."""
    return newest is not None and study.status == Study.Status.DRAFT and _is_short(study, newest)


def refuse_short(study: Study) -> None:
    """Of a real study, before it is opened: who finds the seed knows what is drawn. Raises StudyError: "seed"."""
    newest = version_of(study)
    if not _is_short(study, newest):
        return
    what = f"the seed of {study.slug} has {len(newest.seed)} characters, and can be guessed from its sha256"
    remedy = "freeze the folder again without --seed, and a long one is drawn"
    if not gives_way(study, newest):
        remedy = "it was open before and keeps its seed: load the folder under another id, without --seed"
    raise StudyError("seed", f"{what}; {remedy}")


def _is_short(study: Study, newest: Version) -> bool:
    return not (study.is_demo or study.is_simulated) and len(newest.seed) < SHORTEST
