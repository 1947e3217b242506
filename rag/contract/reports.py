"""What the command line reports: on indexing, generations, checks of the index and of saved answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from rag.answering import comparing
from rag.contract.documents import Omission
from rag.messages import text
from rag.wire import Meaning, taken, to_json

if TYPE_CHECKING:
    from rag.index.checking import Health
    from rag.index.history import GenerationRecord
    from rag.index.inspection import Problem
    from rag.types import IndexReport


class Report(NamedTuple):
    """What indexing did."""

    added: Annotated[tuple[str, ...], Meaning("Files that are new.", "新增的文件。")]
    changed: Annotated[tuple[str, ...], Meaning("Files that had changed.", "有变化的文件。")]
    unchanged: Annotated[tuple[str, ...], Meaning("Files that had not.", "没有变化的文件。")]
    removed: Annotated[tuple[str, ...], Meaning("Files that are gone.", "消失的文件。")]
    duplicates: Annotated[
        tuple[Mapping[str, str], ...],
        Meaning("`source`, `same_as`: the same bytes, kept once.", "`source`、`same_as`：字节相同，只存一份。"),
    ]
    failed: Annotated[
        tuple[Mapping[str, str], ...],
        Meaning("`source`, `error`; if there are any the exit code is 1.", "`source`、`error`；有则退出码为 1。"),
    ]
    unsupported: Annotated[tuple[str, ...], Meaning("Files of other formats.", "其他格式的文件。")]
    omitted: Annotated[
        tuple[Mapping[str, Any], ...],
        Meaning(
            "`source`, and an [Omission](json.md#omission): what could not be read of files that were read now.",
            "`source`，加上 [Omission](json.md#omission)：这次读的文件里没能读入的内容。",
        ),
    ]
    documents: Annotated[int, Meaning("In the index now.", "索引里现有的文档数。")]
    passages: Annotated[int, Meaning("In the index now.", "现有的段落单元数。")]
    seconds: Annotated[float, Meaning("Wall clock.", "用时（秒）。")]

    @classmethod
    def of(cls, report: IndexReport) -> Report:
        return taken(
            cls,
            report,
            duplicates=[{"source": source, "same_as": same} for source, same in report.duplicates],
            failed=[{"source": source, "error": text(error.zh, error.en)} for source, error in report.failed],
            omitted=[{"source": source, **to_json(Omission.of(one))} for source, one in report.omitted],
            seconds=round(report.seconds, 3),
        )


class Generation(NamedTuple):
    """A generation as listed."""

    generation: Annotated[str, Meaning("Its name.", "版本名。")]
    in_force: Annotated[bool, Meaning("Whether it is the one that answers.", "是否正在使用。")]
    created: Annotated[str | None, Meaning("ISO 8601; null if it is damaged.", "ISO 8601；损坏则为 null。")]
    documents: Annotated[int, Meaning("How many.", "文档数。")]
    passages: Annotated[int, Meaning("How many.", "段落单元数。")]
    bytes: Annotated[int, Meaning("On disk.", "占用的字节数。")]
    error: Annotated[str | None, Meaning("What is wrong with it.", "哪里不对。")]

    @classmethod
    def of(cls, record: GenerationRecord) -> Generation:
        return taken(
            cls,
            record,
            generation=record.name,
            created=record.created.isoformat() if record.created else None,
            bytes=record.size,
            error=record.error.message("en") if record.error else None,
        )


class Damage(NamedTuple):
    """What is wrong with a file or document."""

    place: Annotated[str, Meaning("The file or document.", "文件或文档。")]
    problem: Annotated[str, Meaning("What is wrong, in English.", "哪里不对，英文。")]
    problem_zh: Annotated[str, Meaning("The same in Chinese.", "同上，中文。")]

    @classmethod
    def of(cls, problem: Problem) -> Damage:
        return cls(problem.place, problem.en, problem.zh)


class Check(NamedTuple):
    """What a check found."""

    sound: Annotated[bool, Meaning("Whether all is well.", "是否完好。")]
    generations: Annotated[
        tuple[Mapping[str, Any], ...],
        Meaning("`generation`, `in_force`, `sound`, `problems`.", "`generation`、`in_force`、`sound`、`problems`。"),
    ]
    problems: Annotated[tuple[Damage, ...], Meaning("What is wrong outside of generations.", "版本以外的问题。")]
    notes: Annotated[tuple[Damage, ...], Meaning("What is worth knowing and no damage.", "值得知道、但不是损坏的事。")]

    @classmethod
    def of(cls, health: Health) -> Check:
        generations = (
            {
                "generation": one.name,
                "in_force": one.in_force,
                "sound": one.inspection.sound,
                "problems": [Damage.of(problem) for problem in one.inspection.problems],
            }
            for one in health.generations
        )
        problems, notes = map(Damage.of, health.problems), map(Damage.of, health.notes)
        return cls(health.sound, tuple(generations), tuple(problems), tuple(notes))


class ComparedCitation(NamedTuple):
    """A saved citation, and what has become of it."""

    n: Annotated[int, Meaning("As saved.", "如存下的。")]
    state: Annotated[
        comparing.State,
        Meaning(
            "`moved`: the sentence stands elsewhere, word for word; `gone`: the document is.",
            "`unchanged` 未变；`moved` 原句挪了地方，一字不差；`changed` 变了；`gone` 文档没有了。",
        ),
    ]
    doc_id: Annotated[str, Meaning("As saved.", "如存下的。")]
    source: Annotated[str, Meaning("As saved.", "如存下的。")]
    paragraph: Annotated[int, Meaning("As saved.", "如存下的。")]
    quote: Annotated[str, Meaning("As saved.", "如存下的。")]
    sentence: Annotated[str, Meaning("As saved.", "如存下的。")]
    now: Annotated[
        Mapping[str, Any] | None,
        Meaning(
            "`doc_id`, `title`, `source`, `paragraph` (0: no such sentence), `sentence`, `start` and `end` of the "
            "quote (null: it is not in that sentence); null if the document is gone.",
            "`doc_id`、`title`、`source`、`paragraph`（0：没有这一句）、`sentence`、引文的 `start` 和 `end`"
            "（null：不在那句里）；文档没有了则为 null。",
        ),
    ]
    difference: Annotated[
        tuple[tuple[str, ...], ...],
        Meaning(
            'Of a changed sentence: `["=", text]`, `["-", text]`, `["+", text]` in order.',
            '变了的句子，依次为 `["=", 文字]`、`["-", 文字]`、`["+", 文字]`。',
        ),
    ]

    @classmethod
    def of(cls, compared: comparing.Compared) -> ComparedCitation:
        return taken(cls, compared.citation, state=compared.state, now=_now(compared), difference=compared.difference)


def _now(compared: comparing.Compared) -> dict[str, Any] | None:
    """What stands there now; None if the document is gone."""
    if compared.document is None:
        return None
    return {
        "doc_id": compared.document.doc_id,
        "title": compared.document.title,
        "source": compared.document.source,
        "paragraph": compared.paragraph,
        "start": compared.quote.start if compared.quote else None,
        "end": compared.quote.end if compared.quote else None,
        "sentence": compared.text,
    }


class ComparedAnswer(NamedTuple):
    """A saved answer, and what has become of what it cites."""

    id: Annotated[str | None, Meaning("Of the saved answer.", "存下的回答的 `id`。")]
    question: Annotated[str, Meaning("Of the saved answer.", "存下的问题。")]
    holds: Annotated[bool, Meaning("Whether all that it cites is still said.", "所引的是否都还在。")]
    citations: Annotated[tuple[ComparedCitation, ...], Meaning("What has become of each.", "每条出处现在怎样。")]

    @classmethod
    def of(cls, compared: comparing.ComparedAnswer) -> ComparedAnswer:
        citations = tuple(map(ComparedCitation.of, compared.citations))
        return cls(compared.answer.id, compared.answer.question, compared.holds, citations)
