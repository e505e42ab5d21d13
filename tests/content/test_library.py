"""All content together: it loads, it is in order, and it covers what it should."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml

from tests.shared import REFERENCE, needs_reference
from ztkit.content import shipped
from ztkit.content.library import ContentPaths, load, load_with_problems, shipped_library
from ztkit.content.lint import RULES, lint
from ztkit.errors import ContentError, UsageError

LIBRARY = shipped_library()


def test_lint_finds_nothing():
    assert lint() == []


def test_the_framework_is_whole():
    shape = LIBRARY.framework
    assert [item.id for item in shape.pillars] == [
        "identity",
        "endpoint",
        "network",
        "data",
        "infrastructure",
    ]
    assert Counter(item.pillar for item in shape.objectives) == {
        "identity": 6,
        "endpoint": 5,
        "network": 7,
        "data": 6,
        "infrastructure": 7,
    }
    assert Counter(item.tier for item in shape.objectives) == {"baseline": 1, "initial": 17, "additional": 13}
    assert len(shape.concerns) == 5
    assert len(LIBRARY.objectives["infrastructure.0"].requirements) == 7


@needs_reference
def test_objectives_and_technologies_are_those_of_the_reference():
    text = (REFERENCE / "objectives.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    tiers = {cells[0]: cells[1] for cells in rows if cells[1] in ("baseline", "initial", "additional")}
    titles = {cells[0]: cells[2] for cells in rows if cells[0] in tiers}
    assert {item.id: item.tier for item in LIBRARY.framework.objectives} == tiers
    for item in LIBRARY.framework.objectives:
        assert titles[item.id].startswith(item.title), item.id
    slugs = {cells[0] for cells in rows if len(cells) == 3 and cells[0] not in (*tiers, "slug", "id")}
    assert {item.id for item in LIBRARY.framework.technologies} == slugs


@needs_reference
def test_cisa_functions_that_are_mapped_to_exist():
    known = {line.split("\t")[1] for line in (REFERENCE / "cisa-ztmm.tsv").read_text().splitlines()[1:]}
    for item in (*LIBRARY.checks.values(), *LIBRARY.questions.values()):
        for mapping in item.maps:
            if mapping.framework == "cisa-ztmm":
                assert mapping.id in known, item.id


@pytest.mark.parametrize("objective", LIBRARY.framework.objectives, ids=lambda item: item.id)
def test_every_objective_has_three_questions(objective):
    assert sum(item.objective == objective.id for item in LIBRARY.questions.values()) >= 3


@pytest.mark.parametrize("pillar", LIBRARY.framework.pillars, ids=lambda item: item.id)
def test_every_pillar_has_checks(pillar):
    assert sum(item.pillar == pillar.id for item in LIBRARY.checks.values()) >= 10


def test_most_questions_share_their_answers():
    shared = sum(item.answer_set is not None for item in LIBRARY.questions.values())
    assert shared >= len(LIBRARY.questions) / 2


@pytest.mark.parametrize("question", LIBRARY.questions.values(), ids=lambda item: item.id)
def test_a_question_can_be_answered_by_the_person_asked(question):
    assert question.text.endswith("?")
    assert question.text.count("?") == 1, "one statement each"
    assert len(question.help.split()) >= 12
    assert len(question.quality) >= 2


@pytest.mark.parametrize("check", LIBRARY.checks.values(), ids=lambda item: item.id)
def test_a_check_says_what_an_attacker_does_and_what_to_do(check):
    assert len(check.rationale.split()) >= 20
    assert len(check.remediation.steps) >= 2
    assert check.remediation.docs.startswith("https://learn.microsoft.com/")
    assert not check.title.endswith(".")


@pytest.fixture
def content(tmp_path):
    """A copy of the shipped content, to break."""
    import shutil

    for name in ("framework", "questionnaires", "checks"):
        shutil.copytree(shipped.folder(name), tmp_path / name)
    return ContentPaths(tmp_path / "framework", (tmp_path / "checks",), tmp_path / "questionnaires")


def edit(path, change):
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def check_file(content):
    return content.checks[0] / "data" / "storage-https-only.yaml"


def first_question(data):
    return data[0]


BREAKS = {
    "an unknown field": (lambda d: d.update(sevrity="low"), "sevrity: is not a known field"),
    "a missing field": (lambda d: d.pop("rationale"), "rationale: is missing"),
    "an id in the wrong file": (
        lambda d: d.update(id="data.other"),
        "the file's place says 'data.storage-https-only'",
    ),
    "an objective that is none": (
        lambda d: d.update(objective="data.9"),
        "objective 'data.9' does not exist",
    ),
    "an objective of another pillar": (lambda d: d.update(objective="network.1"), "of another pillar"),
    "an unknown technology": (
        lambda d: d.update(technologies=["teleport"]),
        "technology 'teleport' does not exist",
    ),
    "a control that is none": (lambda d: d["maps"][0].update(id="9.9"), "is no id of that framework"),
    "an unknown framework": (lambda d: d["maps"][0].update(version="9"), "not in control-frameworks.yaml"),
    "no absent case": (
        lambda d: d.update(cases=[c for c in d["cases"] if c["proves"] != "absent"]),
        "no case proves 'absent'",
    ),
    "types that the query does not read": (lambda d: d["resource_types"].append("a/b"), "the query reads"),
    "a language limit": (lambda d: d.update(query="let x = 1;\n" + d["query"]), "`let` is not available"),
    "a severity that is none": (lambda d: d.update(severity="urgent"), "severity: expected"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_wrong_with_a_check_is_named_with_its_place(content, name):
    change, message = BREAKS[name]
    edit(check_file(content), change)
    found = [problem for problem in lint(content) if message in problem]
    assert found, lint(content)
    assert "storage-https-only.yaml:" in found[0]
    assert found[0].split("storage-https-only.yaml:")[1].split(":")[0].isdigit()


def test_all_problems_come_at_once(content):
    edit(check_file(content), lambda d: (d.pop("rationale"), d.update(sevrity="x")))
    edit(
        content.questionnaires / "data.yaml",
        lambda d: (d[0].update(weight=9), d[1].update(answers="nowhere")),
    )
    with pytest.raises(ContentError) as problem:
        load(content)
    text = "\n".join(problem.value.problems)
    for part in ("rationale", "sevrity", "weight", "no answer set 'nowhere'"):
        assert part in text


def test_broken_yaml_is_named_with_its_line(content):
    check_file(content).write_text("id: data.storage-https-only\ntitle: [\n")
    _, problems = load_with_problems(content)
    assert any("storage-https-only.yaml:3: not valid YAML" in problem for problem in problems)


def test_a_key_that_comes_twice_is_named(content):
    path = check_file(content)
    path.write_text(path.read_text(encoding="utf-8") + "title: Again\n", encoding="utf-8")
    assert any("'title' is given twice" in problem for problem in lint(content))


def test_a_check_belongs_to_one_question(content):
    linked = next(q for q in LIBRARY.questions.values() if q.checks and q.pillar == "data")

    def again(data):
        other = next(
            entry for entry in data if entry["id"] != linked.id and entry["objective"] == linked.objective
        )
        other["evidence"] = [{"check": linked.checks[0].check, "authority": "decisive"}]

    edit(content.questionnaires / "data.yaml", again)
    assert any("it belongs to one at most" in problem for problem in lint(content))


def test_shared_prose_is_found(content):
    other = yaml.safe_load(
        (content.checks[0] / "data" / "keyvault-purge-protection.yaml").read_text(encoding="utf-8")
    )
    edit(check_file(content), lambda d: d.update(rationale=other["rationale"]))
    assert any("its rationale or help has the words" in problem for problem in lint(content))


def test_a_template_with_its_nouns_swapped_is_found(content):
    path = content.checks[0] / "data" / "keyvault-purge-protection.yaml"
    other = yaml.safe_load(path.read_text(encoding="utf-8"))["rationale"]
    words = other.split()
    swapped = " ".join("thing" if at % 12 == 5 else word for at, word in enumerate(words))
    edit(check_file(content), lambda d: d.update(rationale=swapped))
    assert any("with some words changed" in problem for problem in lint(content))


def test_a_retired_id_is_not_used_again(monkeypatch):
    monkeypatch.setattr("ztkit.content.lint._retired", lambda _: {"data.storage-https-only": "split in two"})
    assert any("was retired (split in two)" in problem for rule in RULES for problem in rule(LIBRARY))


def test_depends_on_must_name_a_question_and_its_answers(content):
    edit(
        content.questionnaires / "data.yaml",
        lambda d: d[0].update(depends_on={"all": [{"question": "data.1.nowhere", "in": ["yes"]}]}),
    )
    assert any("depends_on names question 'data.1.nowhere'" in problem for problem in lint(content))


def test_questions_that_wait_for_each_other_are_found(content):
    def in_a_circle(questions):
        for number in range(3):
            after = questions[(number + 1) % 3]
            condition = {"question": after["id"], "in": ["none"]}
            questions[number].update(answers="coverage", depends_on={"any": [condition]})
        questions[3].update(depends_on={"any": [{"question": questions[0]["id"], "in": ["none"]}]})

    edit(content.questionnaires / "data.yaml", in_a_circle)
    found = [problem for problem in lint(content) if "goes in a circle" in problem]
    assert len(found) == 1
    assert found[0].count("→") == 3


def test_an_unknown_id_brings_up_the_nearest():
    with pytest.raises(UsageError, match=r"Did you mean .*data.storage-https-only"):
        LIBRARY.check("data.storage-http-only")


def test_the_hash_changes_with_the_content(content):
    before = load_with_problems(content)[0].hash
    edit(check_file(content), lambda d: d.update(severity="low"))
    assert load_with_problems(content)[0].hash != before
