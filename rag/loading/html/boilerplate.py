"""What of a web page is its text, and what is there to get around: by what the page itself says, and by its links.

Text is never left out for being short or odd; only as navigation, and never more than half of a page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

from rag.loading.html.elements import is_aside
from rag.loading.html.filled import FIELDS, field_value
from rag.loading.html.flow import hidden

_ROLES = ("navigation", "banner", "contentinfo", "search", "menu", "menubar", "toolbar", "tablist")
_TAGS = ("nav", "footer", "form")
_NAMES = re.compile(
    r"(?:site-?|page-?|main-?|top-?|global-?)?(?:nav|navbar|navigation|menu|footer|toolbar)|breadcrumbs?|crumbs?|"
    r"pagination|pager|share|social|related|recommend(?:ed|ation)?s?|copyright|cookies?|advert(?:isement)?s?|ads?|"
    # Of these no text is called, whatever stands before them.
    r"[\w-]+[-_](?:breadcrumbs?|pagination|pager|related(?:-?\w+)?)"
)
_FOOTER = re.compile(r"(?:site-?|page-?|main-?|global-?)?footer")
# What a footer says of the page itself: whose it is and under what number it is registered.
_IMPRINT = re.compile(
    r"(?:©|\(c\)|copyright|rights reserved|powered by|版权|著作权|icp|网安备|备案|许可证|网文|技术支持)"
    r"[^\s|｜，,；;。]*(?:\s*[-\d]+号?)?|(?<!\d)(?:19|20)\d\d(?!\d)",
    re.IGNORECASE,
)
_STATED = re.compile(r"\d{2}|[^\W\d]{2}[：:]\s*[^\W_]|\w@\w")
_UNLINKED = (
    ".//text()[not(ancestor::script or ancestor::style or "
    "ancestor::a[@href and not(starts-with(@href, 'tel:') or starts-with(@href, 'mailto:'))])]"
)
_COMMENTS = re.compile(r"(?:user-?|post-?)?(?:comments?|replies|reply)(?:-?(?:list|area|box|section|body|item))?")
# Under an article comments are no part of it; under a question they are what one looks for.
_ARTICLE = 400
# A note beside the text says something; what leads elsewhere has links.
_ASIDE_LINKS = 0.3
# A form with so many fields filled in is no box to search in or to sign up.
_FILLED = 2
# A list or division of at least so many links, which make up this share of its characters, leads elsewhere.
_LEAST_LINKS = 4
_LINK_SHARE = 0.6
_SENTENCE_ENDS, _FACT = re.compile("[。！？]"), re.compile(r"[：:\d]")
_GROUPS = ("ul", "ol", "div", "section", "table", "dl", "p")
# Links to act on what is beside them: so often the same one at least, so long, and in what they stand.
_LEAST_ALIKE, _LONGEST_ACTION, _LOOKED_AT = 3, 12, 5
_NOWHERE = re.compile(r"\s*(?:#|javascript:.*)?\s*", re.IGNORECASE | re.DOTALL)
_INLINE, _HOLDERS = ("span", "em", "i", "b", "strong", "small", "font"), ("div", "p", "li", "dd", "section")
# An element that says it is the main one holds at least this share of the page's text.
_MAIN_SHARE = 0.3


class _Weight(NamedTuple):
    """The characters of an element, those of them in links, its links, and the sentences outside of them.

    ``facts``: texts outside of links that have a number or a label with a colon.
    """

    characters: int = 0
    linked: int = 0
    links: int = 0
    sentences: int = 0
    facts: int = 0


def drop_boilerplate(root: Any) -> Any:
    """Take navigation and the like out of the tree; return the element that holds the main text."""
    weights = _weigh(root)
    whole = weights[root].characters
    main = _main(root, weights, whole)
    for element in [one for one in root.iter() if main is not root and _is_fact_beside(one, main, weights)]:
        element.tail = None
        main.append(element)
    inside = main.tag in ("main", "article") or main.get("role") == "main"
    comments = _comments(main, weights)
    for element in list(main.iter()):
        weight = weights.get(element)
        if element is main or weight is None or weight.characters > whole / 2:
            continue
        if (
            element in comments
            or _announced(element, weight, inside=inside)
            or (not inside and _leads_elsewhere(element, weight))
        ):
            _remove(element)
        elif _is_footer(element):
            for part in [part for part in element if weights.get(part) and not _states(part)]:
                _remove(part)
    for element in _only_acting(main, weights):
        _remove(element)
    return main


def _only_acting(main: Any, weights: dict[Any, _Weight]) -> list[Any]:
    """The elements that hold nothing but links to act on what is beside them: 回复, 举报, under each of many posts.

    Such links say the same and lead somewhere else each time, or nowhere.
    """
    links: dict[str, list[Any]] = {}
    for link in main.xpath(".//a[@href]"):
        if link in weights and 0 < weights[link].characters <= _LONGEST_ACTION:
            links.setdefault(" ".join("".join(link.itertext()).split()), []).append(link)
    acting = [link for alike in links.values() if _act(alike) for link in alike]
    held = Counter(holder for link in acting if (holder := _holder(link)) is not None)
    return [one for one, count in held.items() if _is_all(one, count, weights[one])]


def _act(links: Sequence[Any]) -> bool:
    """Whether links that say the same lead somewhere else each time: those to one who writes again lead there again."""
    places = [place for link in links if not _NOWHERE.fullmatch(place := link.get("href") or "")]
    return len(links) >= _LEAST_ALIKE and len(set(places)) == len(places)


def _is_all(element: Any, links: int, weight: _Weight) -> bool:
    """Whether nothing but so many links stands in an element."""
    return links == weight.links and weight.characters == weight.linked and element.find(".//img") is None


def _holder(link: Any) -> Any:
    """The block in which a link stands, if that may be taken out."""
    above = next((one for one in islice(link.iterancestors(), _LOOKED_AT) if one.tag not in _INLINE), None)
    return above if above is not None and above.tag in _HOLDERS else None


def _is_fact_beside(element: Any, main: Any, weights: dict[Any, _Weight]) -> bool:
    """Whether an element beside the page's main one says something, and is in no other such."""
    if element not in weights or not (_is_footer(element) or is_aside(element)) or not _tells(element, weights):
        return False
    above = list(element.iterancestors())
    apart = not any(is_aside(other) or _is_footer(other) for other in above)
    return apart and main not in above and element not in main.iterancestors()


def _tells(element: Any, weights: dict[Any, _Weight]) -> bool:
    """Whether a footer states something, or a note beside the text says something."""
    return _states(element) if _is_footer(element) else _says(weights[element])


def _is_footer(element: Any) -> bool:
    named = element.tag == "footer" or element.get("role") == "contentinfo"
    return named or any(map(_FOOTER.fullmatch, _called(element)))


def _states(element: Any) -> bool:
    """Whether what stands outside of links has figures, addresses or labels with values, of more than the page."""
    return bool(_STATED.search(_IMPRINT.sub("", " ".join(element.xpath(_UNLINKED)))))


def _says(weight: _Weight) -> bool:
    """Whether what stands beside the text says something, rather than that it leads elsewhere."""
    return bool(weight.sentences or weight.facts) and weight.linked < _ASIDE_LINKS * weight.characters


def _weigh(root: Any) -> dict[Any, _Weight]:
    """The weight of each element that is seen."""
    from lxml import etree

    weights: dict[Any, _Weight] = {}
    stack: list[list[int]] = []
    links = 0
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if event == "start":
            links += element.tag == "a"
            stack.append([0, 0, 0, 0, 0])
            if hidden(element):
                walk.skip_subtree()
            else:
                _count(stack[-1], element.text, links)
            continue
        own = stack.pop()
        own[2] += element.tag == "a"
        links -= element.tag == "a"
        if not hidden(element):
            weights[element] = _Weight(*own)
        if stack:
            stack[-1] = [a + b for a, b in zip(stack[-1], own, strict=True)]
            _count(stack[-1], element.tail, links)
    return weights


def _count(weight: list[int], text: str | None, links: int) -> None:
    length = len(text.strip()) if text else 0
    if not length:
        return
    weight[0] += length
    weight[1] += length if links else 0
    if not links:
        weight[3] += len(_SENTENCE_ENDS.findall(text or ""))
        weight[4] += bool(_FACT.search(text or ""))


def _main(root: Any, weights: dict[Any, _Weight], whole: int) -> Any:
    for path in (".//main", ".//*[@role='main']", ".//article"):
        found = [element for element in root.iterfind(path) if element in weights]
        if len(found) == 1 and weights[found[0]].characters >= _MAIN_SHARE * whole:
            return found[0]
    return root


def _comments(main: Any, weights: dict[Any, _Weight]) -> set[Any]:
    """The comments under an article; of a page on which they are most of what is said, none."""
    found: set[Any] = set()
    inside: set[Any] = set()
    for element in main.iter():
        if element in weights and element not in inside and any(map(_COMMENTS.fullmatch, _called(element))):
            found.add(element)
            inside.update(element.iter())
    said = sum(weights[element].characters for element in found)
    return found if weights[main].characters - said >= max(_ARTICLE, said) else set()


def _called(element: Any) -> list[str]:
    return f"{element.get('class') or ''} {element.get('id') or ''}".lower().split()


def _announced(element: Any, weight: _Weight, *, inside: bool) -> bool:
    """Whether the element says that it is no text. Inside of a page's main text, notes may stand in ``aside``."""
    if is_aside(element):
        return not (_says(weight) or (inside and element.tag == "aside"))
    if _is_footer(element):
        return not _states(element)
    if element.tag == "form" and (inside or _is_filled(element)):
        return False
    if element.get("role") in _ROLES or element.tag in _TAGS:
        return True
    if element.tag == "header":
        return not inside and element.find(".//h1") is None
    return any(map(_NAMES.fullmatch, _called(element))) and element.find(".//h1") is None


def _is_filled(form: Any) -> bool:
    fields = (field for field in form.iter(*FIELDS) if field.get("type") not in ("checkbox", "radio"))
    return sum(bool(field_value(field).strip()) for field in fields) >= _FILLED


def _leads_elsewhere(element: Any, weight: _Weight) -> bool:
    return (
        element.tag in _GROUPS
        and weight.links >= _LEAST_LINKS
        and weight.linked >= _LINK_SHARE * weight.characters
        and not weight.sentences
    )


def _remove(element: Any) -> None:
    """Take an element out, and leave the text after it: one that has such stays, unseen, as what holds it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        element.clear(keep_tail=True)
        element.tag = "template"
    else:
        parent.remove(element)
