"""One odd value in a tenant ends no check: whatever a property holds, all other resources are judged."""

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from ztkit.assess.cases import inventory_of
from ztkit.assess.evaluate import findings_of
from ztkit.content.library import shipped_library
from ztkit.content.tables import table_named
from ztkit.engine import dialect
from ztkit.engine.offline import OfflineInventory
from ztkit.engine.rows import to_arrow

LIBRARY = shipped_library()
INVENTORIES = 8
DYNAMIC = ("properties", "tags", "sku", "identity", "plan", "zones", "extendedLocation")
TEXTS = ("", " ", "x", "[]", "[1]", '["a"]', "{}", "null", "true", "*", "-", "/", "é\n\"'|\\", "[1,2", "{")
NUMBERS = ("9223372036854775808", "1e400", "0-65535", "65536", "20-x", 0, -1, 3.5, 10**18)
DATES = ("2026-13-45T99:99", "2026-01-01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
OTHERS = (None, True, False, [], {}, [None], [[]], ["a", 1, None, {}], {"a": None}, {"status": {"code": 3}})
ODD = (*TEXTS, *NUMBERS, *DATES, *OTHERS)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a value within a value stands; the value itself is the first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


def made_odd(row: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A row with an odd value in one place."""
    row = copy.deepcopy(row)
    everywhere = [path for path in places({name: row[name] for name in DYNAMIC if name in row}) if path]
    if everywhere:
        *above, last = chance.choice(everywhere)
        around: Any = row
        for key in above:
            around = around[key]
        around[last] = chance.choice(ODD)
    return row


@pytest.fixture(scope="module")
def inventory():
    with OfflineInventory.from_tables({}) as opened:
        yield opened


@pytest.mark.parametrize("check", LIBRARY.checks.values(), ids=lambda check: check.id)
def test_an_odd_value_ends_no_check(check, inventory):
    read = dialect.rewrite(check.query).tables
    chance = random.Random(check.id)  # noqa: S311 - has to be repeatable
    for _ in range(INVENTORIES):
        case = chance.choice(check.cases)
        tables: dict[str, list[dict[str, Any]]] = {name: [] for name in read}
        for row in inventory_of(check, case, read):
            tables.setdefault(table_named(row["table"]) or row["table"], []).append(made_odd(row, chance))
        inventory.refill({name: to_arrow(rows, name) for name, rows in tables.items()})
        findings = findings_of(check, inventory.run(check.query, case.at))
        assert all(reason.strip() for reason in findings["reason"].to_pylist()), tables
