"""Files: attachments of records and the files that jobs read and write, in any storage fsspec knows.

The content's own signature decides the media type; what could run in a browser is never sent inline.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import filetype
import fsspec
from flask import Response
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy import String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from werkzeug.datastructures import FileStorage

from . import clock, errors, ids
from .database import system_transaction
from .http import named
from .identity import principal_or_none
from .language import say
from .schedules import Schedule
from .service import current_runtime
from .tables import ChassisBase

SIZE_MAX = 25 * 1024 * 1024
OF_JOBS = ("import", "export")
"""Resources whose files belong to a job instead of a record."""
KEEP_LOOSE, KEEP_OF_JOBS, KEEP_REMOVED = timedelta(days=1), timedelta(days=30), timedelta(days=30)
_AT_ONCE = 500
_CHUNK = 256 * 1024
_PLAIN = {"csv": "text/csv", "txt": "text/plain", "vcf": "text/vcard", "ics": "text/calendar", "md": "text/markdown"}
_REFUSED = frozenset({"application/x-msdownload", "application/x-executable", "application/x-sh"})


class File(ChassisBase):
    """A stored file; its content lies at ``key`` below the service's ``files_url``."""

    __tablename__ = "files"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    resource: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[UUID | None] = mapped_column(index=True)
    category: Mapped[str] = mapped_column(String(60), default="")
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    created_by: Mapped[UUID | None]
    deleted_at: Mapped[datetime | None]


def view(file: File) -> dict[str, Any]:
    """The file as the API shows it."""
    names = ("id", "name", "category", "media_type", "size", "sha256", "created_at", "created_by")
    return {name: getattr(file, name) for name in names}


def save(
    session: Session, content: bytes, *, name: str, resource: str, record_id: UUID | None = None, category: str = ""
) -> File:
    """Store content and its row. Raises TooLarge over 25 MB, UnsupportedType for programs, Invalid when empty."""
    if not content:
        raise errors.field_error("/file", "empty", say("The file is empty."))
    if len(content) > SIZE_MAX:
        raise errors.TooLarge(say("A file may have {most} MB.", most=SIZE_MAX // 1024 // 1024))
    media_type = media_type_of(content, name)
    file_id = put(io.BytesIO(content), name=name, media_type=media_type, resource=resource)
    return keep(session, file_id, record_id=record_id, category=category)


def put(
    source: BinaryIO, *, name: str, media_type: str, resource: str, alive: Callable[[], None] = lambda: None
) -> UUID:
    """Lay the whole of a seekable file down in the storage, however large, for ``keep`` to take; answers the file's id.

    Its row is written first, in a transaction of its own, and counts as removed: a file that nobody keeps, because what
    it was made for failed, goes within a day, so that no content lies without a row that finds it. ``alive`` is called
    between pieces of the content.
    """
    principal, file_id = principal_or_none(), ids.uuid7()
    size, digest = _measured(source)
    row = File(
        id=file_id,
        resource=resource,
        name=name.replace("\\", "/").rsplit("/", 1)[-1][-255:] or "file",
        media_type=media_type,
        size=size,
        sha256=digest,
        key=f"{resource}/{file_id.hex[:4]}/{file_id}",
        created_by=principal.user_id if principal else None,
        deleted_at=clock.now() - KEEP_REMOVED + KEEP_LOOSE,
    )
    with system_transaction(separate=True) as session:
        session.add(row)
    with fsspec.open(_address(row), "wb", auto_mkdir=True) as target:
        for chunk in _pieces(source):
            target.write(chunk)
            alive()
    return file_id


def keep(session: Session, file_id: UUID, *, record_id: UUID | None = None, category: str = "") -> File:
    """Make what was ``put`` a file of the record, or of nobody yet, in the open transaction."""
    row = session.get_one(File, file_id)
    row.record_id, row.category, row.deleted_at = record_id, category[:60], None
    session.flush()
    return row


def save_upload(session: Session, upload: FileStorage | None, **about: Any) -> File:
    """Store an uploaded part named ``file``. Raises Invalid when it is missing."""
    if upload is None or not upload.filename:
        raise errors.field_error("/file", "required", say("Send the file as the multipart field `file`."))
    return save(session, upload.stream.read(SIZE_MAX + 1), name=upload.filename, **about)


def scratch() -> Path | None:
    """A folder for temporary files with as much room as the storage, where that is on this machine; None is the system's.

    The system's own may be small, or memory, as it is in a container.
    """
    storage, path = fsspec.url_to_fs(current_runtime().settings.files_url)
    if not isinstance(storage, LocalFileSystem):
        return None
    folder = Path(path) / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def adoptable(session: Session, file_id: UUID, resource: str, record_id: UUID) -> File | None:
    """The file, when it is the record's, or the caller uploaded it for a record of this resource yet to be written."""
    file = session.get(File, file_id)
    if file is None or file.deleted_at is not None or file.resource != resource:
        return None
    principal = principal_or_none()
    mine = file.record_id is None and principal is not None and file.created_by == principal.user_id
    return file if mine or file.record_id == record_id else None


def media_type_of(content: bytes, name: str) -> str:
    """The media type by the content's signature, else by a short list of text endings. Raises UnsupportedType."""
    guessed = filetype.guess_mime(content)
    if guessed in _REFUSED or content[:2] == b"#!":
        raise errors.UnsupportedType(say("Programs cannot be attached."))
    if guessed:
        return str(guessed)
    return _PLAIN.get(name.rsplit(".", 1)[-1].lower(), "application/octet-stream")


def read(file: File) -> bytes:
    """The whole content, 25 MB at most."""
    with fsspec.open(_address(file), "rb") as source:
        return source.read()


def opened(file: File) -> BinaryIO:
    """The content as an open binary file, to be closed by the caller."""
    return fsspec.open(_address(file), "rb").open()


def download(file: File) -> Response:
    """The file as an attachment, streamed."""
    headers = {
        "Content-Disposition": named(file.name),
        "Content-Length": str(file.size),
        "X-Content-Type-Options": "nosniff",
    }
    return Response(_chunks(_address(file)), headers=headers, mimetype=file.media_type)


def forget_old(session: Session) -> None:
    """Delete uploads that no record took within a day, and files of jobs and removed files after thirty.

    The content goes before the row: a crash in between leaves a row that is deleted next time, never content without one.
    """
    now = clock.now()
    loose = File.record_id.is_(None) & File.resource.not_in(OF_JOBS) & (File.created_at < now - KEEP_LOOSE)
    of_jobs = File.resource.in_(OF_JOBS) & (File.created_at < now - KEEP_OF_JOBS)
    removed = File.deleted_at < now - KEEP_REMOVED
    due = select(File).where(or_(loose, of_jobs, removed)).limit(_AT_ONCE).with_for_update(skip_locked=True)
    for row in session.scalars(due).all():
        with contextlib.suppress(FileNotFoundError):
            storage, path = fsspec.url_to_fs(_address(row))
            storage.rm(path)
        session.delete(row)
    _clear_scratch()


def _clear_scratch() -> None:
    """Delete what processes that were killed left behind a day ago."""
    folder = scratch()
    for left in folder.iterdir() if folder else ():
        with contextlib.suppress(FileNotFoundError):
            if left.stat().st_mtime < (clock.now() - KEEP_LOOSE).timestamp():
                left.unlink()


RETENTION = Schedule(name="files.retention", every_s=600, run=forget_old)


def _measured(source: BinaryIO) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    for chunk in _pieces(source):
        size += len(chunk)
        digest.update(chunk)
    return size, digest.hexdigest()


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    source.seek(0)
    while chunk := source.read(_CHUNK):
        yield chunk


def _chunks(address: str) -> Iterator[bytes]:
    with fsspec.open(address, "rb") as source:
        while chunk := source.read(_CHUNK):
            yield chunk


def _address(file: File) -> str:
    return f"{current_runtime().settings.files_url}/{file.key}"
