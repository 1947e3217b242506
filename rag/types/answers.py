"""What was retrieved, what is cited, and the answer to a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, NamedTuple

from rag.types.documents import Elsewhere, Passage, TableRow
from rag.wire import Meaning


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage.

    ``dense`` is the cosine of question and passage, ``sparse`` the BM25 score; None where that retriever
    did not return the passage.
    """

    rank: Annotated[int, Meaning("From 1.", "名次，从 1 起。")]
    passage: Annotated[
        Passage,
        {
            "doc_id": Meaning("The document.", "文档。"),
            "paragraph": Meaning(
                "The first block of the passage that is not a heading.", "段落单元里第一个不是标题的段落。"
            ),
            "start": Meaning("Where the passage begins.", "段落单元的起点。"),
            "end": Meaning("Where it ends, exclusive.", "终点（不含）。"),
        },
    ]
    score: Annotated[
        float,
        Meaning(
            "Higher is better: cosine + share of BM25, or one of them by the setting `retrieval`.",
            "越高越好：余弦加一份 BM25，或按设置 `retrieval` 只取其一。",
        ),
    ]
    text: Annotated[str, Meaning("The passage.", "段落单元的文字。")]
    dense: float | None = None
    sparse: float | None = None
    also_in: Annotated[
        tuple[Elsewhere, ...],
        Meaning("Where the same words stand, not listed for themselves.", "还有哪里有同样的文字，那里不单独列出。"),
    ] = ()

    def excerpt(self, most: int) -> str:
        """The text's first ``most`` characters on one line."""
        text = " ".join(self.text.split())
        return text if len(text) <= most else f"{text[:most]}…"


class Role(StrEnum):
    """Why something is cited: it answers, says the same as what answers, or is another source's different answer."""

    ANSWER = "answer"
    REPEAT = "repeat"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote: the document's text at ``[start, end)``, inside ``sentence``."""

    n: Annotated[int, Meaning("The number in the reply's text: `[1]`.", "回复里的编号：`[1]`。")]
    doc_id: Annotated[
        str,
        Meaning(
            "The document: the first 12 digits of the SHA-256 of the file's bytes.",
            "文档：文件字节的 SHA-256 的前 12 位。",
        ),
    ]
    title: Annotated[
        str,
        Meaning(
            "What the document calls itself, or its first heading, or its file name without suffix.",
            "文档自己的标题，或第一个小标题，或不带后缀的文件名。",
        ),
    ]
    source: Annotated[str, Meaning("The path under which it was indexed.", "索引时的路径。")]
    paragraph: Annotated[
        int, Meaning("The number of the block, from 1, headings included.", "段落编号，从 1 起，标题也算。")
    ]
    start: Annotated[int, Meaning("Where the quote begins.", "引文的起点。")]
    end: Annotated[int, Meaning("Where it ends, exclusive.", "引文的终点（不含）。")]
    quote: Annotated[
        str,
        Meaning(
            "`text[start:end]` of the document, always; of several items in one paragraph, from the first to the last.",
            "永远等于文档的 `text[start:end]`；同一段里的几项，从第一项到最后一项。",
        ),
    ]
    sentence: Annotated[str, Meaning("The sentence around the quote.", "引文所在的句子。")]
    sentence_start: int
    role: Annotated[
        Role,
        Meaning(
            "It answers, says the same again, or is another source's different answer.",
            "是答案、重复同一答案，还是另一来源的不同答案。",
        ),
    ] = Role.ANSWER
    page: Annotated[int, Meaning("From 1; 0 where the format has no pages.", "页码，从 1 起；没有页的格式为 0。")] = 0
    also_in: Annotated[
        tuple[Elsewhere, ...],
        Meaning(
            "Where it is said once more; copies of one text are one source.",
            "还有哪里这样说；同一文字的副本只算一个来源。",
        ),
    ] = ()
    row: Annotated[
        TableRow | None,
        Meaning(
            "The block, if it is a table's row of at most 100 columns.",
            "所在的段落，如果它是表格的一行（最多 100 列）。",
        ),
    ] = None

    @property
    def sentence_end(self) -> int:
        """Where the sentence ends in the document."""
        return self.sentence_start + len(self.sentence)

    @property
    def in_sentence(self) -> tuple[str, str, str]:
        """The sentence in three: before the quote, the quote, after it."""
        start, end = self.start - self.sentence_start, self.end - self.sentence_start
        return self.sentence[:start], self.sentence[start:end], self.sentence[end:]


class Status(StrEnum):
    """Whether the documents answered the question.

    Mere courtesy asks nothing, see `rag.question.courtesy`; what asks what documents are about gets an overview, see
    `rag.answering.overview`; what asks how two editions differ gets their differences, see `rag.answering.revised`.
    """

    ANSWERED = "answered"
    ABSTAINED = "abstained"
    COURTESY = "courtesy"
    OVERVIEW = "overview"
    DIFFERENCES = "differences"


class AnswerItem(NamedTuple):
    """One thing that was answered, and the numbers of the citations that say it.

    Of two editions that say otherwise that which differs is the older. An answer from an older version has its edition.
    """

    text: Annotated[str, Meaning("What answers, in the document's words.", "答案，文档的原话。")]
    citations: Annotated[
        tuple[int, ...], Meaning("The numbers `n` of the citations that say it.", "这样说的出处的编号 `n`。")
    ]
    differs: Annotated[bool, Meaning("Another source says this instead.", "另一来源这样说，与答案不同。")] = False
    edition: Annotated[
        str,
        Meaning(
            "The document's date or version where another edition differs or it is an older version; else null.",
            "另一版说法不同，或所在文件是旧版时，它的日期或版本；否则为 null。",
            null=True,
        ),
    ] = ""
    heading: Annotated[
        str,
        Meaning(
            "In an overview or a difference, the section's heading or the document's title; else null.",
            "概览和版本差异里是这一节的标题或文档的标题；否则为 null。",
            null=True,
        ),
    ] = ""
    change: Annotated[
        str,
        Meaning(
            "Of two editions: `changed` (the new wording, and in the next item the old one, which differs), `added`, "
            "`removed`; else null.",
            "两版的差异：`changed`（新的说法，下一项是旧的，`differs` 为真）、`added`（新增）、`removed`（删去）；"
            "否则为 null。",
            null=True,
        ),
    ] = ""


class AnswerPart(NamedTuple):
    """One of the questions inside a question; without items nothing answers it.

    Then ``nearest`` are passages that came near, and the ``n`` of ``related`` is 0.
    """

    question: Annotated[str, Meaning("The question inside the question.", "问题里的这一问。")]
    items: Annotated[
        tuple[AnswerItem, ...], Meaning("What answers it; empty if nothing does.", "它的答案；没有则为空。")
    ]
    missing: Annotated[
        tuple[str, ...],
        Meaning(
            "Without items: names and nouns of the question that no document contains.",
            "没有答案时：问题里哪些名称和名词任何文档都没有。",
        ),
    ] = ()
    nearest: tuple[Hit, ...] = ()
    related: Annotated[
        Citation | None,
        Meaning("Without items: the sentence that may have to do with it.", "没有答案时：可能与之有关的一句。"),
    ] = None
    confirmed: Annotated[
        str,
        Meaning(
            "The date on which the user confirmed this answer, or null.", "用户确认这个答案的日期，或 null。", null=True
        ),
    ] = ""
    outdated: Annotated[
        str,
        Meaning(
            "The date of a confirmed answer that is not used because its text has changed, or null.",
            "确认过、但原文已变而不再使用的答案的日期，或 null。",
            null=True,
        ),
    ] = ""
    more: Annotated[
        int,
        Meaning(
            "How many sections, documents or differences are not listed.",
            "概览没有列出的节数或篇数，没有列出的差异数。",
        ),
    ] = 0


class Correction(NamedTuple):
    """A word of the question that no document has, and the one of the same sound that was searched for instead."""

    asked: Annotated[str, Meaning("The word as asked.", "问题里的词。")]
    searched: Annotated[str, Meaning("The word of the same sound that was searched for.", "实际检索的同音词。")]


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to one question: the documents' own words, or an abstention with the nearest passages.

    ``missing`` are the question's words that no document contains.
    """

    id: Annotated[str | None, Meaning("The `id` of the batch line.", "批量提问时该行的 `id`。")] = field(
        default=None, kw_only=True
    )
    question: Annotated[
        str,
        Meaning("What was asked of the documents: a follow-up is spelt out.", "向文档问了什么：追问会补全。"),
    ]
    status: Annotated[
        Status,
        Meaning(
            "`courtesy`: no question, such as 谢谢; `text` is a line in return. `overview`: the first sentences of a "
            "document's sections, or of several documents, for what asks what they are about. `differences`: what two "
            "editions of a document differ in, or without `change` which documents have two; no items: nothing.",
            "有任何一问得到回答即为 `answered`；不是提问的为 `courtesy`；问文档讲了什么的为 `overview`；"
            "问两版有什么不同的为 `differences`，没有项即没有不同，各项没有 `change` 则是有两版的文档，请写明哪一篇。",
        ),
    ]
    answer: Annotated[
        str,
        Meaning(
            "The short answer, several joined by `；`; empty when abstained.", "简短答案，几个之间用 `；`；拒答时为空。"
        ),
    ]
    text: Annotated[str, Meaning("The reply in full, with citation marks.", "完整的回复，带出处编号。")]
    parts: Annotated[
        tuple[AnswerPart, ...],
        Meaning("One for each question inside the question.", "问题里的每一问一项。"),
    ] = field(default=(), kw_only=True)
    corrections: Annotated[
        tuple[Correction, ...],
        Meaning(
            "Words that no document has, and what was searched for instead.", "没有任何文档用过的词，及改为检索的词。"
        ),
    ] = field(default=(), kw_only=True)
    confidence: Annotated[
        float,
        Meaning(
            "0 to 1: the estimated probability that the answer is right; of several answered parts the lowest. 0 for "
            "courtesy, overviews and differences.",
            "0 到 1：估计的答对概率；几问都答了则取最低。回应、概览和差异为 0。",
        ),
    ]
    citations: Annotated[tuple[Citation, ...], Meaning("By `n`; empty if abstained.", "按 `n` 排列；拒答时为空。")]
    hits: Annotated[
        tuple[Hit, ...],
        Meaning("Best first; of several parts in turn, each passage once.", "最好的在前；几问则轮流，每个段落一次。"),
    ]
    missing: tuple[str, ...] = ()
    timings_ms: Annotated[
        Mapping[str, float],
        Meaning(
            "`retrieve`, `read`, `total`; in a fresh process `retrieve` includes loading the model.",
            "`retrieve`、`read`、`total`；新进程里 `retrieve` 含加载模型。",
        ),
    ] = field(default_factory=dict)
