"""What the report notebook calls: one name a section, so that its cells stay one line each."""

from __future__ import annotations

from ztkit.report.appendix import appendix
from ztkit.report.changes import changes
from ztkit.report.inputs import ReportData, load
from ztkit.report.maturity import concerns, objectives, pillars
from ztkit.report.risks import risks
from ztkit.report.verdict import verdict
from ztkit.report.work import quick_wins, roadmap, top_gaps

SECTIONS = (verdict, pillars, objectives, concerns, changes, top_gaps, quick_wins, roadmap, risks, appendix)
"""Sections in the order of the page."""

__all__ = [
    "SECTIONS",
    "ReportData",
    "appendix",
    "changes",
    "concerns",
    "load",
    "objectives",
    "pillars",
    "quick_wins",
    "risks",
    "roadmap",
    "top_gaps",
    "verdict",
]
