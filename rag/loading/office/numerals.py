"""Numbers as a document's automatic numbering writes them: 三, 壹, 甲, iv, ①."""

from __future__ import annotations

from collections.abc import Callable

_HAN = "零一二三四五六七八九"
_FORMAL = "零壹贰叁肆伍陆柒捌玖"
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
_ROMAN_ONES = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_MOST = 10_000


def numeral(number: int, form: str) -> str:
    """``number`` in a form of WordprocessingML's ST_NumberFormat; in figures where the form has none for it."""
    write = _FORMS.get(form)
    return write(number) if write and 0 < number < _MOST else str(number)


def _chinese(number: int, digits: str = _HAN, units: tuple[str, ...] = ("", "十", "百", "千")) -> str:
    text, places = "", str(number)
    for place, digit in zip(range(len(places) - 1, -1, -1), places, strict=True):
        if digit != "0":
            text += digits[int(digit)] + units[place]
        elif text and not text.endswith(digits[0]):
            text += digits[0]
    text = text.rstrip(digits[0])
    return text[1:] if digits is _HAN and 10 <= number < 20 else text


def _formal(number: int) -> str:
    return _chinese(number, _FORMAL, ("", "拾", "佰", "仟"))


def _digits(number: int) -> str:
    return "".join("〇一二三四五六七八九"[int(digit)] for digit in str(number))


def _roman(number: int) -> str:
    text = ""
    for value, letters in (*_ROMAN, *_ROMAN_ONES):
        text += letters * (number // value)
        number %= value
    return text


def _letters(number: int) -> str:
    # a, b, … z, aa, bb, as Word counts.
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def _of(characters: str) -> Callable[[int], str]:
    return lambda number: characters[number - 1] if number <= len(characters) else str(number)


def _run(first: int, count: int) -> str:
    return "".join(chr(first + n) for n in range(count))


_CIRCLED = _run(0x2460, 20) + _run(0x3251, 15) + _run(0x32B1, 15)
_FORMS: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(
        (
            "chineseCounting",
            "chineseCountingThousand",
            "taiwaneseCounting",
            "taiwaneseCountingThousand",
            "japaneseCounting",
        ),
        _chinese,
    ),
    **dict.fromkeys(("ideographDigital", "taiwaneseDigital", "japaneseDigitalTenThousand"), _digits),
    **dict.fromkeys(("chineseLegalSimplified", "ideographLegalTraditional", "japaneseLegal"), _formal),
    "ideographTraditional": _of(_STEMS),
    "ideographZodiac": _of(_BRANCHES),
    **dict.fromkeys(("decimalEnclosedCircle", "decimalEnclosedCircleChinese"), _of(_CIRCLED)),
    "decimalEnclosedParen": _of(_run(0x2474, 20)),
    "decimalEnclosedFullstop": _of(_run(0x2488, 20)),
    "ideographEnclosedCircle": _of(_run(0x3280, 10)),
    **dict.fromkeys(
        ("decimalFullWidth", "decimalFullWidth2"), lambda n: str(n).translate({48 + d: 0xFF10 + d for d in range(10)})
    ),
    "decimalZero": lambda n: f"{n:02d}",
    "lowerRoman": _roman,
    "upperRoman": lambda n: _roman(n).upper(),
    "lowerLetter": _letters,
    "upperLetter": lambda n: _letters(n).upper(),
    "none": lambda _: "",
}
