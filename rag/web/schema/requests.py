"""What the HTTP API takes: fields of other names, other types or out of their limits are refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat

from rag.question.validation import MAX_QUESTION
from rag.wire import Meaning

MAX_BATCH = 100
MAX_HISTORY = 50
MAX_CHOSEN = 500


def _text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"not text: half of a surrogate pair at {error.start}") from error
    return value


_Text = Annotated[str, AfterValidator(_text)]
_Confidence = Annotated[FiniteFloat, Field(ge=0.0, le=1.0)]
_QUESTION = Meaning(
    "The question, in Chinese or English; at least one letter, digit or Chinese character.",
    "问题，中文或英文，至少含一个字母、数字或汉字。",
)
# Its length is checked with the rest of what a question must be, where the message says what to do.
QuestionText = Annotated[
    _Text,
    _QUESTION,
    Field(
        # Of an address' parameter the framework reads this only.
        description=_QUESTION.en,
        examples=["豆包2024年11月的月活跃用户有多少？"],
        json_schema_extra={"minLength": 1, "maxLength": MAX_QUESTION},
    ),
]


Names = Annotated[list[_Text], Field(max_length=MAX_CHOSEN)]
"""Collections or documents that are chosen."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Exchange(_Request):
    """A question that was asked before, and the short answer that it got ("" if none)."""

    question: Annotated[_Text, Field(max_length=MAX_QUESTION), Meaning("The question.", "问题。")]
    answer: Annotated[
        _Text, Field(max_length=10 * MAX_QUESTION), Meaning("Its short answer.", "得到的简短答案，没有则为空。")
    ]


class Question(_Request):
    """A question, of all documents or of some."""

    question: QuestionText
    document: Annotated[_Text | None, Meaning("Ask this document (`doc_id`) only.", "只问这一篇（`doc_id`）。")] = None
    collections: Annotated[
        Names, Meaning("Ask the documents of these collections only.", "只问这些文档集里的文档。")
    ] = []
    documents: Annotated[
        Names,
        Meaning(
            "Ask these documents (`doc_id`) only, beside the collections.", "只问这几篇（`doc_id`），连同上面的文档集。"
        ),
    ] = []
    min_confidence: Annotated[
        _Confidence | None,
        Meaning(
            "Abstain below this confidence; without it as the server is set.",
            "可信度低于此就拒答；不给则按服务器的设置。",
        ),
    ] = None


class Ask(Question):
    """A question, perhaps a follow-up of those before it."""

    history: Annotated[
        list[Exchange],
        Field(max_length=MAX_HISTORY),
        Meaning("The conversation so far, oldest first.", "之前的对话，最早的在前。"),
    ] = []


class BatchQuestion(Question):
    """A question of a batch. One that can't be asked has a problem for its result."""

    question: Annotated[_Text, Meaning("The question, in Chinese or English.", "问题，中文或英文。")]
    id: Annotated[_Text | None, Field(max_length=200), Meaning("Comes back with the result.", "随结果原样返回。")] = (
        None
    )


class Batch(_Request):
    """Questions that are answered one after the other."""

    questions: Annotated[
        list[BatchQuestion],
        Field(min_length=1, max_length=MAX_BATCH),
        Meaning("The questions, answered one after the other.", "问题，逐个回答。"),
    ]


_NewName = Annotated[_Text, Field(max_length=100)]


class NewCollection(_Request):
    """A collection to be made: its name, and the ids of documents in it."""

    name: Annotated[
        _NewName, Meaning("Without / and \\; no other collection has it.", "不含 / 和 \\，与别的文档集不同名。")
    ]
    documents: Annotated[Names, Meaning("Documents (`doc_id`) that are in it.", "放进去的文档（`doc_id`）。")] = []


class CollectionChange(_Request):
    """What to change of a collection."""

    name: Annotated[_NewName | None, Meaning("Its new name.", "新名称。")] = None
    add: Annotated[Names, Meaning("Documents (`doc_id`) to put in.", "放进去的文档（`doc_id`）。")] = []
    remove: Annotated[Names, Meaning("Documents (`doc_id`) to put out.", "移出去的文档（`doc_id`）。")] = []


class DocumentChange(_Request):
    """What to change of a document."""

    replaced_by: Annotated[
        _Text | None,
        Field(max_length=100),
        Meaning(
            "The document (`doc_id`) that is a newer version of it; null makes an older version current again.",
            "哪一篇（`doc_id`）是它的新版；null 让旧版重新成为现行的。",
        ),
    ]


class ConversationChange(_Request):
    """What to change of a conversation."""

    name: Annotated[
        _Text | None, Field(min_length=1, max_length=100, pattern=r"\S"), Meaning("Its new name.", "新名称。")
    ] = None
    deleted: Annotated[Literal[False] | None, Meaning("`false` takes its deletion back.", "`false` 撤销删除。")] = None
