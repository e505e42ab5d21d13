"""Where the content that comes with ztkit lies, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def folder(name: str) -> Path:
    """A shipped folder: ``checks``, ``framework``, ``questionnaires``, ``reports`` or ``notebooks``.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    for candidate in (_PACKAGE / name, _PACKAGE / "_shipped" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"ztkit's own folder {name!r} is missing: install ztkit again")
