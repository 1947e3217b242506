"""The HTTP API's requests and responses, as its OpenAPI description shows them. The values are those of `rag.contract`.

All positions are code points of a document's text, ``[start, end)``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat

from rag.validation import MAX_QUESTION

MAX_BATCH = 100
MAX_HISTORY = 50


def _text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"not text: half of a surrogate pair at {error.start}") from error
    return value


_Text = Annotated[str, AfterValidator(_text)]
_Confidence = Annotated[FiniteFloat, Field(ge=0.0, le=1.0)]
# Its length is checked with the rest of what a question must be, where the message says what to do.
QuestionText = Annotated[
    _Text,
    Field(
        description="The question, in Chinese or English; at least one letter, digit or Chinese character.",
        examples=["豆包2024年11月的月活跃用户有多少？"],
        json_schema_extra={"minLength": 1, "maxLength": MAX_QUESTION},
    ),
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Response(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Exchange(_Request):
    """A question that was asked before, and the short answer that it got ("" if none)."""

    question: Annotated[_Text, Field(max_length=MAX_QUESTION)]
    answer: Annotated[_Text, Field(max_length=10 * MAX_QUESTION)]


class Question(_Request):
    """A question, of all documents or of one."""

    question: QuestionText
    document: Annotated[_Text | None, Field(description="Ask this document (`doc_id`) only.")] = None
    min_confidence: Annotated[
        _Confidence | None, Field(description="Abstain below this confidence; without it as the server is set.")
    ] = None


class Ask(Question):
    """A question, perhaps a follow-up of those before it."""

    history: Annotated[
        list[Exchange], Field(max_length=MAX_HISTORY, description="The conversation so far, oldest first.")
    ] = []


class BatchQuestion(Question):
    """A question of a batch. One that can't be asked has a problem for its result."""

    question: Annotated[_Text, Field(description="The question, in Chinese or English.")]
    id: Annotated[_Text | None, Field(max_length=200, description="Comes back with the result.")] = None


class Batch(_Request):
    """Questions that are answered one after the other."""

    questions: Annotated[list[BatchQuestion], Field(min_length=1, max_length=MAX_BATCH)]


class Problem(_Response):
    """What went wrong (RFC 9457)."""

    type: Annotated[
        str, Field(description="`about:blank`, or `urn:wenyuan:problem:NAME` for what only Wenyuan can say.")
    ]
    title: str
    status: int
    detail: Annotated[str, Field(description="What is wrong and what to do next, in English.")]
    detail_zh: Annotated[str, Field(description="The same in Chinese.")]


class Elsewhere(_Response):
    """Where a text stands once more."""

    doc_id: Annotated[
        str, Field(description="The document's own: a file of the same bytes; another: a document almost the same.")
    ]
    title: str
    source: str


class Citation(_Response):
    """A verbatim quote: the document's text at `[start, end)`."""

    n: Annotated[int, Field(description="The number in the reply's text: `[1]`.")]
    doc_id: str
    title: str
    source: str
    paragraph: int
    start: int
    end: int
    quote: str
    sentence: Annotated[str, Field(description="The sentence around the quote.")]
    role: Annotated[
        Literal["answer", "repeat", "different"],
        Field(description="It answers, says the same again, or is another source's different answer."),
    ]
    page: Annotated[int, Field(description="From 1; 0 where the format has no pages.")]
    also_in: Annotated[
        list[Elsewhere], Field(description="Where it is said once more; copies of one text are one source.")
    ]


class Hit(_Response):
    """A retrieved passage; a higher score is better."""

    rank: int
    doc_id: str
    paragraph: int
    start: int
    end: int
    score: float
    text: str
    also_in: Annotated[list[Elsewhere], Field(description="Where the same words stand, not listed for themselves.")]


class Item(_Response):
    """One thing that was answered, and the numbers of the citations that say it."""

    text: str
    citations: list[int]
    differs: Annotated[bool, Field(description="Another source says this instead.")]


class Part(_Response):
    """One of the questions inside a question; without items nothing answers it."""

    question: str
    items: list[Item]


class Correction(_Response):
    """A word of the question that no document has, and the one of the same sound that was searched for instead."""

    asked: str
    searched: str


class Answer(_Response):
    """The documents' own words, or an abstention with the nearest passages."""

    id: str | None
    question: Annotated[str, Field(description="What was asked of the documents: a follow-up is spelt out.")]
    status: Literal["answered", "abstained"]
    answer: Annotated[str, Field(description="The short answer, several joined by `；`; empty when abstained.")]
    text: Annotated[str, Field(description="The reply in full, with citation marks.")]
    parts: list[Part]
    corrections: list[Correction]
    confidence: float
    citations: list[Citation]
    hits: list[Hit]
    timings_ms: dict[str, float]


class Result(_Response):
    """The answer to one question of a batch, or why there is none."""

    id: str | None
    answer: Answer | None
    problem: Problem | None


class Results(_Response):
    """The results of a batch, in the order of its questions."""

    results: list[Result]


class Record(_Response):
    """A document as listed."""

    doc_id: Annotated[str, Field(description="The beginning of `sha256`: it changes when the text does.")]
    title: str
    source: str
    sha256: str
    characters: int
    paragraphs: int
    passages: int
    modified: Annotated[
        str | None, Field(description="When its file was last changed before it was indexed, as ISO 8601 in UTC.")
    ]
    also_in: Annotated[list[Elsewhere], Field(description="Files of the same bytes, then documents almost the same.")]


class Block(_Response):
    """A paragraph, heading, list item or quote of a document."""

    paragraph: int
    kind: Literal["heading", "paragraph", "list_item", "quote", "code"]
    start: int
    end: int
    line: Annotated[int, Field(description="From 1; 0 where the format has no lines.")]
    page: Annotated[int, Field(description="From 1; 0 where the format has no pages.")]
    path: list[str]


class Document(_Response):
    """A document with all its text, so that anyone can verify a quote."""

    doc_id: str
    title: str
    source: str
    sha256: str
    text: str
    blocks: list[Block]


class Quote(_Response):
    """What stands at a citation's address."""

    doc_id: str
    title: str
    source: str
    paragraph: int
    start: int
    end: int
    quote: str
    sentence: Annotated[str, Field(description="The sentences that the quote touches.")]
    sentence_start: int
    page: Annotated[int, Field(description="From 1; 0 where the format has no pages.")]


class Notice(_Response):
    """Something worth knowing of a file that was read."""

    detail: str
    detail_zh: str


class Uploaded(_Response):
    """What became of one uploaded file; `doc_id` is the document that now holds its text."""

    name: str
    status: Literal["added", "duplicate", "failed"]
    doc_id: str | None
    title: str | None
    source: str | None
    problem: Problem | None
    notices: Annotated[list[Notice], Field(description="Parts of the file that could not be read, if any.")]


class Uploads(_Response):
    """What became of each uploaded file, in order."""

    results: list[Uploaded]


class Health(_Response):
    """The server is up; `ready` once its models are loaded, so that a question is answered at once."""

    status: Literal["ok"]
    ready: bool


class IndexState(_Response):
    """The index in use."""

    generation: str
    created: str
    encoder: str
    documents: int
    passages: int


class Version(_Response):
    """What is running, and over which index (null if there is none yet)."""

    version: str
    index: IndexState | None
