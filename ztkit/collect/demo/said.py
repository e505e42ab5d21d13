"""The words of the interviews: who answers, what was written down, and what people say when nothing was.

Every sentence is made up. People are their roles.
"""

from __future__ import annotations

from datetime import date
from typing import Final

RESPONDENTS: Final = {
    "ciso": "CISO",
    "identity-admin": "Head of identity",
    "endpoint-admin": "Workplace lead",
    "network-admin": "Network lead",
    "data-owner": "Data governance lead",
    "cloud-platform": "Cloud platform lead",
    "security-operations": "SOC lead",
    "application-owner": "Product owner web shop",
    "ot-engineer": "Depot automation engineer",
}
"""Role titles by the role that a question asks for."""

SAID: Final[dict[str, tuple[tuple[int, str, str], ...]]] = {
    # question: (quarter, answer, note), …
    "identity.1.single-identity": (
        (
            0,
            "joined",
            "One account per person since the merger of the two directories; temporary staff come from the agency's own.",
        ),
    ),
    "identity.1.apps-single-sign-on": (
        (
            0,
            "half",
            "The big ones are connected. The customs broker portal and the old dispatch client still have their own passwords.",
        ),
        (
            2,
            "most",
            "Dispatch moved in May. The customs portal needs the vendor; there is a ticket with a date.",
        ),
        (
            3,
            "all",
            "The vendor delivered. What has no single sign-on is on the list of exceptions: two tools, both offline.",
        ),
    ),
    "identity.1.azure-services-entra-only": (
        (
            0,
            "broad",
            "We told the teams last year to stop using keys, so nearly everything should be on Entra ID.",
        ),
        (3, "full", "It is in the platform rules and every team signed off."),
    ),
    "identity.1.legacy-protocols-retired": (
        (0, "planned", "NTLM v1 is on because of the weighbridges."),
        (2, "reduced", "Off at headquarters since May."),
        (3, "residual", "Two depots are left, and they are watched."),
    ),
    "identity.2.mfa-all-users": (
        (0, "partial", "Office staff yes. Drivers and warehouse share tablets, they are excluded by group."),
        (
            1,
            "broad",
            "Warehouse joined in March with number matching on the shift lead's phone. Forty shared accounts are left.",
        ),
        (3, "full", "The last shared accounts are gone. Two emergency accounts are excluded, both approved."),
    ),
    "identity.2.admins-phishing-resistant": (
        (0, "absent", "Push notifications only. Security keys have been ordered."),
        (2, "partial", "Platform team has keys; the ERP administrators get theirs in autumn."),
        (3, "broad", "All but three external administrators, who are listed."),
    ),
    "identity.2.legacy-authentication-blocked": (
        (0, "partial", "Blocked for everyone except the scan-to-mail devices and one report server."),
        (
            2,
            "full",
            "The scanners go through the relay now. Nothing has used it for sixty days, so the exclusion was removed.",
        ),
    ),
    "identity.2.emergency-access": (
        (0, "defined", "Two accounts exist. Nobody has tried them since they were made."),
        (1, "practised", "Tested in February: one key did not open the safe, that has been mended."),
    ),
    "identity.3.identity-logs-kept": (
        (0, "default", "Whatever the portal shows."),
        (1, "some", "Sign-ins go to the new Sentinel workspace, audit logs follow."),
        (
            2,
            "all-90",
            "All categories are connected; finance wants to see the bill before we talk about a year.",
        ),
        (3, "all-year", "Finance saw the bill. A year, in the archive tier."),
    ),
    "identity.3.identity-detections": (
        (0, "ad-hoc", "If somebody happens to look."),
        (
            2,
            "defined",
            "The rules of the content hub are on. Half of their incidents are still closed unread.",
        ),
        (3, "practised", "Two analysts own them, and the noise was tuned out over the summer."),
    ),
    "identity.3.privileged-changes-alerted": (
        (0, "manual", "We would find it in the log, if we searched."),
        (1, "alerted", "A mail to the SOC."),
        (3, "assisted", "The playbook takes the role away once the analyst agrees."),
    ),
    "identity.3.sign-in-review": (
        (0, "once", "When the auditors asked which accounts nobody uses. There were two hundred."),
        (2, "yearly", "In spring. The list was long enough for one."),
        (3, "quarterly", "Every quarter now, and what nobody claims is switched off the same week."),
    ),
    "identity.1.authentication-method": (
        (
            0,
            "federation-with-hash",
            "Federation servers in two depots, with hash synchronisation as the spare wheel.",
        ),
        (2, "hash", "The federation servers were switched off at Whitsun."),
        (3, "strong", "Hash synchronisation, and passkeys or Windows Hello for nearly everyone."),
    ),
    "identity.2.remote-sessions-gated": (
        (0, "pilot", "Desktops no, the portal yes."),
        (3, "most", "One host pool is left, for the customs brokers."),
    ),
    "endpoint.3.endpoint-dlp": (
        (0, "absent", "No."),
        (2, "advisory", "In audit since June. The USB numbers surprised everyone."),
        (3, "partial", "Blocks for finance and HR."),
    ),
    "identity.4.privileged-roles-jit": (
        (0, "advisory", "PIM is licensed and two people use it because they like it."),
        (1, "partial", "Directory roles are eligible now. Azure roles are still standing."),
        (
            3,
            "broad",
            "Azure roles at management groups too. Some subscription owners are left from the old days.",
        ),
    ),
    "identity.4.few-administrators": (
        (0, "ad-hoc", "We counted once for the auditors and stopped at thirty-one."),
        (
            2,
            "defined",
            "There is a list with reasons. Elevated access at the root is still on it, that one is embarrassing.",
        ),
        (3, "practised", "Down to nine. The root assignment was taken away in August."),
    ),
    "identity.5.risk-based-access": (
        (0, "absent", "Not licensed for everyone until spring."),
        (2, "partial", "User risk forces a password change for office staff."),
        (3, "broad", "Sign-in risk too. Drivers are in report-only because of the roaming."),
    ),
    "identity.6.alerts-joined": (
        (0, "none", "Four consoles, and a person who looks at them."),
        (1, "pilot", "Entra and Defender alerts arrive in Sentinel for the platform subscriptions."),
        (3, "half", "Most of it. Directory alerts come once the sensors are on the last controllers."),
    ),
    "endpoint.1.corporate-devices-registered": (
        (
            0,
            "most",
            "Laptops all, phones nearly. About sixty rugged scanners run an operating system that cannot.",
        ),
        (3, "all", "The scanners were replaced in the summer; the rest are listed as exclusions."),
    ),
    "endpoint.2.compliance-policies": (
        (0, "half", "Windows yes, the phones report but have no policy."),
        (1, "most", "iOS and Android got theirs in February."),
        (3, "all", "A device without a policy counts as not compliant since July."),
    ),
    "endpoint.2.access-needs-compliance": (
        (0, "advisory", "Report-only. The numbers look frightening."),
        (2, "partial", "On for finance, HR and IT."),
        (3, "broad", "On for all office staff; warehouse tablets follow with the next release."),
    ),
    "endpoint.3.servers-patched": (
        (0, "ad-hoc", "The server team patches the second weekend of the month, if there is no peak season."),
        (2, "defined", "There is a schedule for what is in Azure. The depots patch themselves."),
        (3, "practised", "Everything is on a schedule now and we look at the report on Mondays."),
    ),
    "endpoint.4.servers-onboarded": (
        (0, "half", "Azure machines by the plan, the depot servers by hand."),
        (2, "all", "Every server is onboarded, we finished in June."),
    ),
    "endpoint.4.devices-onboarded": (
        (0, "most", "All laptops. Phones are next."),
        (2, "all", "Phones are in, the console shows no gap."),
    ),
    "endpoint.5.inventory": (
        (0, "lists", "Each depot has a spreadsheet. Sorting lines, gates, cold rooms, cameras."),
        (2, "partial", "Sensors at six depots found twice as many devices as the lists had."),
    ),
    "endpoint.5.segmentation": (
        (0, "pilot", "The new depot was built properly. The others are one network with the office."),
        (3, "half", "Five of eight depots have a zone of their own behind a firewall."),
    ),
    "network.1.segments-by-workload": (
        (0, "half", "Every landing zone has its own network. The legacy subscription is one big one."),
        (2, "most", "Dispatch was moved out. Payroll shares with the file servers until the ERP migration."),
    ),
    "network.1.management-ports": (
        (0, "broad", "They are closed. There may be a few temporary rules."),
        (1, "full", "We went through all of them in February."),
    ),
    "network.1.web-protection": (
        (0, "half", "The shop is behind a firewall for web applications; the track-and-trace pages are not."),
    ),
    "network.2.private-access-per-app": (
        (0, "none", "VPN, and then you are in."),
        (2, "pilot", "Forty people in finance reach the ERP without VPN."),
        (3, "half", "All of headquarters. Depots still dial in."),
    ),
    "network.2.remote-access-identity": (
        (0, "partial", "Staff yes. The depot technicians use a certificate on a laptop that they share."),
    ),
    "network.3.tls-minimum": (
        (0, "advisory", "New services have it from the template."),
        (2, "broad", "Everything newer than 2024; the older caches are being replaced."),
    ),
    "network.4.flow-records": (
        (0, "pilot", "For the hub only, thirty days."),
        (2, "half", "The rest of the landing zones is being switched on, it is a question of cost."),
        (3, "most", "All landing zones, ninety days. The acquired subscription follows."),
    ),
    "network.5.deny-by-default": (
        (0, "advisory", "The template has a deny rule. Teams remove it when something does not work."),
        (2, "partial", "A policy puts it back since June, in the corporate landing zones."),
    ),
    "network.6.one-rule-book": ((0, "ad-hoc", "The depots' rules are kept by the supplier."),),
    "network.7.legacy-register": (
        (0, "absent", "We know them by heart."),
        (2, "defined", "There is a list since the acquisition, because nobody knew theirs by heart."),
    ),
    "data.1.classification-scheme": (
        (0, "ad-hoc", "There is a page on the intranet from 2019. Two departments use different words."),
        (2, "defined", "The board approved four levels in May. Handling rules are half written."),
    ),
    "data.1.labels-published": (
        (0, "none", "No labels yet."),
        (2, "pilot", "Legal and finance, about eighty people."),
        (3, "half", "All office staff since September; the warehouse does not write documents."),
    ),
    "data.2.secure-transfer": (
        (0, "full", "Nobody uses plain HTTP any more."),
        (2, "full", "Policy denies it since June."),
    ),
    "data.2.at-rest-everywhere": (
        (0, "most", "Everything in Azure is encrypted by default. Two old tape libraries are not."),
        (3, "all", "The tapes were destroyed in August, with a certificate."),
    ),
    "data.3.closed-stores": (
        (0, "most", "The important ones have private endpoints."),
        (2, "all", "All stores with business data are closed. What is open is public on purpose."),
    ),
    "data.3.public-content": ((0, "full", "Only the brochure container of the web shop is public."),),
    "data.3.links-and-keys": (
        (0, "absent", "Carriers get a link that never ends, because they kept complaining."),
        (2, "advisory", "New links end after seven days. The old ones are still out there."),
    ),
    "data.4.dlp-enforced": (
        (0, "absent", "Not started."),
        (2, "advisory", "Two policies in simulation: bank accounts and passports."),
        (3, "partial", "Both block in mail. SharePoint and Teams are still simulated."),
    ),
    "data.5.access-watched": (
        (0, "pilot", "Auditing is on for the ERP database. Nobody reads it."),
        (2, "half", "Defender for Storage and SQL cover most subscriptions; alerts reach the SOC."),
    ),
    "data.6.retention-schedule": (
        (0, "defined", "Legal has a schedule for paper. For data it says: see IT."),
    ),
    "infrastructure.0.security-team-visibility": (
        (0, "half", "The platform subscriptions yes. For the landing zones we ask."),
        (
            1,
            "most",
            "A group at the landing zones since February. Sandbox and whatever is outside are missing.",
        ),
    ),
    "infrastructure.0.antimalware-current": (
        (0, "most", "Everything that the console knows is current."),
        (2, "all", "All servers, depots included."),
    ),
    "infrastructure.0.vulnerabilities-remediated": (
        (0, "ad-hoc", "We patch what makes the news."),
        (1, "defined", "Deadlines by severity were agreed with the workload owners."),
        (3, "practised", "High findings are worked off in two weeks, with the July wave as the exception."),
    ),
    "infrastructure.0.secure-score-reviewed": (
        (0, "yearly", "For the annual report."),
        (2, "yearly", "Twice so far this year, which is not a rhythm yet."),
    ),
    "infrastructure.0.recovery-rehearsed": (
        (0, "once", "After the storage outage in 2023."),
        (3, "yearly", "ERP was rehearsed in September: nine hours instead of four."),
    ),
    "infrastructure.1.defender-plans-complete": (
        (0, "half", "Servers and Resource Manager in most, the rest where a project paid for it."),
        (2, "half", "Storage and SQL followed. Containers and APIs are budgeted for next year."),
    ),
    "infrastructure.1.signals-in-one-place": (
        (0, "none", "There is no one place."),
        (1, "pilot", "Sentinel has been running since February, for the platform."),
        (3, "half", "Landing zones are in, depots are not."),
    ),
    "infrastructure.1.alerts-answered": (
        (0, "ad-hoc", "Office hours, if the mail is seen."),
        (2, "defined", "There is an on-call list. July showed that it needs a second name."),
    ),
    "infrastructure.2.own-identity": (
        (0, "half", "What was built since 2024."),
        (2, "half", "A few more. The integration platform still has a secret, and it expires on a Sunday."),
    ),
    "infrastructure.2.deployed-from-templates": (
        (0, "half", "Landing zones yes, applications as they like."),
        (3, "most", "Everything new. The legacy subscription is maintained by hand."),
    ),
    "infrastructure.3.rights-on-request": (
        (0, "advisory", "PIM is there for those who want it."),
        (2, "partial", "Platform team, for real. Subscription owners are next."),
        (3, "broad", "All of production. Some owners in older subscriptions are permanent."),
    ),
    "infrastructure.3.management-ports-on-request": (
        (0, "pilot", "A handful of jump hosts."),
        (3, "all", "Everything goes through Bastion now, so the ports are on request."),
    ),
    "infrastructure.4.deployments-refused": (
        (0, "advisory", "Policies audit."),
        (2, "partial", "Locations, resource types and secure transfer are refused."),
    ),
    "infrastructure.5.roles-at-narrow-scope": (
        (0, "ad-hoc", "Contributor on the subscription, because it is quick."),
        (2, "defined", "New access is by group and resource group. Nobody has cleaned up the old."),
    ),
    "infrastructure.6.flows-between-workloads": (
        (0, "advisory", "In the design document."),
        (3, "partial", "In the corporate landing zones."),
    ),
}
"""What was written down in the interviews that matter most."""

NOT_APPLICABLE: Final[dict[str, tuple[str, str, str, date | None]]] = {
    # question: note, rationale, approver, expiry
    "endpoint.5.remote-access": (
        "Suppliers come to the depot.",
        "No OT system has remote access: the cellular modems were removed in 2024 and suppliers work on site, escorted.",
        "CISO",
        date(2027, 3, 31),
    ),
    "data.4.partner-transfers": ("We do not have anything like that, I think.", "", "", None),
}
"""Questions that were said not to apply; the second was never argued for, so it stays unknown."""

UNANSWERED_UNTIL: Final[dict[str, int]] = {
    "endpoint.5.firmware-updates": 2,
    "data.5.insider-programme": 3,
    "identity.4.app-consent": 1,
    "endpoint.4.risk-decides-access": 4,
}
"""Questions whose interview was put off to a later quarter; what is put off beyond the last date is still open."""

LOW: Final = (
    "Not really. It came up in the audit and nobody has taken it yet.",
    "No. There is a line in the plan for next year.",
    "We looked at it once and stopped when the project money ran out.",
    "Only where a team did it of its own accord.",
    "I would say no. One colleague knows how, and is on parental leave.",
    "There is a draft. It has been a draft for a while.",
    "We rely on people being careful.",
    "Not before the ERP migration is over.",
    "The supplier says that they do it. We have not checked.",
    "Not for the depots, and hardly for the offices.",
)
MIDDLE: Final = (
    "Done for the platform and for what was built since; the older workloads are outside.",
    "For about half. The list of the rest exists, with owners, without dates.",
    "Headquarters yes, depots no.",
    "It is written down and new projects follow it. Nobody goes back to the old ones.",
    "We started with the web shop. ERP is next.",
    "Yes for people, not yet for the service accounts.",
    "It works, but it depends on two of us.",
    "In production yes. Test is a different story.",
    "The tool is there, the process is not.",
    "Mostly. Peak season has its own rules, which we would like to change.",
)
HIGH: Final = (
    "Yes, and the exceptions are reviewed every quarter in the security board.",
    "Yes. It was one of the first things that the platform team did.",
    "Everywhere that we know of; a policy keeps it so.",
    "Yes, we can show the report.",
    "Done. The last exception closed this quarter.",
    "Yes. Internal audit looked at it and had nothing to add.",
    "Nearly everywhere. What is missing has a ticket and a date.",
    "It runs by itself now; we look at the numbers on Mondays.",
)
DONT_KNOW: Final = (
    "I would have to ask the supplier.",
    "Honestly, I do not know. The colleague who did that has left.",
    "No idea. Ask the depot.",
    "I have not seen it, which does not mean that it is not there.",
)
