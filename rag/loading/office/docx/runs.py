"""What a paragraph of a DOCX says, run by run, as it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from rag.loading.html.bold import Stretch, visible
from rag.loading.office.docx.docx_elements import SKIPPED, Fields, W, font_of, mapped, tick_box
from rag.loading.office.docx.docx_styles import Styles
from rag.loading.office.formulas import is_math, linear
from rag.loading.office.symbols import symbol
from rag.loading.scripts import Script, in_line
from rag.loading.unread import Lost

_CHARACTERS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_OUT = {"strike": Lost.STRUCK, "dstrike": Lost.STRUCK, "vanish": Lost.HIDDEN}


class Runs:
    """Reads paragraphs; what was ``bold`` of the last one is counted among ``seen`` visible characters.

    ``anchored`` takes what only hangs on a paragraph, and says whether an element is such.
    """

    def __init__(self, styles: Styles, anchored: Callable[[Any], bool], lose: Callable[[Lost], None]) -> None:
        self._styles, self._anchored, self._lose = styles, anchored, lose
        self.bold: list[Stretch] = []
        self.seen = 0

    @property
    def is_bold(self) -> bool:
        """Whether all of the last paragraph was bold."""
        return 0 < self.seen == sum(end - begin for begin, end in self.bold)

    def of(self, paragraph: Any) -> str:
        """What a paragraph says; what is anchored in it waits."""
        pieces: list[tuple[str, Script]] = []
        fields = Fields()
        script, font, strong = Script.LEVEL, "", False
        bold: list[int] = []
        stack = list(reversed(paragraph))
        while stack:
            element = stack.pop()
            if element is None:
                # Here a run ends.
                script, font, strong = Script.LEVEL, "", False
                continue
            if element.tag in SKIPPED or fields.numbers_page(element):
                continue
            tag = element.tag.removeprefix(W)
            if tag == "r":
                if self._is_shown(element):
                    script, font, strong = (
                        self._styles.script(element),
                        font_of(element),
                        self._styles.has(element, "b"),
                    )
                    stack += [None, *reversed(element)]
            elif tag in ("fldChar", "instrText"):
                pieces.append((fields.meet(element), Script.LEVEL))
            elif tag == "t":
                bold += [len(pieces)] if strong else []
                pieces.append((mapped(element.text or "", font), script))
            elif tag in _CHARACTERS:
                pieces.append((_CHARACTERS[tag], Script.LEVEL))
            elif tag == "sym":
                pieces.append((self._symbol(element), script))
            elif is_math(element):
                pieces.append((linear(element), Script.LEVEL))
            elif tag == "sdt" and (state := tick_box(element)):
                pieces.append((state, Script.LEVEL))
            elif not self._anchored(element) and tag != "p":
                stack.extend(reversed(element))
        counted = list(accumulate((visible(piece) for piece, _ in pieces), initial=0))
        self.bold, self.seen = [(counted[at], counted[at + 1]) for at in bold], counted[-1]
        return in_line(pieces)

    def _is_shown(self, run: Any) -> bool:
        """Whether a run is text: what is struck out is taken for deleted; that and what is hidden is told."""
        out = next((kind for name, kind in _OUT.items() if self._styles.has(run, name)), None)
        if out and any((t.text or "").strip() for t in run.iterfind(f"{W}t")):
            self._lose(out)
        return out is None

    def _symbol(self, element: Any) -> str:
        code = element.get(f"{W}char") or ""
        known = symbol(int(code, 16), element.get(f"{W}font") or "") if re.fullmatch("[0-9A-Fa-f]{1,6}", code) else ""
        if not known:
            self._lose(Lost.SYMBOL)
        return known
