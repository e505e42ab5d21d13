"""The reference of the content as Markdown pages: every check, indexes to them, and what covers each objective. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ztkit.content.library import PILLARS, Library
from ztkit.content.tables import entities
from ztkit.model.check import Check
from ztkit.model.framework import Objective
from ztkit.model.types import SEVERITY_WEIGHT, SOURCE_TITLES, Model, ObjectiveId, SourceId

_GENERATED = "<!-- Generated from the content by `ztkit checks docs`; edit the content, not this page. -->\n"
_EFFORT = {"S": "hours", "M": "days", "L": "weeks"}


class ObjectiveCoverage(Model):
    """What evidences an objective.

    Attributes:
        checks: number of checks by source.
        questions: number of questions.
        unreadable: why no inventory can evidence it, where there is no check.
    """

    objective: ObjectiveId
    title: str
    tier: str
    checks: dict[SourceId, int]
    questions: int
    unreadable: str


def coverage(library: Library) -> tuple[ObjectiveCoverage, ...]:
    """Checks by source and questions of every objective, in the framework's order."""
    counts = Counter((check.objective, check.source) for check in library.checks.values())
    asked = Counter(question.objective for question in library.questions.values())
    return tuple(
        ObjectiveCoverage(
            objective=item.id,
            title=item.title,
            tier=item.tier,
            checks={source: counts[item.id, source] for source in SOURCE_TITLES},
            questions=asked[item.id],
            unreadable=item.unreadable,
        )
        for item in library.framework.objectives
    )


def pages(library: Library) -> Mapping[str, str]:
    """Every page of ``docs/checks`` by file name."""
    by_pillar = {
        pillar: [check for check in library.checks.values() if check.pillar == pillar] for pillar in PILLARS
    }
    result = {"README.md": _index(library)}
    for pillar in library.framework.pillars:
        result[f"{pillar.id}.md"] = _pillar_page(library, pillar.id, pillar.title, by_pillar[pillar.id])
    result["permissions.md"] = _permissions(library)
    return result


def _index(library: Library) -> str:
    checks = tuple(library.checks.values())
    by_source = Counter(check.source for check in checks)
    parts = [
        _GENERATED,
        "# Checks\n",
        f"{len(checks)} checks: {by_source['resource-graph']} on Azure Resource Graph, "
        f"{by_source['microsoft-graph']} on Microsoft Graph. Each runs unchanged in the cloud and on a snapshot. "
        "One page a pillar has them with query, rationale and remediation: "
        + ", ".join(f"[{pillar.title}]({pillar.id}.md)" for pillar in library.framework.pillars)
        + ". What Microsoft Graph asks for is in [permissions.md](permissions.md).\n",
        "## What evidences each objective\n",
        _table(
            ("Objective", "Tier", "Resource Graph", "Microsoft Graph", "Questions"),
            (
                (
                    f"{item.objective} {item.title}" + (f"<br>{item.unreadable}" if item.unreadable else ""),
                    item.tier,
                    *(str(item.checks[source]) for source in SOURCE_TITLES),
                    str(item.questions),
                )
                for item in coverage(library)
            ),
        ),
        "## By objective\n",
        *(_objective_list(library, objective) for objective in library.framework.objectives),
        "## By technology\n",
        _grouped(
            (item.title, [check for check in checks if item.id in check.technologies])
            for item in library.framework.technologies
        ),
        "## By concern\n",
        _grouped(
            (item.title, [check for check in checks if item.id in check.concerns])
            for item in library.framework.concerns
        ),
        "## By severity\n",
        _grouped((name, [check for check in checks if check.severity == name]) for name in SEVERITY_WEIGHT),
        "## By framework\n",
        *_frameworks(library, checks),
    ]
    return "\n".join(parts)


def _objective_list(library: Library, objective: Objective) -> str:
    found = [check for check in library.checks.values() if check.objective == objective.id]
    lines = [f"- [{check.id}]({_target(check)}): {check.title} ({check.severity})" for check in found]
    return f"**{objective.id} {objective.title}**\n\n" + "\n".join(lines or ["- no check"]) + "\n"


def _frameworks(library: Library, checks: Sequence[Check]) -> Iterator[str]:
    for framework in library.framework.control_frameworks:
        mapped: dict[str, list[Check]] = defaultdict(list)
        for check in checks:
            for mapping in check.maps:
                if (mapping.framework, mapping.version) == (framework.id, framework.version):
                    mapped[mapping.id].append(check)
        yield f"### {framework.title} {framework.version}\n"
        yield _grouped(
            (f"{control.id} {control.title}", mapped[control.id])
            for control in framework.controls
            if mapped[control.id]
        )


def _grouped(groups: Iterable[tuple[str, Sequence[Check]]]) -> str:
    rows = (
        (name, ", ".join(f"[{check.id}]({_target(check)})" for check in found) or "questions only")
        for name, found in groups
    )
    return _table(("", "Checks"), rows)


def _pillar_page(library: Library, pillar: str, title: str, checks: Sequence[Check]) -> str:
    parts = [_GENERATED, f"# {title}: checks\n", "[All checks](README.md)\n"]
    for objective in library.framework.objectives:
        if objective.pillar == pillar:
            parts.append(f"## {objective.id} {objective.title}\n")
            if objective.unreadable:
                parts.append(f"{objective.unreadable}\n")
            parts += [_check(library, check) for check in checks if check.objective == objective.id]
    return "\n".join(parts)


def _check(library: Library, check: Check) -> str:
    question = library.question_of.get(check.id)
    remediation = check.remediation
    facts = [
        f"**{check.severity}** · {SOURCE_TITLES[check.source]} · passes from {float(check.threshold):.0%} of {check.unit}",
        f"Reads: {', '.join(f'`{name}`' for name in check.resource_types)}",
        f"Evidence for the question `{question.id}`" if question else "A criterion of its own",
        f"Maps to: {'; '.join(_maps(library, check))}",
    ]
    policy = f" Built-in Azure Policy: `{remediation.policy}`." if remediation.policy else ""
    steps = [f"{number}. {step}" for number, step in enumerate(remediation.steps, start=1)]
    parts = [
        f'<a id="{check.id}"></a>\n',
        f"### {check.title}\n",
        f"`{check.id}`\n",
        "\n".join(f"- {fact}" for fact in facts) + "\n",
        f"{check.rationale}\n",
        f"**{remediation.summary}** Effort: {_EFFORT[remediation.effort]}; user impact: {remediation.user_impact}."
        f"{policy} [Documentation]({remediation.docs})\n",
        "\n".join(steps) + "\n",
        f"Notes: {check.notes}\n" if check.notes else "",
        f"<details><summary>Query</summary>\n\n```kusto\n{check.query.rstrip()}\n```\n\n</details>\n",
    ]
    return "\n".join(part for part in parts if part)


def _maps(library: Library, check: Check) -> Iterator[str]:
    for framework in library.framework.control_frameworks:
        found = [
            f"{item.id} ({item.relation})"
            for item in check.maps
            if (item.framework, item.version) == (framework.id, framework.version)
        ]
        if found:
            yield f"{framework.title} {framework.version}: {', '.join(found)}"


def _permissions(library: Library) -> str:
    needing: dict[str, list[Check]] = defaultdict(list)
    for check in library.checks.values():
        for name in check.resource_types if check.source == "microsoft-graph" else ():
            needing[name].append(check)
    parts = [
        _GENERATED,
        "# Permissions on Microsoft Graph, and what needs each\n",
        "All are read-only. Without one of them its tables are unreadable, their checks unknown, and nothing else is "
        "affected. `organization` tells whose tenant it is, and every statement on the tenant starts from it.\n",
        _table(
            ("Permission", "Reads", "Path", "Licence", "Checks"),
            (
                (
                    f"`{item.permission}`",
                    f"{item.title} (`{item.id}`)",
                    f"`{item.path}`",
                    item.licence or "any",
                    ", ".join(f"[{check.id}]({_target(check)})" for check in needing[item.id])
                    if item.id != "organization"
                    else "every statement on the tenant",
                )
                for item in sorted(entities().values(), key=lambda entity: (entity.permission, entity.id))
            ),
        ),
    ]
    return "\n".join(parts)


def _target(check: Check) -> str:
    return f"{check.pillar}.md#{check.id}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )
