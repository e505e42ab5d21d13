"""ztkit.toml holds an engagement as it is."""

from __future__ import annotations

import tomllib

import pytest

from ztkit.model.assessment import Parameters
from ztkit.model.engagement import Engagement, as_toml


@pytest.mark.parametrize(
    "scoring",
    [
        Parameters(),
        Parameters(met_from="9/10"),
        Parameters(pillar_weights={"identity": 2, "data": "1/3"}),
        Parameters(share_of_initial="1/2", coverage_to_decide="3/5", pillar_weights={"network": "3/2"}),
    ],
)
@pytest.mark.parametrize("targets", [{}, {"identity.1": "9/10", "data.3": 1}])
def test_what_is_written_is_read_back(scoring, targets):
    engagement = Engagement(
        organisation='A "B" [c] \\ Ltd', pillars=("data", "identity"), scoring=scoring, targets=targets
    )
    assert Engagement.model_validate(tomllib.loads(as_toml(engagement))) == engagement


def test_only_what_differs_from_the_method_is_written():
    text = as_toml(Engagement(organisation="A", scoring=Parameters(met_from="9/10")))
    assert '[scoring]\nmet_from = "9/10"\n' in text
    assert "share_of_initial" not in text
