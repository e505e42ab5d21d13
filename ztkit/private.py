"""Folders for a tenant's data on its way: nobody else may read them, and what a killed process left goes with the next one."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path
from types import TracebackType

_OWNER = ".owner"
_A_DAY = 86_400.0


class PrivateFolder:
    """A folder of mode 0700 that goes when it is closed, forgotten, or its process ends.

    Its process holds a lock on a file in it, which the system lets go of even when the process is killed. Whoever makes
    the next folder of the same name and place deletes those that nobody holds any more.

    Args:
        parent: where it is made.
        prefix: how its name begins.
    """

    def __init__(self, parent: Path, prefix: str) -> None:
        for folder in parent.glob(f"{prefix}*"):
            if _is_left(folder):
                shutil.rmtree(folder, ignore_errors=True)
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        unlocked = self.path / f"{_OWNER}.new"
        self._owner = os.open(unlocked, os.O_RDWR | os.O_CREAT, 0o600)
        lock(self._owner, wait=False)
        with suppress(OSError):  # Windows renames no open file: there its age has to tell
            unlocked.rename(self.path / _OWNER)  # only now, or somebody might see it before it is locked
        self._end = weakref.finalize(self, _delete, self.path, self._owner)

    def keep(self, target: Path) -> None:
        """Let it become another folder, which stays; one that cannot become it is still deleted."""
        (self.path / _OWNER).unlink(missing_ok=True)  # while it is locked, or somebody might take it for left
        self._end.detach()
        os.close(self._owner)
        (self.path / f"{_OWNER}.new").unlink(missing_ok=True)
        try:
            self.path.rename(target)
        except OSError:
            shutil.rmtree(self.path, ignore_errors=True)
            raise

    def close(self) -> None:
        """Delete it, if it was not kept."""
        self._end()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def lock(descriptor: int, *, wait: bool = True) -> bool:
    """Lock an open file until it is closed; whether that was possible without waiting, where nobody should wait."""
    try:
        if os.name == "nt":  # pragma: no cover - needs Windows
            import msvcrt

            mode = msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK  # type: ignore[attr-defined,unused-ignore]
            msvcrt.locking(descriptor, mode, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        if wait:
            raise
        return False
    return True


def _delete(folder: Path, owner: int) -> None:
    os.close(owner)
    shutil.rmtree(folder, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    """Whether nobody holds a folder any more; one without a lock may be just about to get it or to be kept."""
    try:
        if not (folder / _OWNER).exists():
            return time.time() - folder.stat().st_mtime > _A_DAY
        descriptor = os.open(folder / _OWNER, os.O_RDWR)
    except OSError:  # somebody else's, or gone meanwhile
        return False
    try:
        return lock(descriptor, wait=False) and (folder / _OWNER).exists()  # it may have been kept meanwhile
    finally:
        os.close(descriptor)
