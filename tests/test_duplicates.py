"""Documents that are almost the same are told apart from others, and do not count as several sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ARTICLE, CORPUS, FUNNEL
from datasketch import MinHash
from documents import HashEncoder, document

from rag.answering.agreement import sources
from rag.contract import answer_json
from rag.index.generations import open_generation
from rag.indexing.update import index_paths
from rag.library import Library
from rag.reading import Evidence
from rag.settings import Settings
from rag.text.duplicates import _shingles, alike, sketch
from rag.text.normalization import to_traditional
from rag.types import Document, Elsewhere, Hit, Passage, Role, Span

TEXT = (CORPUS / ARTICLE).read_text("utf-8")
OTHER = (CORPUS / FUNNEL).read_text("utf-8")
DOUBAO = "豆包2024年11月的月活跃用户有多少？"
# What a site puts around an article that it takes over, and some words of its editor.
REPUBLISHED = f"# 转载\n\n本文转载自网络，版权归原作者所有。\n\n{TEXT}\n\n责任编辑：某某。联系邮箱见首页。".replace(
    "此外", "另外"
)


def groups(documents: Sequence[Document]) -> dict[str, str]:
    ids = [one.doc_id for one in documents]
    return alike(ids, [sketch(one.text) for one in documents], lambda place: documents[place].text).groups


@pytest.mark.parametrize("text", ["豆包", "仓库的盘点在每个季度的最后一天。", TEXT, OTHER * 3])
def test_signatures_are_those_of_datasketch(text: str) -> None:
    signature = MinHash(128, hashfunc=int)
    signature.update_batch([int(one) >> 32 for one in _shingles(text)])
    assert sketch(text) == signature.hashvalues.astype("<u4").tobytes()


def test_a_republished_article_is_alike_and_another_article_is_not() -> None:
    article, again, other = document(TEXT), document(REPUBLISHED, "again.md"), document(OTHER, "b.txt")
    assert groups([article, other, again]) == {article.doc_id: article.doc_id, again.doc_id: article.doc_id}
    assert groups([again, other, article]) == {article.doc_id: again.doc_id, again.doc_id: again.doc_id}
    assert groups([article, other]) == {}


def test_script_width_case_and_marks_make_no_difference() -> None:
    plain = document("豆包大模型在2024年11月的月活跃用户近6000万，GPT-4o 也有很多用户。", "a.txt")
    other = document(to_traditional("豆包大模型在２０２４年11月的月活跃用户近6000万! gpt-4o也有很多用户"), "b.txt")
    assert groups([plain, other]) == {plain.doc_id: plain.doc_id, other.doc_id: plain.doc_id}


def test_no_text_is_compared_again_whose_score_is_known() -> None:
    documents = [document(TEXT), document(OTHER, "b.txt"), document(REPUBLISHED, "again.md")]
    ids, sketches = [one.doc_id for one in documents], [sketch(one.text) for one in documents]
    asked: list[int] = []

    def text_of(place: int) -> str:
        asked.append(place)
        return documents[place].text

    first = alike(ids, sketches, text_of)
    assert (sorted(asked), list(first.scores)) == ([0, 2], [tuple(sorted((ids[0], ids[2])))])
    asked.clear()
    assert alike(ids, sketches, text_of, first.scores) == first
    assert alike(ids[::-1], sketches[::-1], text_of, first.scores).groups.keys() == first.groups.keys()
    assert asked == []


@pytest.mark.parametrize(("kept", "same"), [(88, True), (76, False)])
def test_seven_tenths_of_all_runs_of_eight_characters_must_be_common(kept: int, same: bool) -> None:
    """Of 1,000 runs in each, 10 * kept are common: 0.786 and 0.613 of all."""
    text = "".join(chr(0x4E00 + n) for n in range(1007))
    at = 10 * kept + 7
    changed = text[:at] + "".join(chr(0x7000 + n) for n in range(1007 - at))
    one, other = document(text, "a.txt"), document(changed, "b.txt")
    assert (groups([one, other]) != {}) is same


def test_many_versions_are_one_group_named_after_the_first() -> None:
    versions = [document(f"第{n}版。{TEXT}", f"{n:02}.txt") for n in range(12)]
    assert groups(versions) == {one.doc_id: versions[0].doc_id for one in versions}


def test_a_text_without_letters_is_like_no_other() -> None:
    assert groups([document("。。。", "a.txt"), document("！！", "b.txt"), document("。。", "c.txt")]) == {}


@pytest.fixture
def twice(tmp_path: Path) -> Path:
    """An article and what others made of it: two files in a folder, and a third text."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.md").write_text(TEXT, "utf-8")
    (folder / "again.md").write_text(REPUBLISHED, "utf-8")
    (folder / "b.txt").write_text(OTHER, "utf-8")
    return folder


def test_the_index_keeps_the_groups(twice: Path, hash_encoder: HashEncoder, tmp_path: Path) -> None:  # noqa: ARG001
    index_paths([twice], tmp_path / "index", Settings())
    first, again, other = open_generation(tmp_path / "index").store.records()
    assert [[at.doc_id for at in record.also_in] for record in (first, again, other)] == [
        [again.doc_id],
        [first.doc_id],
        [],
    ]
    (twice / "again.md").unlink()
    index_paths([twice], tmp_path / "index", Settings())
    assert [record.also_in for record in open_generation(tmp_path / "index").store.records()] == [(), ()]


def test_the_same_words_are_one_hit_that_names_the_other_document(
    twice: Path,
    hash_encoder: HashEncoder,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    index_paths([twice], tmp_path / "index", Settings())
    library = Library.open(tmp_path / "index", Settings(retrieval="bm25"))
    hits = library.search("豆包的月活跃用户", 10)
    words = [hit.text for hit in hits]
    assert (len(words), len(set(words)), [hit.rank for hit in hits]) == (10, 10, list(range(1, 11)))
    first, again, _ = library.documents()
    pair = {first.doc_id: again, again.doc_id: first}
    other = pair[hits[0].passage.doc_id]
    assert hits[0].also_in == (Elsewhere(other.doc_id, other.title, other.source),)
    within = library.candidates("豆包的月活跃用户")[1]
    assert len({candidate.hit.text for candidate in within}) == len(within)


def evidence(made: Document, role: Role, word: str) -> Evidence:
    start = made.text.index(word)
    return Evidence(made, (Span(start, start + len(word)),), Span(0, len(made.text)), 1.0, role)


def test_a_repeat_in_a_document_alike_is_no_source_of_its_own_and_another_answer_is() -> None:
    first, again, far = (
        replace(document(f"豆包有6000万用户。{n}", f"{n}.txt"), alike=group)
        for n, group in (("甲", "g"), ("乙", "g"), ("丙", ""))
    )
    given = [
        evidence(first, Role.ANSWER, "6000万"),
        evidence(again, Role.REPEAT, "6000万"),
        evidence(far, Role.REPEAT, "6000万"),
        evidence(first, Role.REPEAT, "万"),
        evidence(again, Role.DIFFERENT, "乙"),
    ]
    found = sources(given, ())
    assert [one.evidence for one in found] == [given[0], given[2], given[4]]
    assert [[at.title for at in one.also_in] for one in found] == [["乙"], [], []]


def test_of_two_repeats_in_documents_alike_one_is_a_source() -> None:
    answer, one, other = (
        replace(document(f"豆包有6000万用户。{n}", f"{n}.txt"), alike=group)
        for n, group in (("甲", ""), ("乙", "g"), ("丙", "g"))
    )
    given = [evidence(answer, Role.ANSWER, "6000万")]
    given += [evidence(made, Role.REPEAT, "6000万") for made in (one, other)]
    assert [[at.title for at in source.also_in] for source in sources(given, ())] == [[], ["丙"]]


def test_the_same_words_are_one_citation_also_in_a_longer_piece_of_another_document() -> None:
    first = document("豆包的月活跃用户有6000万。", "甲.txt")
    longer = document("据报道，豆包的月活跃用户有6000万。文心次之。", "乙.txt")
    said = Evidence(longer, (Span(13, 18),), Span(4, 19), 1.0, Role.REPEAT)
    found = sources([evidence(first, Role.ANSWER, "6000万"), said, replace(said, sentence=Span(0, 19))], ())
    assert [(one.evidence.document.title, [at.title for at in one.also_in]) for one in found] == [("甲", ["乙"])]
    other = document("文心的月活跃用户有6000万。", "丙.txt")
    kept = sources([evidence(first, Role.ANSWER, "6000万"), evidence(other, Role.REPEAT, "6000万")], ())
    assert [one.evidence.document.title for one in kept] == ["甲", "丙"]


def test_a_citation_says_where_its_passage_stands_too() -> None:
    made = document("豆包有6000万用户。", "甲.txt")
    passage = Passage(0, made.doc_id, 0, len(made.text), 1, "", ())
    there = Elsewhere("x", "乙", "乙.txt")
    hit = Hit(1, passage, 1.0, made.text, also_in=(there,))
    assert sources([evidence(made, Role.ANSWER, "6000万")], [hit])[0].also_in == (there,)


@pytest.mark.parametrize("question", [DOUBAO, "DeepSeek V3的训练成本是多少？"])
def test_an_answer_is_no_surer_because_its_article_lies_there_twice(
    question: str, twice: Path, library: Library, tmp_path: Path
) -> None:
    once = library.ask(question)
    index_paths([twice], tmp_path / "index", Settings())
    answer = Library.open(tmp_path / "index", Settings()).ask(question)
    assert (answer.answer, len(answer.citations)) == (once.answer, len(once.citations))
    assert answer.confidence <= once.confidence + 0.01
    also = answer_json(answer)["citations"][0]["also_in"]
    assert [Path(other["source"]).name for other in also] in (["again.md"], ["a.md"])
