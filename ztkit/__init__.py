"""ztkit: how far an organisation is on its way to zero trust, proven and planned.

The job reads as five calls, each of which returns a value that the next one takes::

    collect -> evaluate -> score -> plan -> report

``ztkit.model`` says what things are, ``ztkit.content`` loads checks and questions,
``ztkit.engine`` runs KQL on an inventory, ``ztkit.assess`` scores, ``ztkit.report`` renders.
"""

import os

__version__ = "0.1.0"

# Before pyarrow is loaded: DuckDB makes its answers with the system's allocator. With Arrow's copies of them there too, each
# can use what the other has freed, and one call gives all of it back; Arrow's own allocator would hold on to as much again.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

# Before DuckDB is loaded, for the same reason: its own allocator (jemalloc, on Linux) would hold on to what was freed in four
# arenas a core, large blocks apart from them, and for a second; a fifth of one costs no time.
os.environ.setdefault(
    "DUCKDB_JE_MALLOC_CONF", "narenas:1,oversize_threshold:0,dirty_decay_ms:200,muzzy_decay_ms:0"
)
