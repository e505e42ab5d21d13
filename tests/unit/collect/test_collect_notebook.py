"""The notebook that collects, with a sign-in: the cells that a run without one leaves out."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from tests.emulator import Emulator, Fault
from tests.unit.cli.test_collect import STORAGE, TENANT
from ztkit.azure.clouds import CLOUDS
from ztkit.azure.connection import Connection
from ztkit.content.tables import all_tables
from ztkit.errors import ServiceError
from ztkit.workspace import Workspace

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "01-collect.ipynb"


@pytest.fixture
def azure(monkeypatch):
    rows = {name: [] for name in all_tables()}
    rows["organization"] = [{"id": TENANT, "displayName": "Test", "type": "organization", "tenantId": TENANT}]
    rows["resources"] = [STORAGE]
    monkeypatch.setattr("ztkit.azure.wire._FIRST_WAIT", 0)
    with Emulator(rows, quota=1_000, window=0.5) as running:
        cloud = dataclasses.replace(CLOUDS["public"], resource_manager=running.url, graph=running.url)
        made = Connection(cloud, running.credential, {"connection_verify": str(running.ca_file)})
        monkeypatch.setattr("ztkit.azure.sign_in.credential", lambda *_, **__: running.credential)
        monkeypatch.setattr("ztkit.azure.connection.Connection", lambda *_: made)
        yield running


def cells():
    """The source of each code cell, by the cell's id."""
    notebook = json.loads(NOTEBOOK.read_text())
    return {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"}


def run_cells(names, folder):
    """Run some cells as a person does who has filled in the first one."""
    space = {}
    for name, source in cells().items():
        if name in names:
            exec(source, space)  # noqa: S102 - our own notebook
        if name == "collect-01":
            space |= {"WORKSPACE": str(folder), "ORGANISATION": "Client", "SIGN_IN": "cli"}
    return space


def test_it_says_what_may_be_read_and_collects(azure, tmp_path, capsys):
    azure.inject(Fault.FORBIDDEN, at=range(10_000), where="securityresources")
    space = run_cells(cells().keys(), tmp_path / "client")
    told = capsys.readouterr().out
    assert "Reader or Security Reader" in told
    assert "securityresources" in told.split("not complete")[1]
    assert space["manifest"].id in Workspace.open(tmp_path / "client").snapshots()
    assert (tmp_path / "client" / "ztkit-collect.sh").exists()


def test_the_cell_run_again_goes_on(azure, tmp_path):
    names = ["collect-01", "collect-02", "collect-03", "collect-04", "collect-08", "collect-10"]
    planned = azure.inject(Fault.BAD_GATEWAY, at=range(20, 10_000), where="resource-graph")
    before = len(azure.recording.requests)
    with pytest.raises(ServiceError):
        run_cells(names, tmp_path / "client")
    assert not Workspace.open(tmp_path / "client").snapshots()
    assert len(azure.recording.requests) > before
    azure.script.remove(planned)
    run_cells(names, tmp_path / "client")
    assert len(Workspace.open(tmp_path / "client").snapshots()) == 1
