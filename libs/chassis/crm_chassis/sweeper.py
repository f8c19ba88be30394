"""The sweeper: reads every peer's feed from where it stopped and puts into the inbox what the broker did not bring.

It is the cure for everything a broker may lose, and the whole transport when there is none. It also tries again what
waits in the inbox. Pages keep its memory bounded however long the service was away, and where the broker did bring a
page, the events behind it are passed by their ids.
"""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
import urllib3
from sqlalchemy import BigInteger, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm_contracts.envelope import Envelope
from crm_contracts.events import REGISTRY
from crm_contracts.subscriptions import PATTERNS, matches

from . import bus, inbox, outbox_feed
from .database import system_transaction
from .internal_key import internal_headers
from .tables import ChassisBase

if TYPE_CHECKING:
    from .service import Runtime

log = structlog.get_logger()

SWEEP_S = 30.0
SWEEP_WITHOUT_BROKER_S = 1.0
_AT_ONCE_S = 2.0
"""How long a sweep goes on before what is due in the inbox has its turn."""
_TIMEOUT = urllib3.Timeout(connect=1.0, read=5.0)


class SweepMark(ChassisBase):
    """How far a peer's feed was read. Events up to ``replay_until`` are replays."""

    __tablename__ = "sweep_marks"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    pos: Mapped[int] = mapped_column(BigInteger, default=0)
    replay_until: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class FeedUnavailable(ConnectionError):
    """A peer's feed did not answer, or not with events; the message names the peer."""


class Sweeper:
    """The sweeps of one worker process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._patterns = PATTERNS.get(runtime.service.name, ())
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)
        self._next_sweep = 0.0
        self._behind = False
        self._waking = True

    def step(self) -> bool:
        """Sweep the feeds for a while when that is due, then try what is due in the inbox; whether there is more to do.

        The first steps of a process make due, batch by batch, what came before its handlers were deployed.
        """
        if self._waking:
            self._waking = self._wake_ignored() == inbox.WOKEN_AT_ONCE
        if time.monotonic() >= self._next_sweep:
            self.sweep(_AT_ONCE_S)
            if not self._behind:
                brokered = bus.reachable(self._runtime.settings.broker_url)
                self._next_sweep = time.monotonic() + (SWEEP_S if brokered else SWEEP_WITHOUT_BROKER_S)
        return inbox.retry_due(self._runtime) > 0 or self._behind

    def sweep(self, within_s: float = math.inf) -> int:
        """Read every peer's feed to its end, or a page at least in the time there is; answers how many events were new.

        A silent peer does not stop the others.
        """
        ends, new, self._behind = time.monotonic() + within_s, 0, False
        for source in self.sources():
            try:
                new += self._sweep_source(source, ends)
            except FeedUnavailable as error:
                log.warning("sweep_failed", source=source, error=str(error))
        return new

    def _wake_ignored(self) -> int:
        with self._runtime.activate(), system_transaction() as session:
            return inbox.wake_ignored(session, tuple(self._runtime.service.handlers))

    def sources(self) -> list[str]:
        """The services that announce events this service hears."""
        heard = {kind.service for name, kind in REGISTRY.items() if any(matches(each, name) for each in self._patterns)}
        return sorted(heard)

    def _sweep_source(self, source: str, ends: float) -> int:
        new = 0
        with self._runtime.activate():
            while True:
                after = _mark(source)
                page = self._page(source, after)
                found = _take_page(source, after, page)
                new += found
                if not _has_more(page):
                    return new
                if time.monotonic() > ends:
                    self._behind = True
                    return new
                if not found:
                    after = _mark(source)
                    _pass_known(source, after, self._page(source, after, outbox_feed.IDS, ids_only=True))

    def _page(
        self, source: str, after: int, limit: int = outbox_feed.PAGE, *, ids_only: bool = False
    ) -> dict[str, Any]:
        if source == self._runtime.service.name:
            with system_transaction() as session:
                return outbox_feed.read(session, after, self._patterns, limit, ids_only=ids_only)
        settings = self._runtime.settings
        base = settings.peers.get(source)
        if base is None:
            raise FeedUnavailable(f"PEERS does not name {source}")
        query = urlencode(
            {
                "after": after,
                "limit": limit,
                "ids_only": int(ids_only),
                "types": ",".join(self._patterns),
            }
        )
        try:
            answer = self._pool.request(
                "GET",
                f"{base.rstrip('/')}{outbox_feed.PATH}?{query}",
                headers={**internal_headers(settings), "Connection": "close"},
            )
        except urllib3.exceptions.HTTPError as error:
            raise FeedUnavailable(f"{source}: {error}") from error
        if answer.status != 200:
            raise FeedUnavailable(f"{source} answered {answer.status}")
        return json.loads(answer.data)


def mark_of(session: Session, source: str) -> SweepMark:
    """The source's mark, made when it is new, locked until the transaction ends."""
    session.execute(insert(SweepMark).values(source=source, pos=0).on_conflict_do_nothing())
    return session.get_one(SweepMark, source, with_for_update=True)


def rewind(session: Session, source: str, pos: int) -> None:
    """Read a source again from after ``pos``; what was read before counts as replayed."""
    mark = mark_of(session, source)
    mark.replay_until, mark.pos = max(mark.replay_until, mark.pos), min(mark.pos, pos)


def _mark(source: str) -> int:
    with system_transaction() as session:
        return mark_of(session, source).pos


def marks(session: Session) -> dict[str, int]:
    """Source -> the ``pos`` up to which its feed was read."""
    return {mark.source: mark.pos for mark in session.scalars(select(SweepMark))}


def _has_more(page: dict[str, Any]) -> bool:
    """Whether the feed goes on after this page; one of the release before tells it by a full page only."""
    return bool(page.get("more", len(page["events"]) == outbox_feed.PAGE))


def _pass_known(source: str, after: int, page: dict[str, Any]) -> None:
    """Move the mark to the first event of a page of ids that the inbox does not know, or over the page."""
    # One of the release before answers with whole events.
    ids = {event["pos"]: event.get("id") or event["envelope"]["id"] for event in page["events"]}
    with system_transaction() as session:
        mark = mark_of(session, source)
        if mark.pos != after:
            return
        known = inbox.known(session, source, ids.values())
        unknown = (pos for pos, event_id in ids.items() if UUID(event_id) not in known)
        mark.pos = max(after, next(unknown, page["scanned_through"] + 1) - 1)


def _take_page(source: str, after: int, page: dict[str, Any]) -> int:
    events = [(event["pos"], Envelope.from_dict(event["envelope"])) for event in page["events"]]
    with system_transaction() as session:
        mark = mark_of(session, source)
        if mark.pos != after:  # another worker read this page, or an operator rewound: the next sweep continues there
            return 0
        mark.pos = max(after, page["scanned_through"])
        return inbox.take_in(session, events, replay_until=mark.replay_until)
