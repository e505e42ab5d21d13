"""Stands in for Azure in tests: an HTTPS server on loopback that answers as its services do, and fails on demand.

with Emulator(snapshot_folder, quota=15, window=0.5) as azure:
    azure.inject(Fault.UNAVAILABLE, at=[2], where="resources")
    client = ResourceGraphClient(
        azure.credential, base_url=azure.url, connection_verify=str(azure.ca_file)
    )
    ...
    azure.recording.assert_reads_only()
"""

from tests.emulator.credential import MARK, FakeCredential
from tests.emulator.emulator import Emulator
from tests.emulator.faults import Fault, Planned
from tests.emulator.recording import Recording
from tests.emulator.wire import Request

__all__ = ["MARK", "Emulator", "FakeCredential", "Fault", "Planned", "Recording", "Request"]
