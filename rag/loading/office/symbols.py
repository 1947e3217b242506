"""Characters of symbol fonts, which Office documents name by font and code: boxes, ticks, arrows, Greek letters."""

from __future__ import annotations

CHECKED, UNCHECKED = "☑", "☐"
_PRIVATE = 0xF000
# Adobe's Symbol from 0x20 to 0x7E and from 0xA1 to 0xFE; "\0" where only a part of a large bracket stands.
_SYMBOL = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_\0αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼",
    "ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…\0\0↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑\0\0\0\0\0\0\0\0\0\0€〉∫⌠\0⌡\0\0\0\0\0\0\0\0\0",
)
_DIGITS = {0x80 + n: character for n, character in enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿")}
_ARROWS = {0xDF + n: character for n, character in enumerate("←→↑↓↖↗↙↘")}
_WINGDINGS = {
    **_DIGITS,
    **_ARROWS,
    0x6C: "●",
    0x6D: "○",
    0x6E: "■",
    **dict.fromkeys((0x6F, 0x70, 0x71, 0x72, 0xA8), UNCHECKED),
    0x75: "◆",
    0x76: "❖",
    0x9F: "•",
    0xA1: "○",
    0xA4: "◉",
    0xA7: "▪",
    0xAB: "★",
    0xD8: "➢",
    0xE8: "➔",
    0xF0: "⇨",
    0xFB: "✗",
    0xFC: "✓",
    0xFD: "☒",
    0xFE: CHECKED,
    0x28: "☎",
    0x2A: "✉",
}
_WINGDINGS_2 = {
    **{0x6A + n: character for n, character in enumerate("①②③④⑤⑥⑦⑧⑨⑩")},
    0x4F: "✗",
    0x50: "✓",
    **dict.fromkeys((0x51, 0x53, 0x54), "☒"),
    0x52: CHECKED,
    0x55: "⊗",
    0x97: "●",
    0x98: "●",
    0x99: "○",
    **dict.fromkeys((0xA2, 0xA3, 0x2A, 0x30), UNCHECKED),
    0xA0: "■",
}
_FONTS = {
    "symbol": {first + n: c for first, row in zip((0x20, 0xA1), _SYMBOL, strict=True) for n, c in enumerate(row)},
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "wingdings 3": {0x66 + n: character for n, character in enumerate("←→↑↓↖↗↙↘")},
    "webdings": {0x61: "✓", 0x63: UNCHECKED, 0x72: "✗", 0x67: "■", 0x6E: "●"},
}


def is_symbolic(font: str) -> bool:
    """Whether a font's characters are not what their codes say."""
    return font.lower() in _FONTS


def symbol(code: int, font: str) -> str:
    """The character that a font shows for a code; "" if it is not known."""
    known = _FONTS.get(font.lower())
    plain = code - _PRIVATE if _PRIVATE <= code < _PRIVATE + 256 else code
    if known is not None:
        return known.get(plain, "").strip("\0")
    # Other fonts have Unicode, but for what is nobody's.
    return chr(code) if 0x20 <= code < 0x110000 and not 0xD800 <= code < 0xF900 else ""
