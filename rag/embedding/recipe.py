"""What a sentence-transformers folder says is done to a text, before and after its network."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rag.inference.bert import understands

_MODULES: Final = ["Transformer", "Pooling", "Normalize"]
_POOLING: Final = "pooling_mode"
_OLD_POOLING: Final = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """``query`` and ``passage`` go before a text, which is cut to ``longest`` tokens, those at its ends among them.

    Its vector is the mean of the states, or the first one's if ``first``.
    """

    query: str
    passage: str
    longest: int
    first: bool


def read_recipe(folder: Path) -> Recipe | None:
    """The recipe of the model in ``folder``; None if anything in it is not done here, or is not there."""
    try:
        modules = _read(folder / "modules.json")
        kinds = [module["type"].rsplit(".", 1)[-1] for module in modules]
        config = _read(folder / "config.json")
        if kinds not in (_MODULES, _MODULES[:2]) or modules[0]["path"] or not understands(folder, config):
            return None
        pooling = _read(folder / modules[1]["path"] / "config.json")
        sentences = _read(folder / "sentence_bert_config.json")
        prompts = _read(folder / "config_sentence_transformers.json")
        mode = _pooled_by(pooling)
        if mode not in ("mean", "cls") or not pooling.get("include_prompt", True) or sentences.get("do_lower_case"):
            return None
        before: dict[str, str] = prompts.get("prompts") or {}
        default = before.get(prompts.get("default_prompt_name") or "", "")
        # As sentence-transformers does, but that its own empty `document` prompt wins over nothing.
        passage = next((before[name] for name in ("document", "passage", "corpus") if before.get(name)), default)
        longest = sentences.get("max_seq_length") or _read(folder / "tokenizer_config.json")["model_max_length"]
        (folder / "tokenizer.json").stat()
        return Recipe(before.get("query") or default, passage, int(longest), mode == "cls")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _pooled_by(pooling: dict[str, Any]) -> str | None:
    if _POOLING in pooling:
        mode = pooling[_POOLING]
        return mode if isinstance(mode, str) else None
    chosen = [name for name, on in pooling.items() if name.startswith(_POOLING) and on is True]
    return _OLD_POOLING.get(chosen[0]) if len(chosen) == 1 else None


def _read(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))
