"""What content says about objectives and criteria in words for executives, taken out of the library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ztkit.content.library import Library
from ztkit.model.check import Remediation


@dataclass(frozen=True)
class Wording:
    """Words by id. An id that content no longer has is simply not there: the report then says less, and still renders.

    Attributes:
        business: by objective: what the organisation risks.
        remedies: by criterion or check: how to close the gap.
        concerns: by concern: what it is about.
    """

    business: Mapping[str, str] = field(default_factory=dict)
    remedies: Mapping[str, Remediation] = field(default_factory=dict)
    concerns: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, library: Library) -> Wording:
        """The words of a library."""
        remedies = {check.id: check.remediation for check in library.checks.values()}
        remedies |= {question.id: question.remediation for question in library.questions.values()}
        return cls(
            business={item.id: item.business for item in library.framework.objectives},
            remedies=remedies,
            concerns={item.id: item.description for item in library.framework.concerns},
        )

    def remedy(self, criterion: str, fallback: str) -> str:
        """What to do about a criterion, in a sentence."""
        return self.remedies[criterion].summary if criterion in self.remedies else fallback
