"""Which applications the demo organisation has: its own, bought ones, pipelines, and what each may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GRAPH: Final = "Microsoft Graph"
NEVER: Final = 4
"""A quarter that does not come."""

PERMISSIONS: Final = {
    "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
    "Application.ReadWrite.All": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "Device.Read.All": "7438b122-aefc-4978-80ed-43db9fcc7715",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "Directory.ReadWrite.All": "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
    "Files.Read.All": "01d4889c-1287-42c6-ac1f-5d1e02578ef6",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "Mail.Read": "810c84a8-4a9e-49e6-bf7d-12d183f40d01",
    "Mail.Send": "b633e1c5-b582-4048-a93e-9f11b44c7e96",
    "RoleManagement.ReadWrite.Directory": "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
    "Sites.Selected": "883ea226-0bf2-4a8f-9f9d-92c9162a727d",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "User.ReadWrite.All": "741f803b-c850-494e-b5df-cde7c675a1ca",
}
"""Application permissions on Microsoft Graph that somebody in the demo was given, with their ids."""


@dataclass(frozen=True)
class Job:
    """An application that works by itself.

    Attributes:
        permissions: on Microsoft Graph, each with the first and the last quarter (from 0) in which it has it.
        secret_until: the quarter in which its secret gave way to a certificate.
    """

    name: str
    permissions: tuple[tuple[str, int, int], ...] = ()
    secret_until: int = NEVER


JOBS: Final = (
    Job("Joiner and leaver job", (("Directory.ReadWrite.All", 0, 1), ("User.ReadWrite.All", 2, 3)), 2),
    Job("Directory backup", (("RoleManagement.ReadWrite.Directory", 0, 3),), 1),
    Job("Licence tidy-up", (("Application.ReadWrite.All", 0, 2), ("User.Read.All", 0, 3)), NEVER),
    Job("Mail archive", (("Mail.Read", 0, 3),), NEVER),
    Job("Delivery notes by mail", (("Mail.Send", 0, 3),), 3),
    Job("Scan to folder", (("Files.Read.All", 0, 1), ("Sites.Selected", 2, 3)), 2),
    Job("Fleet report builder", (("User.Read.All", 0, 3), ("GroupMember.Read.All", 0, 3))),
    Job("Device inventory", (("Device.Read.All", 0, 3),), 1),
    Job("Audit export", (("AuditLog.Read.All", 0, 3), ("Directory.Read.All", 0, 3))),
    Job("Phone book", (("User.Read.All", 1, 3),)),
)
PORTALS: Final = (
    "Order portal",
    "Track and trace",
    "Depot board",
    "Dock booking",
    "Driver app",
    "Customs declaration",
    "Cold chain monitor",
    "Claims desk",
    "Price calculator",
    "Fuel card admin",
    "Shift planner",
    "Warehouse map",
)
FOR_CUSTOMERS: Final = {
    "Order portal": 1,
    "Track and trace": 0,
    "Customs declaration": NEVER,
    "Claims desk": 2,
}
"""Applications that customers sign in to, and since when their instances are locked."""
PIPELINES: Final = (
    # name, subject, quarter in which the secret was deleted, quarter in which the trust for pull requests was
    ("Deploy order portal", "environment:production", 1, 2),
    ("Deploy depot board", "ref:refs/heads/main", 2, 0),
    ("Deploy landing zone", "environment:platform", 0, 0),
    ("Deploy data platform", "ref:refs/heads/main", NEVER, NEVER),
)
BOUGHT: Final = (
    # name, verified, mode of single sign-on, scopes, assignment required from quarter
    ("Toll manager", True, "saml", "User.Read", 1),
    ("Route optimiser", True, "oidc", "User.Read Calendars.Read", 2),
    ("Payroll cloud", True, "saml", "User.Read", 0),
    ("Signature desk", True, "saml", "User.Read Files.ReadWrite.All", NEVER),
    ("Travel desk", True, "saml", "User.Read Calendars.ReadWrite", 3),
    ("Tyre supplier", False, "password", "User.Read", NEVER),
    ("Freight exchange", False, "password", "", NEVER),
    ("Mail merge helper", False, "", "Mail.ReadWrite Mail.Send", NEVER),
    ("Board papers", True, "saml", "User.Read Sites.Read.All", 1),
    ("Learning campus", True, "saml", "User.Read", 2),
    ("Translation helper", False, "", "User.Read", NEVER),
    ("Ticket desk", True, "oidc", "User.Read", 1),
)
FIRST_PARTY: Final = (
    (GRAPH, ""),
    (
        "Microsoft Graph Command Line Tools",
        "Directory.AccessAsUser.All User.ReadWrite.All Group.ReadWrite.All",
    ),
    ("Office 365 Exchange Online", ""),
    ("Azure Portal", "User.Read"),
)
IDENTITIES: Final = (
    ("id-telemetry-import", ()),
    ("id-user-sync", (("User.Read.All", 0, 3),)),
    ("id-app-registrar", (("AppRoleAssignment.ReadWrite.All", 2, 3),)),
)
RETIRED: Final = (
    # name, disabled by Microsoft, permission that is left, last quarter in which it is
    ("Old intranet", False, "User.Read Files.Read.All", 1),
    ("Parcel survey", True, "User.Read Mail.Read", 3),
    ("Vehicle logbook 1", False, "User.Read", 0),
)
