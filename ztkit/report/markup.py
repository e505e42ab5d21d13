"""Builds HTML in which text cannot become markup: everything is escaped unless it is `Html` already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal


@dataclass(frozen=True, repr=False)
class Html:
    """Markup that was built here; a notebook shows it as HTML."""

    text: str

    def __repr__(self) -> str:
        return f"<Html of {len(self.text)} characters>"

    def _repr_html_(self) -> str:
        return self.text


Content = str | Html
NOTHING = Html("")

_CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127), "�") | dict.fromkeys(
    (*range(8234, 8239), *range(8294, 8298))
)
"""Control characters, and the marks that turn the direction of text, with which a name could pass for another."""


def text(value: str) -> str:
    """Text made safe for element content and quoted attributes."""
    return escape(value.translate(_CONTROL), quote=True)


def tag(name: str, *children: Content, **attributes: str | int | None) -> Html:
    """One element.

    Args:
        name: of the element.
        children: text, which is escaped, and markup, which is not.
        attributes: None leaves one out; ``class_`` is class, ``aria_label`` is aria-label.
    """
    attrs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{attrs}>{join(children).text}</{name}>")


def join(children: Iterable[Content]) -> Html:
    """Several pieces one after the other."""
    return Html("".join(child.text if isinstance(child, Html) else text(child) for child in children))


def section(identifier: str, title: str, *children: Content, lede: Content = "") -> Html:
    """A section with its heading and a sentence that says what it shows."""
    head = [tag("h2", title, id=f"{identifier}-title")]
    if lede:
        head.append(tag("p", lede, class_="lede"))
    return tag("section", *head, *children, id=identifier, aria_labelledby=f"{identifier}-title")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        kind: numbers are aligned right; long text gets room.
    """

    title: str
    kind: Literal["text", "number", "long", "code"] = "text"


def table(
    caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Content]], *, show_caption: bool = False
) -> Html:
    """A table whose first column names the row; it scrolls by itself where the page is narrow."""
    head = tag("tr", *(tag("th", column.title, scope="col", class_=column.kind) for column in columns))
    body = []
    for row in rows:
        first, *rest = row
        cells = [tag("th", first, scope="row", class_=columns[0].kind)]
        cells += [tag("td", cell, class_=column.kind) for cell, column in zip(rest, columns[1:], strict=True)]
        body.append(tag("tr", *cells))
    inner = tag(
        "table",
        tag("caption", caption, class_=None if show_caption else "quiet"),
        tag("thead", head),
        tag("tbody", *body),
    )
    return tag("div", inner, class_="scroll", role="region", aria_label=f"Table: {caption}", tabindex=0)


def details(summary: Content, *children: Content, class_: str | None = None) -> Html:
    """Something that opens on demand, and is open in print."""
    return tag("details", tag("summary", summary), *children, class_=class_)


def symbol(sign: str, name: str, tone: str) -> Html:
    """A state: sign and name together, so that neither colour nor sign has to carry it alone."""
    return tag("span", tag("span", sign, aria_hidden="true", class_="sign"), name, class_=f"state {tone}")


def chip(label: Content, tone: str = "") -> Html:
    """A small label."""
    return tag("span", label, class_=f"chip {tone}".strip())


def empty(sentence: str) -> Html:
    """What stands where there is nothing to show."""
    return tag("p", sentence, class_="empty")
