"""Candidates for a lease, on a store that fails and dawdles as networks do; time passes when told to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, TypeVar, cast

from ballonet.api_kinds import Kind
from ballonet.apiserver import ApiServer, Json
from ballonet.errors import ApiServerRefused, ApiServerUnreachable
from ballonet_operator.controller.lease import Elector

T = TypeVar("T")
Fate = Literal["done", "lost", "answer lost"]


@dataclass
class Weather:
    """What becomes of the next request: how long it takes there and back, and what others do meanwhile."""

    there: float = 0
    back: float = 0
    fate: Fate = "done"
    trouble: ApiServerUnreachable | ApiServerRefused | None = None
    meanwhile: Callable[[], None] = lambda: None


@dataclass
class Store:
    """One lease, replaced as the API server replaces: only by who has seen its latest version."""

    now: float = 1000.0
    lease: Json | None = None
    weather: Weather = field(default_factory=Weather)
    watch: Callable[[], None] = lambda: None
    versions: Any = field(default_factory=count)

    def get(self, kind: Kind, name: str, *, namespace: str) -> Json | None:
        assert (kind.plural, name, namespace) == ("leases", "lease", "space")
        return self._request(lambda: self.lease)

    def create(self, kind: Kind, body: Json, *, namespace: str) -> Json:
        assert (kind.plural, namespace) == ("leases", "space")
        return self._request(lambda: self._store(body, expected=None))

    def replace(self, kind: Kind, body: Json, *, namespace: str) -> Json:
        assert (kind.plural, namespace) == ("leases", "space")
        return self._request(lambda: self._store(body, expected=body["metadata"]["resourceVersion"]))

    def _store(self, body: Json, *, expected: str | None) -> Json:
        version = self.lease["metadata"]["resourceVersion"] if self.lease else None
        if version != expected:
            raise ApiServerRefused("somebody was faster", code=409)
        self.lease = {**body, "metadata": {**body["metadata"], "resourceVersion": str(next(self.versions))}}
        return self.lease

    def _request(self, does: Callable[[], T]) -> T:
        weather, self.weather = self.weather, Weather()
        self.pass_time(weather.there)
        weather.meanwhile()
        if weather.trouble:
            raise weather.trouble
        if weather.fate == "lost":
            raise ApiServerUnreachable("lost")
        result = does()
        self.pass_time(weather.back)
        if weather.fate == "answer lost":
            raise ApiServerUnreachable("answer lost")
        return result

    def pass_time(self, seconds: float) -> None:
        """Let time pass in small steps, so that no moment is overlooked."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 0.5)
            self.watch()
        self.watch()


@dataclass
class Candidate:
    """An elector that is moved by hand: ``look`` is what its thread does every two seconds."""

    store: Store
    name: str
    told: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        server = cast("ApiServer", self.store)
        self.elector = Elector(
            server, "space", "lease", self.name, self.told.append, clock=lambda: self.store.now
        )

    def look(self) -> None:
        self.elector._try()
        self.elector._tell()

    @property
    def leading(self) -> bool:
        return self.elector.leading()
