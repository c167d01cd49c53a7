"""Which worker runs which test: a file stays together, so that what its fixtures play or draw is made once."""

from typing import Any

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/screens/",)  # folders whose files share something that takes long to make


class ByFile(LoadScopeScheduling):
    """Files in the order in which they were collected: those that must come last do."""

    def __init__(self, config: Any, log: Any = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.split("::", 1)[0])
