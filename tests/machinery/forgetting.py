"""What a process keeps of a version it keeps by its key: where keys may begin anew, tests let it forget that."""

from exports import texts
from exports.tables import pooled
from measures import exclusions, probes
from studies import definition

KEPT_BY_KEY = (
    definition._version,
    definition._text,
    probes.probes_of,
    exclusions.variables_in,
    pooled._asked_of_all,
    texts._expressions,
)


def forget_versions() -> None:
    """Let this process read every version anew."""
    for kept in KEPT_BY_KEY:
        kept.cache_clear()
