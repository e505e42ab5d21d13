"""`ztkit collect` as a process of its own that asks an emulator, and that can die where no signal would find it.

The arguments are those of the command line. The environment's ``COLLECTING`` is JSON: ``url`` and ``ca_file`` of the emulator,
``management`` and ``graph`` tokens, ``page_rows`` and ``part_rows``, and ``dies``, one of the moments below or empty.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import signal
import time

from azure.core.credentials import AccessToken, AccessTokenInfo

from ztkit.azure import resource_graph
from ztkit.azure.clouds import CLOUDS
from ztkit.azure.connection import Connection
from ztkit.cli import collect as verb
from ztkit.cli import main
from ztkit.collect.snapshot import SnapshotWriter
from ztkit.collect.tenant import journal, tables

HOUR = 3_600


def die(*_args, **_options):
    """End as the machine's power does."""
    os.kill(os.getpid(), signal.SIGKILL)


class Credential:
    """Has a token for each service."""

    def __init__(self, given):
        self._given = given

    def _of(self, scopes):
        return self._given["management" if "management" in scopes[0] else "graph"], int(time.time()) + HOUR

    def get_token(self, *scopes, **_options):
        return AccessToken(*self._of(scopes))

    def get_token_info(self, *scopes, **_options):
        return AccessTokenInfo(*self._of(scopes))


def _at_the_fourth(called, instead=die):
    """Do something else in place of the fourth call."""
    numbers = itertools.count(1)
    return lambda *args, **options: (instead if next(numbers) == 4 else called)(*args, **options)


def before_a_page():
    """When a page's file has no rows yet."""
    journal.pq.write_table = _at_the_fourth(journal.pq.write_table)


def before_its_line():
    """When a page's file is there and no line names it."""
    journal.Journal._note = _at_the_fourth(journal.Journal._note)


def in_its_line():
    """When half of a line is written."""

    def half(self, line):
        with self._lock:
            self._path.open("a").write(json.dumps(line)[:30])
            die()

    journal.Journal._note = _at_the_fourth(journal.Journal._note, half)


def before_the_snapshot():
    """When the snapshot is written, with its manifest, and has not its name yet."""
    finish = SnapshotWriter.finish
    SnapshotWriter.finish = lambda *args, **options: die(finish(*args, **options))


def after_the_snapshot():
    """When the snapshot is there, and the journal too."""
    journal.Journal.remove = die


def in_removing():
    """When a part of the journal is gone."""
    journal.shutil.rmtree = die


def collecting():
    """Run the command line."""
    given = json.loads(os.environ["COLLECTING"])
    cloud = dataclasses.replace(CLOUDS["public"], resource_manager=given["url"], graph=given["url"])
    verb.connect = lambda *_: Connection(cloud, Credential(given), {"connection_verify": given["ca_file"]})
    resource_graph.PAGE_ROWS, tables.PART_ROWS = given["page_rows"], given["part_rows"]
    if given["dies"]:
        globals()[given["dies"]]()
    main()


if __name__ == "__main__":
    collecting()
