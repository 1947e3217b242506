"""One settings object. Values come from defaults, then ``wenyuan.toml``, then ``WENYUAN_…`` variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from rag.errors import SettingsError

SETTINGS_FILE = "wenyuan.toml"
ENVIRONMENT_PREFIX = "WENYUAN_"
# Variables that are not settings of a library: where caches are, the language of messages, secrets.
ENVIRONMENT_OTHERS = frozenset({"WENYUAN_CACHE_DIR", "WENYUAN_LANG", "WENYUAN_TOKEN", "WENYUAN_MILVUS_TOKEN"})

BUNDLED: Final = "multilingual-e5-small"
"""The name of the model that is installed with Wenyuan; see `rag.embedding.bundled`."""

Engine = Literal["openvino", "openvino-float", "torch"]
"""What computes a network: OpenVINO on the processor, in bytes where that is faster or never so; or torch, slower
there, on any device of its.
"""

Retrieval = Literal["hybrid", "dense", "bm25"]
StoreKind = Literal["embedded", "milvus"]
DenseIndexKind = Literal["HNSW", "HNSW_SQ", "IVF_SQ8", "DISKANN", "FLAT"]

_Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]
_Length = Annotated[int, msgspec.Meta(ge=20, le=2000)]
_Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """Lengths in characters. Blocks shorter than ``min_chars`` are joined with the next; no passage is longer than
    ``max_chars``. ``context`` puts title, headings and list neighbours beside a passage for retrieval.
    """

    min_chars: int = 60
    max_chars: int = 400
    context: bool = True


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a library is built and asked with.

    The first group is fixed when an index is built; opening an index with other values is an error.
    """

    model: str = BUNDLED
    """The bundled embedding model, a sentence-transformers folder, or a model id in the local Hugging Face cache."""
    passage_min_chars: _Length = SplitSettings().min_chars
    """Paragraphs with fewer characters are joined with the next."""
    passage_max_chars: _Length = SplitSettings().max_chars
    """No passage is longer."""
    passage_context: bool = SplitSettings().context
    """Find a passage by title, headings and list neighbours, too; they are never quoted."""
    user_dictionary: str = ""
    """A file of words that must not be cut apart: ``word [frequency [tag]]`` a line, ``#`` comments."""

    engine: Engine = "openvino"
    """What computes the models: ``openvino`` on the processor, in eight bits where that was found faster there;
    ``openvino-float``, the same and never in eight bits; ``torch``, slower there. What is not of BERT's kind is
    computed by torch.
    """
    device: str = "cpu"
    """Where torch computes: ``cpu``, ``cuda``, ``mps``; all but ``cpu`` need ``engine = "torch"``."""
    retrieval: Retrieval = "hybrid"
    """By vectors and words, by vectors alone, or by words alone; ``bm25`` needs no embedding model when asked."""
    candidates: _Count = 50
    """How many passages each retriever proposes."""
    bm25_weight: _Share = 0.45
    """What the highest possible BM25 score adds to the cosine."""
    hits: _Count = 10
    """How many passages are listed with an answer."""
    read: _Count = 10
    """How many passages may be read for an answer: the best four of them, each with what stands around it."""
    reader: str = "trained"
    """``trained``, or a folder that ``wenyuan train reader`` made."""
    min_confidence: _Share = 0.4
    """Below this confidence Wenyuan abstains."""
    max_error: Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)] | None = None
    """Instead of ``min_confidence``: the share of all questions that may get a wrong answer."""
    language: Literal["auto", "zh", "en"] = "auto"
    """The language of replies; ``auto`` follows the question."""
    keep_generations: _Count = 3
    """How many generations of the index stay on disk, the one in force among them."""

    store: StoreKind = "embedded"
    """Where documents and their index lie: in a folder on this disk, or in Milvus."""
    milvus_uri: str = ""
    """Where Milvus is, such as ``http://HOST:19530``; a file name that ends in ``.db`` is one of milvus-lite."""
    milvus_prefix: Annotated[str, msgspec.Meta(pattern="^[A-Za-z_][A-Za-z0-9_]{0,99}$")] = "wenyuan"
    """How the names of this library's collections begin."""
    milvus_index: DenseIndexKind = "HNSW"
    """The kind of Milvus' vector indexes; decided when the collections are made."""

    @property
    def is_embedded(self) -> bool:
        """Whether the library lies in an index folder on this disk; see `rag.places`."""
        return self.store == "embedded"

    def require_embedded(self) -> None:
        """Raise SettingsError if documents lie in Milvus: for what needs an index on this disk."""
        if not self.is_embedded:
            raise SettingsError(
                "这个功能只用于本机的索引文件夹；Milvus 里的资料库没有版本，备份和修复由 Milvus 自己负责。"
                "见 rag/milvus/deploy/README.zh.md；要用本机索引，请设 store = embedded。",
                "This needs an index folder on this machine; a library in Milvus has no generations, and Milvus itself "
                "sees to backup and repair. See rag/milvus/deploy/README.md; for an index here set store = embedded.",
            )

    @property
    def split(self) -> SplitSettings:
        return SplitSettings(self.passage_min_chars, self.passage_max_chars, self.passage_context)

    @property
    def dictionary_path(self) -> Path | None:
        return Path(self.user_dictionary) if self.user_dictionary else None


def load_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read settings from ``file`` (or ``wenyuan.toml`` here, if there is one) and the environment.

    Raises SettingsError for a missing or malformed file, an unknown key, a value out of range or at odds with another.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, object] = {}
    if file is not None and not file.is_file():
        raise SettingsError(f"找不到设置文件 {file}。", f"No such settings file: {file}.")
    file = file or Path(SETTINGS_FILE)
    if file.is_file():
        values.update(_convert(_read(file), str(file), strict=True))
    variables = {
        name.removeprefix(ENVIRONMENT_PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(ENVIRONMENT_PREFIX) and name not in ENVIRONMENT_OTHERS
    }
    values.update(_convert(variables, "WENYUAN_…", strict=False))
    settings = Settings(**values)  # type: ignore[arg-type]  # each value was converted to its field's type
    if settings.device != "cpu" and settings.engine != "torch":
        raise SettingsError(
            f"设置有误：engine = {settings.engine} 只在处理器上计算；要用 device = {settings.device}，"
            "请同时设 engine = torch。",
            f"Wrong setting: engine = {settings.engine} computes on the processor only; for device = {settings.device} "
            "set engine = torch too.",
        )
    if not settings.is_embedded and not settings.milvus_uri:
        raise SettingsError(
            "store = milvus 还需要地址：加 --uri http://主机:19530，或设 milvus_uri。",
            "store = milvus needs an address: add --uri http://HOST:19530, or set milvus_uri.",
        )
    return settings


def _read(file: Path) -> Mapping[str, object]:
    try:
        decoded: dict[str, object] = msgspec.toml.decode(file.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(f"无法读取设置文件 {file}：{error}", f"Can't read settings file {file}: {error}") from error
    return decoded


def _convert(values: Mapping[str, object], origin: str, *, strict: bool) -> dict[str, object]:
    """Only the fields that ``values`` names, checked and converted."""
    try:
        made = msgspec.convert(values, Settings, strict=strict)
    except msgspec.ValidationError as error:
        known = "、".join(Settings.__struct_fields__)
        raise SettingsError(
            f"设置有误（{origin}）：{error}。可用的设置：{known}。",
            f"Wrong setting ({origin}): {error}. Settings are: {', '.join(Settings.__struct_fields__)}.",
        ) from error
    return {name: getattr(made, name) for name in values}
