"""Scripts that a client's own administrator runs where nobody else may sign in; `ztkit import` takes what they leave.

They ask through ``az rest`` and ``Invoke-AzRestMethod``, not ``az graph query`` and ``Search-AzGraph``: neither of these
can send ``authorizationScopeFilter``, without which assignments inherited from above the scope are missing; the one installs
an extension and looks at the first thousand subscriptions, the other gives objects that have to be made JSON again.
What the parts of their results mean is in `ztkit.collect.collected`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from ztkit import __version__
from ztkit.model.graph import Entity

Shell = Literal["bash", "powershell"]
FILE_NAMES: dict[Shell, str] = {"bash": "ztkit-collect.sh", "powershell": "ztkit-collect.ps1"}
"""What the scripts call themselves."""

_TEMPLATES: dict[Shell, str] = {"bash": "collect.sh", "powershell": "collect.ps1"}
_WORD = re.compile(r"[a-z][a-z0-9./_-]*")
_PERMISSION = re.compile(r"[A-Z][\w-]*(?:\.[A-Z]\w*)+")


def script(
    needs: Iterable[tuple[str, Sequence[str]]],
    entities: Iterable[Entity],
    shell: Shell,
    *,
    with_graph: bool = True,
) -> str:
    """A script that collects what checks need, to be read before it is run.

    Args:
        needs: tables of Resource Graph, each with the types that are read of it; without any the table is read whole.
        entities: what to read of Microsoft Graph.
        shell: what it is for.
        with_graph: whether it reads Microsoft Graph at all.

    Raises:
        ValueError: a table or type is not of the form that names have.
    """
    tables = [(table, tuple(types)) for table, types in needs]
    for word in (word for table, types in tables for word in (table, *types)):
        if not _WORD.fullmatch(word):
            raise ValueError(f"{word!r} is no name of a table or type")
    chosen = tuple(entities) if with_graph else ()
    bash = shell == "bash"
    parts = {
        "@VERSION@": __version__,
        "@GETS@": " and GETs to Microsoft Graph" if chosen else "",
        "@TABLES@": "\n".join(_bash_tables(tables) if bash else _powershell_tables(tables)),
        "@ENTITIES@": "\n".join(_bash_entities(chosen) if bash else _powershell_entities(chosen)),
        "@SCOPES@": ", ".join(_permissions(chosen)),
    }
    text = (Path(__file__).parent / "script-templates" / _TEMPLATES[shell]).read_text(encoding="utf-8")
    text = "\n".join(_lines(text, bool(chosen))) + "\n"
    return re.sub(r"@[A-Z]+@", lambda found: parts[found[0]], text)


def _lines(template: str, with_graph: bool) -> Iterator[str]:
    """A template's lines, with or without those that stand between ``#@graph`` and ``#@end``."""
    keep = True
    for line in template.splitlines():
        if line == "#@graph":
            keep = with_graph
        elif line == "#@end":
            keep = True
        elif keep:
            yield line


def _bash_tables(tables: Iterable[tuple[str, Sequence[str]]]) -> Iterator[str]:
    for table, types in tables:
        yield " \\\n  ".join((f"table {table}", *types))


def _powershell_tables(tables: Iterable[tuple[str, Sequence[str]]]) -> Iterator[str]:
    for table, types in tables:
        listed = "".join(f"\n        '{name}'" for name in types)
        yield f"    Read-Table '{table}' @({listed}\n    )" if types else f"    Read-Table '{table}'"


def _bash_entities(entities: Iterable[Entity]) -> Iterator[str]:
    return (f"entity {entity.id} '{_address(entity)}'" for entity in entities)


def _powershell_entities(entities: Iterable[Entity]) -> Iterator[str]:
    return (f"    Read-Entity '{entity.id}' '{_address(entity)}'" for entity in entities)


def _address(entity: Entity) -> str:
    """The entity's path as it stands in an address; it holds no quotation mark."""
    return quote(entity.path, safe="/?&=$,()")


def _permissions(entities: Iterable[Entity]) -> list[str]:
    """The permissions that the entities need."""
    return sorted({name for entity in entities for name in _PERMISSION.findall(entity.permission)})
