"""What only the HTTP API gives, beside what `rag.contract` has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from rag.contract import documents
from rag.indexing.uploads import UploadStatus
from rag.loading.facsimile.framing import Frame
from rag.types import Answer, TableRow
from rag.wire import Meaning, taken

if TYPE_CHECKING:
    from rag.web.conversations import conversation_file


class Problem(NamedTuple):
    """What went wrong (RFC 9457)."""

    type: Annotated[
        str,
        Meaning(
            "`about:blank`, or `urn:wenyuan:problem:NAME` for what only Wenyuan can say.",
            "`about:blank`；问源特有的问题为 `urn:wenyuan:problem:名称`。",
        ),
    ]
    title: Annotated[str, Meaning("The status in words.", "状态的名称。")]
    status: Annotated[int, Meaning("The HTTP status.", "HTTP 状态码。")]
    detail: Annotated[str, Meaning("What is wrong and what to do next, in English.", "哪里不对、接着怎么办，英文。")]
    detail_zh: Annotated[str, Meaning("The same in Chinese.", "同上，中文。")]


class Result(NamedTuple):
    """The answer to one question of a batch, or why there is none."""

    id: Annotated[str | None, Meaning("As it was sent.", "发来的 `id`。")]
    answer: Annotated[Answer | None, Meaning("The answer, if it could be asked.", "答案，问得了的话。")]
    problem: Annotated[Problem | None, Meaning("Why not, else.", "否则，为什么。")]


class Results(NamedTuple):
    """The results of a batch, in the order of its questions."""

    results: Annotated[list[Result], Meaning("In the order of the questions.", "按问题的次序。")]


@dataclass(frozen=True)
class Document(documents.Document):
    """A document with its text, so that anyone can verify a quote; a slice of a long one."""

    text_start: Annotated[int, Meaning("Where in the whole document `text` begins.", "`text` 在整篇文档里的起点。")]
    next: Annotated[
        int | None,
        Meaning("The `first` of the next slice; null if there is none.", "下一部分的 `first`；没有则为 null。"),
    ]


class Quote(NamedTuple):
    """What stands at a citation's address."""

    doc_id: Annotated[str, Meaning("The document.", "文档。")]
    title: Annotated[str, Meaning("Its title.", "标题。")]
    source: Annotated[str, Meaning("Its path.", "路径。")]
    paragraph: Annotated[int, Meaning("The block in which the quote begins.", "引文开始的段落。")]
    start: Annotated[int, Meaning("Where the quote begins.", "引文的起点。")]
    end: Annotated[int, Meaning("Where it ends, exclusive.", "终点（不含）。")]
    quote: Annotated[str, Meaning("`text[start:end]`.", "`text[start:end]`。")]
    sentence: Annotated[str, Meaning("The sentences that the quote touches.", "引文碰到的句子。")]
    sentence_start: Annotated[int, Meaning("Where these begin.", "这些句子的起点。")]
    page: Annotated[int, Meaning("From 1; 0 where the format has no pages.", "页码，从 1 起；没有页的格式为 0。")]
    row: Annotated[
        TableRow | None,
        Meaning(
            "The block, if it is a table's row of at most 100 columns.",
            "所在的段落，如果它是表格的一行（最多 100 列）。",
        ),
    ]


class Frames(NamedTuple):
    """Where a citation's words stand on the pages of its file."""

    pages: Annotated[int, Meaning("How many pages the file has.", "文件共有几页。")]
    frames: Annotated[
        list[Frame],
        Meaning(
            "One a line; empty where the words were not found on the page.", "每行一个；页上没有找到这些字则为空。"
        ),
    ]


class Notice(NamedTuple):
    """Something worth knowing of a file that was read."""

    detail: Annotated[str, Meaning("In English.", "英文说明。")]
    detail_zh: Annotated[str, Meaning("In Chinese.", "中文说明。")]


class Uploaded(NamedTuple):
    """What became of one uploaded file."""

    name: Annotated[str, Meaning("The file's name as it was sent.", "发来的文件名。")]
    status: Annotated[UploadStatus, Meaning("What became of it.", "结果。")]
    doc_id: Annotated[str, Meaning("The document that now holds its text.", "现在包含其文字的文档。", null=True)]
    title: Annotated[str, Meaning("Its title.", "标题。", null=True)]
    source: Annotated[str, Meaning("Where the file is kept.", "文件保存在哪里。", null=True)]
    problem: Annotated[Problem | None, Meaning("Why it failed.", "为什么没有读成。")]
    notices: Annotated[
        list[Notice], Meaning("Parts of the file that could not be read, if any.", "文件里读不出的部分。")
    ]


class Uploads(NamedTuple):
    """What became of each uploaded file, in order; of an archive, what became of each file in it."""

    results: Annotated[list[Uploaded], Meaning("One for each file, in order.", "每个文件一项，按次序。")]


class Health(NamedTuple):
    """The server is up; `ready` once its models are loaded, so that a question is answered at once."""

    status: Annotated[Literal["ok"], Meaning("The server is up.", "服务在运行。")]
    ready: Annotated[bool, Meaning("Its models are loaded.", "模型已加载。")]


class IndexState(NamedTuple):
    """The index in use."""

    generation: Annotated[str, Meaning("The generation in force.", "正在使用的索引版本。")]
    created: Annotated[str, Meaning("When it was written.", "写成的时间。")]
    encoder: Annotated[str, Meaning("What its vectors are made with.", "向量所用的模型。")]
    documents: Annotated[int, Meaning("How many.", "文档数。")]
    passages: Annotated[int, Meaning("How many.", "段落单元数。")]


@dataclass(frozen=True, slots=True)
class Version:
    """What is running, and over which index (null if there is none yet)."""

    version: Annotated[str, Meaning("Of Wenyuan.", "问源的版本。")]
    index: Annotated[IndexState | None, Meaning("The index in use.", "正在使用的索引。")]


class FoundQuestion(NamedTuple):
    """The first question of a conversation that has what was searched for."""

    question: Annotated[int, Meaning("Its number, from 1.", "第几个问题，从 1 起。")]
    asked: Annotated[str, Meaning("The question.", "这个问题。")]


@dataclass(frozen=True)
class ConversationRecord:
    """A conversation as listed."""

    id: Annotated[str, Meaning("The page shows it at `/#c/ID`.", "网页在 `/#c/ID` 显示它。")]
    name: Annotated[str, Meaning("Its first question, until it is renamed.", "第一个问题，改名之前。")]
    begun: Annotated[
        str, Meaning("When its first question was asked, ISO 8601 in UTC.", "第一个问题的时间，ISO 8601，UTC。")
    ]
    used: Annotated[str, Meaning("When its last one was.", "最后一个问题的时间。")]
    questions: Annotated[int, Meaning("How many questions it has.", "有几个问题。")]
    found: Annotated[
        FoundQuestion | None,
        Meaning(
            "Where the words stand that were searched for; null if in its name.",
            "查的字在哪个问题里；在名称里则为 null。",
        ),
    ]

    @classmethod
    def of(cls, kept: conversation_file.Conversation) -> ConversationRecord:
        found = FoundQuestion(kept.found, kept.asked) if kept.found else None
        return taken(ConversationRecord, kept, found=found)


class Conversations(NamedTuple):
    """The page's conversations."""

    lasting: Annotated[
        bool,
        Meaning(
            "Whether they are kept on disk; if not, they are gone when the server ends.",
            "是否存在磁盘上；否则服务结束时就没有了。",
        ),
    ]
    conversations: Annotated[list[ConversationRecord], Meaning("Last used first.", "最近用过的在前。")]


class Exchanged(NamedTuple):
    """A question of a conversation and its answer."""

    asked: Annotated[
        str,
        Meaning(
            "As it was asked; `answer.question` is what it was taken to mean.",
            "问的原话；`answer.question` 是它被理解成的问题。",
        ),
    ]
    collections: Annotated[
        tuple[str, ...],
        Meaning("Only these were asked; empty if none was chosen.", "当时只问了这些文档集；都没有选则为空。"),
    ]
    documents: Annotated[
        tuple[str, ...],
        Meaning("Only these (`doc_id`), beside the collections.", "当时只问了这几篇（`doc_id`）。"),
    ]
    without: Annotated[
        tuple[str, ...],
        Meaning(
            "Not these (`doc_id`), though they are in the collections.",
            "当时没问这几篇（`doc_id`），虽然它们在那些文档集里。",
        ),
    ]
    answer: Annotated[Answer, Meaning("As it was given; its `hits` are not kept.", "当时的答案；`hits` 不保留。")]


@dataclass(frozen=True)
class Conversation(ConversationRecord):
    """A conversation."""

    turns: Annotated[list[Exchanged], Meaning("Its questions and answers, in order.", "依次的问题和答案。")]
