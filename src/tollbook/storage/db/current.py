"""Which database is meant: the one of the installation that is current where the code runs.

A process may have several installations open. Each request, job or command works on one of them,
and says so once: `working_on(alias)`. Queries, the ORM and caches follow it by a context variable,
which threads of their own take along by `carried(...)`. Where a process has one installation only
there is nothing to say. Where it has several and nothing was said, NoInstallation is raised: no
query ever runs on a database by chance.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import update_wrapper
from threading import Lock
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

Given = ParamSpec("Given")
Found = TypeVar("Found")

_alias: ContextVar[str | None] = ContextVar("tollbook_installation", default=None)
_open: list[str] = []
_changing = Lock()


class NoInstallation(RuntimeError):
    """Nothing says on which installation this code works."""


def current_alias() -> str:
    """Return Django's name of the database of the installation that is current here.

    Raises NoInstallation if none is, and more or less than one is open.
    """
    chosen = _alias.get()
    if chosen is not None:
        return chosen
    if len(_open) == 1:
        return _open[0]
    raise NoInstallation(
        f"this code works on no installation, and {len(_open)} are open. Nothing was asked or "
        "written. Enter one first: `with installation.current(): …`."
    )


def current_connection() -> BaseDatabaseWrapper:
    """Return this thread's connection to the database of the installation that is current."""
    found: BaseDatabaseWrapper = connections[current_alias()]
    return found


@contextmanager
def working_on(alias: str) -> Iterator[None]:
    """Make the installation with this alias the current one."""
    before = _alias.set(alias)
    try:
        yield
    finally:
        _alias.reset(before)


def enter(alias: str) -> None:
    """Make the installation with this alias the current one of this context from now on."""
    _alias.set(alias)


def carried(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """Return *function* for another thread or a whole pool: it works on what is current here."""
    here = copy_context()

    def run(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        # Threads of a pool run at once, and a context is entered by one at a time.
        return here.copy().run(function, *args, **kwargs)

    return run


def add_alias(alias: str) -> None:
    """Note that an installation is open."""
    with _changing:
        _open.append(alias)


def drop_alias(alias: str) -> None:
    """Note that an installation was closed; its caches are dropped."""
    with _changing:
        _open.remove(alias)
        for cache in _caches:
            cache.forget(alias)


class CurrentDatabase:
    """Django's router: the ORM asks the installation that is current, a row's own for its links."""

    def db_for_read(self, _model: type, **hints: Any) -> str | None:
        """Return the alias to read from; None for Django's own commands: the default."""
        instance = hints.get("instance")
        if instance is not None and instance._state.db:  # noqa: SLF001 - as Django's own routers do
            return str(instance._state.db)  # noqa: SLF001 - likewise
        return current_alias() if _open else None

    db_for_write = db_for_read


class _Cache(Generic[Found]):
    """An LRU cache of a function's results, *most* of them for each installation."""

    def __init__(self, function: Callable[..., Found], most: int) -> None:
        self._function = function
        self._most = most
        self._found: dict[str, OrderedDict[Hashable, Found]] = {}
        self._changing = Lock()
        update_wrapper(self, function)

    def __call__(self, *key: Hashable) -> Found:
        alias = current_alias()
        with self._changing:
            found = self._found.setdefault(alias, OrderedDict())
            if key in found:
                found.move_to_end(key)
                return found[key]
        made = self._function(*key)
        with self._changing:
            found[key] = made
            while len(found) > self._most:
                found.popitem(last=False)
        return made

    def forget(self, alias: str) -> None:
        """Drop the results of one installation."""
        with self._changing:
            self._found.pop(alias, None)


_caches: list[_Cache[Any]] = []


def remembered(*, most: int) -> Callable[[Callable[..., Found]], _Cache[Found]]:
    """Return a decorator that memoises: an LRU cache of *most* results for each installation.

    Ids of two installations are the same and mean different rows, so `lru_cache` would mix them.
    """

    def decorate(function: Callable[..., Found]) -> _Cache[Found]:
        cache = _Cache(function, most)
        _caches.append(cache)
        return cache

    return decorate
