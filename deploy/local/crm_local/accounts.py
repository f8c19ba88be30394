"""The operating system's users: PostgreSQL refuses to run as root, so root lends it another one."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

_NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group of the operating system."""

    uid: int
    gid: int

    def assume(self) -> None:
        """Become this account for good; only root may, and only in a process of its own."""
        os.setgroups([])
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)


def database_account(data: Path) -> Account | None:
    """Whom PostgreSQL runs as: None (ourselves) unless we are root; then the owner of ``data`` if it exists.

    A new data directory goes to the machine's ``postgres`` user or, where there is none, to ``nobody``.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    return Account(_NOBODY, _NOBODY)


def can_enter(folder: Path, account: Account | None) -> bool:
    """Whether the account can pass every folder down to ``folder`` and go in, asked of the kernel itself."""
    if account is None:
        return os.access(folder, os.X_OK)
    child = os.fork()
    if child == 0:
        try:
            account.assume()
            os._exit(0 if os.access(folder, os.X_OK) else 1)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
