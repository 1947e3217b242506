"""The HTTP API's requests and responses, as its OpenAPI description shows them. The values are those of `rag.contract`.

All positions are code points of a document's text, ``[start, end)``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat

from rag.question.validation import MAX_QUESTION

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
# Its length is checked with the rest of what a question must be, where the message says what to do.
QuestionText = Annotated[
    _Text,
    Field(
        description="The question, in Chinese or English; at least one letter, digit or Chinese character.",
        examples=["豆包2024年11月的月活跃用户有多少？"],
        json_schema_extra={"minLength": 1, "maxLength": MAX_QUESTION},
    ),
]


Names = Annotated[list[_Text], Field(max_length=MAX_CHOSEN)]
"""Collections or documents that are chosen."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Response(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Exchange(_Request):
    """A question that was asked before, and the short answer that it got ("" if none)."""

    question: Annotated[_Text, Field(max_length=MAX_QUESTION)]
    answer: Annotated[_Text, Field(max_length=10 * MAX_QUESTION)]


class Question(_Request):
    """A question, of all documents or of some."""

    question: QuestionText
    document: Annotated[_Text | None, Field(description="Ask this document (`doc_id`) only.")] = None
    collections: Annotated[Names, Field(description="Ask the documents of these collections only.")] = []
    documents: Annotated[Names, Field(description="Ask these documents (`doc_id`) only, beside the collections.")] = []
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


class TableRow(_Response):
    """A row of a table."""

    header: Annotated[
        list[str], Field(description='The names of the columns, `""` without one; empty if no column has one.')
    ]
    cells: Annotated[list[str], Field(description='What stands in each column; `""` in a blank cell.')]
    cited: Annotated[list[int], Field(description="The places of the quoted cells in `cells`, from 0.")]


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
    row: Annotated[TableRow | None, Field(description="The block, if it is a table's row of at most 100 columns.")]


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
    edition: Annotated[
        str | None,
        Field(description="The date or version of the document where another edition differs; null elsewhere."),
    ]
    heading: Annotated[
        str | None, Field(description="In an overview, the section's heading or the document's title; else null.")
    ]


class Part(_Response):
    """One of the questions inside a question; without items nothing answers it.

    Then `missing` are its names and nouns that no document contains, and `related` is the sentence that may have to do
    with it.
    """

    question: str
    items: list[Item]
    missing: list[str]
    related: Citation | None
    confirmed: Annotated[str | None, Field(description="The date on which the user confirmed this answer, or null.")]
    outdated: Annotated[
        str | None, Field(description="The date of a confirmed answer that is not used: its text has changed.")
    ]
    more: Annotated[int, Field(description="How many sections or documents an overview leaves out.")]


class Correction(_Response):
    """A word of the question that no document has, and the one of the same sound that was searched for instead."""

    asked: str
    searched: str


class Answer(_Response):
    """The documents' own words, or an abstention with the nearest passages."""

    id: str | None
    question: Annotated[str, Field(description="What was asked of the documents: a follow-up is spelt out.")]
    status: Annotated[
        Literal["answered", "abstained", "courtesy", "overview"],
        Field(
            description="`courtesy`: no question, such as 谢谢; `text` is a line in return. `overview`: the first "
            "sentences of a document's sections, or of several documents, for what asks what they are about."
        ),
    ]
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


class Omission(_Response):
    """What of one kind a document lacks of its file."""

    kind: Annotated[str, Field(description="`picture`, `scan`, `formula`, `chart`, `attachment` and the like.")]
    count: int
    after: Annotated[list[int], Field(description="The blocks after which they stand; 0 is before the first.")]
    detail: Annotated[str, Field(description="How many of what, in English.")]
    detail_zh: Annotated[str, Field(description="The same in Chinese.")]


class Record(_Response):
    """A document as listed."""

    doc_id: Annotated[str, Field(description="The beginning of `sha256`: it changes when the text does.")]
    title: str
    source: str
    collections: Annotated[
        list[str], Field(description="Those that it is in: folders, directly or below, and the user's own.")
    ]
    sha256: str
    characters: int
    paragraphs: int
    passages: int
    modified: Annotated[
        str | None, Field(description="When its file was last changed before it was indexed, as ISO 8601 in UTC.")
    ]
    also_in: Annotated[list[Elsewhere], Field(description="Files of the same bytes, then documents almost the same.")]
    omitted: Annotated[list[Omission], Field(description="What could not be read of its file.")]


class Collection(_Response):
    """A part of the library that can be asked alone: a folder, with what lies below it, or what the user has put in."""

    name: str
    documents: Annotated[int, Field(description="How many it has.")]
    own: Annotated[bool, Field(description="Whether the user has made it; if not, it is a folder.")]


class Cell(_Response):
    """A cell of a table's row that is not blank."""

    column: Annotated[int, Field(description="The column's place, from 0.")]
    name: Annotated[str, Field(description="The column's name, if the row says it; it ends one before `start`.")]
    start: int
    end: int


class Block(_Response):
    """A paragraph, heading, list item, quote or table row of a document."""

    paragraph: int
    kind: Literal["heading", "paragraph", "list_item", "quote", "code", "row"]
    start: int
    end: int
    line: Annotated[int, Field(description="From 1; 0 where the format has no lines.")]
    page: Annotated[int, Field(description="From 1; 0 where the format has no pages.")]
    ocr: Annotated[
        float | None, Field(description="How sure what was recognised in a picture is, to 1; null where it is text.")
    ]
    path: list[str]
    header: Annotated[int, Field(description="The row that names a row's columns, perhaps itself; 0 if none does.")]
    cells: Annotated[list[Cell], Field(description="The cells of a row; blank ones are not among them.")]


class Document(_Response):
    """A document with its text, so that anyone can verify a quote; a slice of a long one."""

    doc_id: str
    title: str
    source: str
    sha256: str
    text: str
    text_start: Annotated[int, Field(description="Where in the whole document `text` begins.")]
    blocks: list[Block]
    omitted: Annotated[list[Omission], Field(description="What could not be read of its file, all of it.")]
    next: Annotated[int | None, Field(description="The `first` of the next slice; null if there is none.")]


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
    row: Annotated[TableRow | None, Field(description="The block, if it is a table's row of at most 100 columns.")]


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
    """What became of each uploaded file, in order; of an archive, what became of each file in it."""

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


class FoundQuestion(_Response):
    """The first question of a conversation that has what was searched for."""

    question: Annotated[int, Field(description="Its number, from 1.")]
    asked: Annotated[str, Field(description="The question.")]


class ConversationRecord(_Response):
    """A conversation as listed."""

    id: Annotated[str, Field(description="The page shows it at `/#c/ID`.")]
    name: Annotated[str, Field(description="Its first question, until it is renamed.")]
    begun: Annotated[str, Field(description="When its first question was asked, ISO 8601 in UTC.")]
    used: Annotated[str, Field(description="When its last one was.")]
    questions: Annotated[int, Field(description="How many questions it has.")]
    found: Annotated[
        FoundQuestion | None, Field(description="Where the words stand that were searched for; null if in its name.")
    ]


class Conversations(_Response):
    """The page's conversations."""

    lasting: Annotated[
        bool, Field(description="Whether they are kept on disk; if not, they are gone when the server ends.")
    ]
    conversations: Annotated[list[ConversationRecord], Field(description="Last used first.")]


class Exchanged(_Response):
    """A question of a conversation and its answer."""

    asked: Annotated[str, Field(description="As it was asked; `answer.question` is what it was taken to mean.")]
    collections: Annotated[list[str], Field(description="Only these were asked; empty if none was chosen.")]
    documents: Annotated[list[str], Field(description="Only these (`doc_id`), beside the collections.")]
    without: Annotated[list[str], Field(description="Not these (`doc_id`), though they are in the collections.")]
    answer: Annotated[Answer, Field(description="As it was given; its `hits` are not kept.")]


class Conversation(ConversationRecord):
    """A conversation."""

    turns: Annotated[list[Exchanged], Field(description="Its questions and answers, in order.")]


class ConversationChange(_Request):
    """What to change of a conversation."""

    name: Annotated[_Text | None, Field(min_length=1, max_length=100, pattern=r"\S", description="Its new name.")] = (
        None
    )
    deleted: Annotated[Literal[False] | None, Field(description="`false` takes its deletion back.")] = None
