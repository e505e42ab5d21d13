"""Small, valid pieces to build tests from: only what a test is about has to be said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from ztkit.assess.criteria import Inputs
from ztkit.assess.evidence import coverage_of
from ztkit.content.library import Library
from ztkit.model.assessment import CheckResult
from ztkit.model.check import Check
from ztkit.model.framework import Framework
from ztkit.model.question import Question
from ztkit.model.response import Response

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
MAP = [{"framework": "cisa-ztmm", "version": "2.0", "id": "1.1", "relation": "intersects"}]
REMEDIATION = {
    "summary": "Do it.",
    "steps": ["First."],
    "effort": "S",
    "user_impact": "low",
    "docs": "https://example.org/docs",
}
TIERS = {
    "identity": ("initial", "initial", "additional"),
    "network": ("initial", "additional"),
    "infrastructure": ("baseline", "initial", "additional"),
}
ANSWERS = [
    {"id": "none", "label": "None", "value": 0},
    {"id": "some", "label": "Some", "value": 0.5},
    {"id": "most", "label": "Most", "value": 0.8},
    {"id": "all", "label": "All", "value": 1},
]


def framework(pillars: Iterable[str] = TIERS) -> Framework:
    """A framework of some pillars with the tiers of TIERS."""
    chosen = list(pillars)
    return Framework.model_validate(
        {
            "tiers": [{"id": t, "title": t, "description": t} for t in ("baseline", "initial", "additional")],
            "pillars": [
                {"id": p, "title": p.title(), "description": p, "source": "https://example.org"}
                for p in chosen
            ],
            "objectives": [
                {
                    "id": f"{pillar}.{number}",
                    "pillar": pillar,
                    "tier": tier,
                    "title": f"Objective {pillar}.{number}",
                    "description": "d",
                    "business": "b",
                    "source": "https://example.org",
                }
                for pillar in chosen
                for number, tier in enumerate(TIERS[pillar], start=1)
            ],
            "concerns": [
                {"id": "network-breach", "title": "Network breach", "description": "d", "source": "s"}
            ],
            "technologies": [],
            "control_frameworks": [],
        }
    )


def check(identifier: str = "network.a-check", **changes: Any) -> Check:
    """A check; its query reads network security groups unless said otherwise."""
    pillar = identifier.split(".")[0]
    return Check.model_validate(
        {
            "id": identifier,
            "title": f"Title of {identifier}",
            "objective": f"{pillar}.1",
            "concerns": ["network-breach"],
            "severity": "high",
            "resource_types": ["microsoft.network/networksecuritygroups"],
            "unit": "things",
            "query": "resources\n| where type =~ 'microsoft.network/networksecuritygroups'\n"
            "| extend status = iff(tobool(properties.ok), 'pass', 'fail'), reason = 'because'\n"
            "| project id, name, type, resourceGroup, subscriptionId, location, status, reason",
            "rationale": f"Why {identifier}",
            "remediation": {**REMEDIATION, "summary": f"Mend {identifier}."},
            "maps": MAP,
            "cases": [{"name": "c", "proves": "pass", "rows": [], "expect": {}}],
            **changes,
        }
    )


def question(identifier: str = "network.1.a-question", **changes: Any) -> Question:
    """A question with four answers."""
    return Question.model_validate(
        {
            "id": identifier,
            "objective": identifier.rpartition(".")[0],
            "text": f"Text of {identifier}?",
            "help": f"Help on {identifier}",
            "ask": {"role": "ciso", "minutes": 1, "probes": ["Really?"]},
            "answers": ANSWERS,
            "quality": ["It is."],
            "weight": 1,
            "concerns": ["network-breach"],
            "maps": MAP,
            "remediation": {**REMEDIATION, "summary": f"Do {identifier}."},
            **changes,
        }
    )


def library(
    questions: Iterable[Question] = (), checks: Iterable[Check] = (), pillars: Iterable[str] = TIERS
) -> Library:
    """A library of these questions and checks."""
    shape = framework(pillars)
    asked, tested = {q.id: q for q in questions}, {c.id: c for c in checks}
    places = {
        name: f"test.yaml:{n}"
        for n, name in enumerate([*asked, *tested, *(o.id for o in shape.objectives)], 1)
    }
    return Library(shape, tested, asked, {}, places, "hash")


def response(
    identifier: str = "network.1.a-question", answer: str | None = "all", **changes: Any
) -> Response:
    """A response given a day before AT."""
    kind = changes.pop("kind", "answer")
    return Response.model_validate(
        {
            "question": identifier,
            "kind": kind,
            "answer": answer if kind == "answer" else None,
            "at": datetime(2026, 1, 14, tzinfo=UTC),
            **changes,
        }
    )


def not_applicable(identifier: str = "network.1.a-question", **changes: Any) -> Response:
    """A "not applicable" that has all it needs."""
    return response(
        identifier,
        kind="not-applicable",
        **{"rationale": "There is none", "approver": "CISO", "expires": date(2026, 12, 31), **changes},
    )


def result(subject: Check, passed: int = 0, failed: int = 0, **changes: Any) -> CheckResult:
    """What came of a check."""
    counted = passed + failed
    made = CheckResult.model_validate(
        {
            "id": subject.id,
            "title": subject.title,
            "objective": subject.objective,
            "severity": subject.severity,
            "unit": subject.unit,
            "outcome": "ok",
            "passed": passed,
            "failed": failed,
            "skipped": 0,
            "excepted": 0,
            "unseen": 0,
            "rate": Fraction(passed, counted) if counted else None,
            "coverage": 0,
            "reason": "",
            "tables": ("resources",),
            "query_hash": "0" * 16,
            **changes,
        }
    )
    return made.model_copy(update={"coverage": coverage_of(made)})


def inputs(
    results: Sequence[CheckResult] = (), responses: Sequence[Response] = (), accepted: Iterable[str] = ()
) -> Inputs:
    """Inputs of scoring at AT."""
    grouped: dict[str, list[Response]] = {}
    for item in responses:
        grouped.setdefault(item.question, []).append(item)
    return Inputs(
        at=AT, checks={item.id: item for item in results}, responses=grouped, accepted=frozenset(accepted)
    )
