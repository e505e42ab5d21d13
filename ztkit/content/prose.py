"""Finds prose that was copied: the same sentence in two places, or a template with its nouns swapped. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from ztkit.content.library import Library
from ztkit.model.check import Check
from ztkit.model.question import Question

ALIKE = 1 / 3
"""Share of word triples that two texts may have in common; independent texts of ours stay below a tenth."""
_SENTENCE_WORDS = 5
_SPAN = 3


@dataclass(frozen=True)
class _Text:
    item: str
    name: str
    sentences: tuple[str, ...]

    @property
    def triples(self) -> frozenset[tuple[str, ...]]:
        """Runs of three words, across sentences."""
        words = " ".join(self.sentences).split()
        return frozenset(tuple(words[at : at + _SPAN]) for at in range(len(words) - _SPAN + 1))


def copied(library: Library) -> Iterator[str]:
    """Problems of checks and questions that share prose; a rationale, help or remedy is written for its own gap."""
    items: tuple[Check | Question, ...] = (*library.checks.values(), *library.questions.values())
    texts = [text for item in items for text in _texts(item)]
    yield from _shared_sentences(library.places, texts)
    for name in ("rationale or help", "remediation"):
        yield from _templates(library.places, [text for text in texts if text.name == name])


def _texts(item: Check | Question) -> Iterator[_Text]:
    why = item.rationale if isinstance(item, Check) else item.help
    yield _Text(item.id, "title", (_plain(item.title if isinstance(item, Check) else item.text),))
    yield _Text(item.id, "rationale or help", _sentences([why]))
    yield _Text(item.id, "remediation", _sentences([item.remediation.summary, *item.remediation.steps]))


def _sentences(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(_plain(sentence) for text in texts for sentence in re.split(r"(?<=[.!?])\s+", text))


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).lower().strip()


def _shared_sentences(places: Mapping[str, str], texts: Iterable[_Text]) -> Iterator[str]:
    seen: dict[str, _Text] = {}
    for text in texts:
        for sentence in text.sentences:
            if text.name != "title" and len(sentence.split()) < _SENTENCE_WORDS:
                continue
            first = seen.setdefault(sentence, text)
            if first.item != text.item:
                yield f"{places[text.item]}: its {text.name} has the words {sentence[:60]!r} of {places[first.item]}"


def _templates(places: Mapping[str, str], texts: list[_Text]) -> Iterator[str]:
    triples = [(text, text.triples) for text in texts]
    for (first, some), (second, others) in combinations(triples, 2):
        common = len(some & others)
        if common > ALIKE * (len(some) + len(others) - common):
            yield f"{places[second.item]}: its {second.name} is that of {places[first.item]} with some words changed"
