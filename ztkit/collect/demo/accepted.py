"""Risks that the organisation has accepted: some in force, one that ended unnoticed, one with a substitute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice
from typing import Final

from ztkit.collect.demo import machines, servers, stores
from ztkit.collect.demo.estate import Kind, Resource, Scene
from ztkit.content.library import Library
from ztkit.model.response import RiskException

_SHARED_KEYS: Final = (
    "identity.storage-shared-key-off",
    "The file transfer of two carriers signs in with an account key; their new release is promised for next spring.",
    "CISO",
    date(2027, 3, 31),
    "Firewall rules limit both accounts to the carriers' addresses; keys are renewed every month.",
)
_OLD_SERVERS: Final = (
    "endpoint.arc-extended-security-updates",
    "The weighbridge servers are replaced with the depots' rebuilding in September.",
    "Head of infrastructure",
    date(2026, 9, 30),
    "",
)
_PUBLIC_ADDRESSES: Final = (
    "network.machines-no-public-ip",
    "Partners reach these machines until the integration platform takes over.",
    "CISO",
    date(2026, 12, 31),
    "Security groups admit the partners' addresses only.",
)
_TLS_INSPECTION: Final = (
    "network.firewalls-inspect-tls",
    "Inspection of TLS on the hub firewall is left out on purpose, after advice from the works council.",
    "CISO",
    date(2027, 6, 30),
    "Users' web traffic is inspected by the proxy service, servers may reach named destinations only.",
)


def accepted(library: Library, scene: Scene) -> tuple[RiskException, ...]:
    """The accepted risks at the scene's date, of those checks that the library has."""
    entries: list[tuple[int, tuple[str, str, str, date, str], tuple[str, ...]]] = [
        (0, _OLD_SERVERS, _failing(scene, servers.ARC, _is_old, 3)),
        (1, _SHARED_KEYS, _failing(scene, stores.STORAGE, _takes_keys, 2)),
        (1, _TLS_INSPECTION, ()),
        (2, _PUBLIC_ADDRESSES, _failing(scene, machines.NIC, _is_public, 3)),
    ]
    return tuple(
        RiskException(
            criterion=criterion,
            resources=ids,
            reason=reason,
            approver=approver,
            expires=expires,
            compensating=instead,
        )
        for quarter, (criterion, reason, approver, expires, instead), ids in entries
        if scene.quarter >= quarter and criterion in library.checks
    )


def _failing(
    scene: Scene, kind: Kind, fails: Callable[[Scene, Resource], bool], count: int
) -> tuple[str, ...]:
    found: Iterator[str] = (item.id for item in scene.all(kind) if fails(scene, item))
    return tuple(islice(found, count))


def _is_old(scene: Scene, item: Resource) -> bool:
    return servers.is_old_server(scene, item) and scene.fails(servers.EXTENDED_UPDATES, item)


def _takes_keys(scene: Scene, item: Resource) -> bool:
    return scene.fails(stores.SHARED_KEY, item)


def _is_public(scene: Scene, item: Resource) -> bool:
    return scene.fails(machines.PUBLIC_IP, item)
