"""A cache that may be away: what it cannot remember is computed again.

The cache holds nothing that is not elsewhere, so an unreachable Redis costs time and never an
error page. Limits do not trust it: while Redis is away nobody begins to sign in
(:mod:`carpool.kernel.limits`), and the tries of a code are counted in the session, in PostgreSQL.
"""

import logging
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

T = TypeVar("T")


def _or_else(fallback: T, call: Callable[[], T]) -> T:
    try:
        return call()
    except RedisError as error:
        logger.warning("Redis does not answer: %s", error)
        return fallback


@cache
def _client(servers: tuple[str, ...], options: frozenset[tuple[str, Any]]) -> RedisCacheClient:
    return RedisCacheClient(list(servers), **dict(options))


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, empty and forgetful as long as Redis does not answer.

    Django makes a cache for each request that a web process serves, and would connect each anew;
    here all of a process have their connections in common.
    """

    @property
    def _cache(self) -> RedisCacheClient:
        kept: Any = self  # the stubs leave out what Django keeps of the settings
        return _client(tuple(kept._servers), frozenset(kept._options.items()))

    def add(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Set a key that is not there; True while Redis is away, as for an empty cache."""
        return _or_else(
            True, lambda: super(ForgivingRedisCache, self).add(key, value, timeout, version)
        )

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """Return a value, or the default."""
        return _or_else(
            default, lambda: super(ForgivingRedisCache, self).get(key, default, version)
        )

    def set(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        """Remember a value, if that is possible."""
        _or_else(None, lambda: super(ForgivingRedisCache, self).set(key, value, timeout, version))

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget a value."""
        return _or_else(False, lambda: super(ForgivingRedisCache, self).delete(key, version))

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """Return the values that are there."""
        return _or_else({}, lambda: super(ForgivingRedisCache, self).get_many(keys, version))

    def set_many(
        self,
        data: dict[Any, Any],
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> list[Any]:
        """Remember values; return the keys that could not be."""
        return _or_else(
            list(data), lambda: super(ForgivingRedisCache, self).set_many(data, timeout, version)
        )

    def has_key(self, key: Any, version: int | None = None) -> bool:
        """Tell whether a key is there."""
        return _or_else(False, lambda: super(ForgivingRedisCache, self).has_key(key, version))
