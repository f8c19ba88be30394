"""Writing notifications: numbered, never twice for one cause, and a flood becomes a digest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_chassis import clock, ids

from ..texts.kinds import KINDS
from ..texts.rendering import DIGEST_TITLES, Rendered, render_digest
from . import wakes
from .models import Mailbox, Notification
from .rules import GATHERED_MAX, SINGLES_MAX, WINDOW, split

_FORGOTTEN_AT_ONCE = 5_000  # half of what deliveries forget: their rows must be gone before


@dataclass(frozen=True, slots=True)
class Draft:
    """A notification about to be written, in its recipient's own words."""

    event_id: UUID
    recipient_id: UUID
    unit_id: UUID
    kind: str
    locale: str
    words: Rendered
    in_app: bool
    gathered: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a draft: a notification of its own, or a new digest. follows: on one of less than WINDOW ago."""

    id: UUID
    recipient_id: UUID
    kind: str
    unit_id: UUID
    is_digest: bool
    follows: bool = False


def add(session: Session, drafts: Sequence[Draft]) -> list[Written]:
    """Write what has not been written for the same cause, recipient and kind; answers the new rows.

    More than SINGLES_MAX of one kind for one recipient within WINDOW (GATHERED_MAX of drafts that are ``gathered``)
    are counted in one digest, which moves to the top and is unread again whenever it grows. Once it was mailed it grows
    no more, and the next ones begin another.
    """
    numbers = _reserve(session, drafts)
    fresh = _not_written(session, drafts)
    if not fresh:
        return []
    recent = _recent(session, fresh)
    written: list[Written] = []
    rows: list[dict[str, Any]] = []
    for (recipient, kind, gathered), arrivals in _grouped(fresh).items():
        singles, many = split(arrivals, recent[recipient, kind], GATHERED_MAX if gathered else SINGLES_MAX)
        recent[recipient, kind] += len(singles)
        rows += [_row(draft, number) for draft, number in zip(singles, numbers[recipient], strict=False)]
        written += _gather(session, many, numbers[recipient]) if many else []
    if rows:
        session.execute(insert(Notification), rows)
    written += [Written(row["id"], row["owner_id"], row["kind"], row["unit_id"], False) for row in rows]
    wakes.after_commit(session, {draft.recipient_id for draft in fresh if draft.in_app})
    return written


def mark_read(session: Session, notification: Notification) -> Notification:
    """The recipient has seen it; a second time changes nothing."""
    notification.read_at = notification.read_at or clock.now()
    session.flush()
    return notification


def mark_all_read(session: Session, user_id: UUID) -> int:
    """The recipient has seen everything up to now; answers how many were unread."""
    unread = update(Notification).where(Notification.owner_id == user_id, Notification.read_at.is_(None))
    marked = unread.values(read_at=clock.now(), updated_at=clock.now(), version=Notification.version + 1)
    return session.execute(marked.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]


class Numbers:
    """The numbers reserved in one mailbox, handed out in order."""

    def __init__(self, first: int) -> None:
        self._next = first

    def __iter__(self) -> Numbers:
        return self

    def __next__(self) -> int:
        self._next += 1
        return self._next - 1


def _reserve(session: Session, drafts: Sequence[Draft]) -> Mapping[UUID, Numbers]:
    """Lock the recipients' mailboxes, in one order for everybody, and take as many numbers as there are drafts."""
    wanted: dict[UUID, int] = defaultdict(int)
    for draft in drafts:
        wanted[draft.recipient_id] += 1
    reserved = {}
    for recipient in sorted(wanted):
        count = wanted[recipient]
        row = insert(Mailbox).values(recipient_id=recipient, last_number=count)
        grown = row.on_conflict_do_update(
            index_elements=["recipient_id"], set_={"last_number": Mailbox.last_number + count}
        )
        last = session.scalar(grown.returning(Mailbox.last_number))
        reserved[recipient] = Numbers((last or count) - count + 1)
    return reserved


def _not_written(session: Session, drafts: Sequence[Draft]) -> list[Draft]:
    causes = sorted({draft.event_id for draft in drafts})
    found = session.execute(
        select(Notification.event_id, Notification.owner_id, Notification.kind)
        .where(Notification.event_id.in_(causes))
        .execution_options(with_deleted=True)
    )
    known = {(event_id, owner_id, kind) for event_id, owner_id, kind in found}
    unique = {(draft.event_id, draft.recipient_id, draft.kind): draft for draft in drafts}
    return [draft for key, draft in unique.items() if key not in known]


def _recent(session: Session, drafts: Sequence[Draft]) -> Counter[tuple[UUID, str]]:
    recipients, kinds = {draft.recipient_id for draft in drafts}, {draft.kind for draft in drafts}
    rows = session.execute(
        select(Notification.owner_id, Notification.kind, func.count())
        .where(
            Notification.owner_id.in_(sorted(recipients)),
            Notification.kind.in_(sorted(kinds)),
            Notification.created_at > clock.now() - WINDOW,
            ~Notification.details.has_key("digest"),
        )
        .group_by(Notification.owner_id, Notification.kind)
    )
    return Counter({(owner, kind): count for owner, kind, count in rows})


def _grouped(drafts: Sequence[Draft]) -> dict[tuple[UUID, str, bool], list[Draft]]:
    """Drafts by recipient, kind and whether they are gathered."""
    found: dict[tuple[UUID, str, bool], list[Draft]] = defaultdict(list)
    for draft in drafts:
        found[draft.recipient_id, draft.kind, draft.gathered].append(draft)
    return found


def _row(draft: Draft, number: int) -> dict[str, Any]:
    now = clock.now()
    return {
        "id": ids.uuid7(),
        "version": 1,
        "unit_id": draft.unit_id,
        "owner_id": draft.recipient_id,
        "kind": draft.kind,
        "title": draft.words.title,
        "body": draft.words.body,
        "link": draft.words.link,
        "event_id": draft.event_id,
        "number": number,
        "count": 1,
        "in_app": draft.in_app,
        "details": {},
        "created_at": now,
        "updated_at": now,
    }


def _gather(session: Session, drafts: Sequence[Draft], numbers: Numbers) -> list[Written]:
    """Put drafts of one recipient and kind into the open digest; answers the digest when it is new."""
    first = drafts[0]
    latest_digest = _latest_digest(session, first)
    digest = None if latest_digest is None or "mailed" in latest_digest.details else latest_digest
    if digest is None:
        digest = Notification(**_row(first, next(numbers)) | {"event_id": ids.uuid7(), "count": 0})
        session.add(digest)
        is_new = True
    else:
        digest.number, digest.read_at = next(numbers), None
        is_new = False
    digest.count += len(drafts)
    latest = [draft.words.title for draft in reversed(drafts)]
    digest.details = {"digest": True, "titles": [*latest, *digest.details.get("titles", [])][:DIGEST_TITLES]}
    words = render_digest(KINDS[first.kind], digest.count, digest.details["titles"], locale=first.locale)
    digest.title, digest.body, digest.link = words.title, words.body, words.link
    session.flush()
    follows = latest_digest is not None
    return [Written(digest.id, first.recipient_id, first.kind, first.unit_id, True, follows)] if is_new else []


def _latest_digest(session: Session, draft: Draft) -> Notification | None:
    """The digest of less than WINDOW ago, locked as it is now, so that a mail is written before or after it grows."""
    return session.scalar(
        select(Notification)
        .where(
            Notification.owner_id == draft.recipient_id,
            Notification.kind == draft.kind,
            Notification.created_at > clock.now() - WINDOW,
            Notification.details["digest"].as_boolean(),
        )
        .order_by(Notification.created_at.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def for_mail(session: Session, notification_id: UUID) -> Notification:
    """The notification that a mail is about to be written from. A digest grows no more from now on."""
    notification = session.get_one(Notification, notification_id, with_for_update=True)
    if notification.details.get("digest"):
        notification.details = {**notification.details, "mailed": True}
    return notification


def forget(session: Session, horizon: datetime) -> None:
    """Remove notifications that were written before ``horizon``, _FORGOTTEN_AT_ONCE at most."""
    old = select(Notification.id).where(Notification.created_at < horizon).limit(_FORGOTTEN_AT_ONCE)
    session.execute(delete(Notification).where(Notification.id.in_(old)).execution_options(synchronize_session=False))
