"""Django's cache in Redis with one client: Django makes one for every question, which costs more than to ask it."""

from typing import Any

from django.core.cache.backends import redis


class KeptClient(redis.RedisCacheClient):
    """Keeps its client, which many threads may use."""

    def __init__(self, *servers: Any, **options: Any) -> None:
        super().__init__(*servers, **options)
        self._kept: Any = None

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """The client; there is one server."""
        if self._kept is None:
            self._kept = super().get_client(key, write=write)
        return self._kept


class RedisCache(redis.RedisCache):
    """What `CACHES["default"]["BACKEND"]` names."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient
