"""「豆包的用户数呢」: an attribute that is asked for without the words that ask for it."""

from __future__ import annotations

import re

from rag.question.followup.wording import ASKING, ASKS, ATTRIBUTE, Phrase
from rag.text.normalization import simplify, to_traditional

_LEAD = r"(?:那么|那|而|还有|另外|以及)?[, ]*"
WHAT_OF = re.compile(rf"^{_LEAD}(?P<body>[^,;?]+?)(?:的)?(?:呢|(?<=[^呢])(?=[?]))[?]*$")


def attribute_asked(question: Phrase) -> str:
    """The whole question that "豆包的用户数呢" stands for; "" if ``question`` does not end with an attribute."""
    what_of = WHAT_OF.match(question.text)
    if not what_of or ASKS.search(what_of["body"]):
        return ""
    body = what_of["body"]
    found = next((m for at in range(len(body)) if (m := ATTRIBUTE.fullmatch(body, at))), None)
    return "" if found is None else f"{question.slice(*what_of.span('body'))}{_asking(question, found.group(1))}"


def _asking(like: Phrase, attribute: str) -> str:
    """The words that ask for ``attribute``, in the script of ``like``."""
    asking = ASKING[attribute]
    return f"{asking if simplify(like.written) == like.written else to_traditional(asking)}？"
