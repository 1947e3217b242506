"""Why a passage was found: what is said of each stage is what that stage did, and the words' parts add up."""

from __future__ import annotations

import pytest
from conftest import ARTICLE

from rag.answering.explanation import Explanation, Where
from rag.errors import NotFoundError, QuestionError
from rag.index.generations import Generation, open_generation
from rag.library import Library
from rag.question.kinds import Kind
from rag.retrieval.collections import Choice
from rag.settings import Settings
from rag.text.tokenization import content_terms
from rag.types import Document, Hit

DOUBAO = "豆包2024年11月的月活跃用户有多少？"
DRIVES = "大模型穿过漏斗需要哪三种动力？"
COST = "DeepSeek V3的训练成本是多少？"


@pytest.fixture(scope="module")
def generation(library: Library) -> Generation:
    return open_generation(library.index_dir)


def explained(library: Library, question: str, hit: Hit) -> Explanation:
    return library.explain(question, hit.passage.doc_id, hit.passage.start)


@pytest.mark.parametrize("question", [DOUBAO, DRIVES, COST, "GPT-5是什么时候发布的？", "什么是什么？"])
def test_what_the_words_add_is_the_score_that_the_passage_has(library: Library, question: str) -> None:
    # Which come first may differ between processors where nothing answers.
    scored = [hit for hit in library.ask(question).hits if hit.sparse is not None][:3]
    assert scored
    for hit in scored:
        words = explained(library, question, hit).words
        assert sum(word.score for word in words) == pytest.approx(hit.sparse, abs=1e-4)
        assert sum(word.share for word in words) == pytest.approx(1)


def test_each_rank_is_that_of_its_stage(library: Library, generation: Generation) -> None:
    (vector,) = library._encoder().encode_queries([DRIVES])
    by_meaning = generation.dense.search(vector, library.settings.candidates)
    by_words = generation.sparse.search(content_terms(DRIVES), library.settings.candidates)
    fused = library.search(DRIVES)
    for hit in library.ask(DRIVES).hits:
        found, ordinal = explained(library, DRIVES, hit), hit.passage.ordinal
        assert found.passage == hit.passage
        assert by_meaning[(found.by_meaning.rank or 0) - 1] == (ordinal, found.by_meaning.score)
        assert by_words[(found.by_words.rank or 0) - 1] == (ordinal, found.by_words.score)
        assert [(h.rank, h.score) for h in fused if h.passage == hit.passage] == [(found.fused.rank, found.fused.score)]
        assert (found.read.rank, found.read.score) == (hit.rank, hit.score)


def test_a_passage_that_no_stage_returns_has_no_place(library: Library, generation: Generation) -> None:
    few = Library(library.index_dir, generation, Settings(candidates=1, hits=1, read=1))
    few._models.encoder = library._models.encoder
    document = next(record for record in library.documents() if not record.source.endswith(ARTICLE))
    (last,) = library.passages(document.doc_id)[-1:]
    found = few.explain(COST, last.doc_id, last.start)
    places = (found.by_meaning, found.by_words, found.fused, found.read)
    assert [(place.rank, place.score) for place in places] == [(None, None)] * 4
    assert (found.opinion, found.cited) == (None, False)
    assert found.cosine is not None
    assert found.answered == (few.ask(COST).citations != ())


def test_the_answer_and_what_is_said_of_it_agree(library: Library, articles: dict[str, Document]) -> None:
    answer = library.ask(DOUBAO)
    found = library.explain(DOUBAO, articles[ARTICLE].doc_id, answer.citations[0].start)
    assert (found.answered, found.cited, found.threshold) == (True, True, library.min_confidence)
    assert round(found.confidence, 4) == answer.confidence
    assert found.title == "成果、变化、趋势"
    assert found.nearest is not None
    assert found.nearest_text == articles[ARTICLE].text[found.nearest.start : found.nearest.end]
    assert "11月月活跃用户近6000万" in found.nearest_text
    assert found.opinion is not None
    assert found.opinion.answers > 0.9


def test_the_sentence_is_the_one_most_like_the_question(library: Library) -> None:
    _, candidates = library.candidates(COST)
    for candidate in candidates[:3]:
        found = explained(library, COST, candidate.hit)
        best = max(range(len(candidate.sentence_cosines)), key=candidate.sentence_cosines.__getitem__)
        assert found.nearest == candidate.hit.passage.sentences[best]
        assert found.cosine == pytest.approx(candidate.sentence_cosines[best], abs=1e-5)


def test_words_are_told_apart_by_where_they_stand(library: Library) -> None:
    cited = library.ask(DRIVES, min_confidence=0.0).citations[0]
    words = library.explain(DRIVES, cited.doc_id, cited.start).words
    assert [(word.written, word.where) for word in words] == [
        ("大模型", Where.TEXT),
        ("穿过", Where.CONTEXT),
        ("漏斗", Where.CONTEXT),
        ("需要", Where.TEXT),
        ("三", Where.CONTEXT),
        ("动力", Where.CONTEXT),
    ]


def test_a_name_of_which_only_parts_are_known_is_found_in_part(library: Library) -> None:
    question = "GPT-5是什么时候发布的？"
    name, verb = explained(library, question, library.ask(question).hits[0]).words
    assert (name.written, name.term, name.where, name.known) == ("GPT-5", "gpt5", Where.PARTLY, False)
    assert (verb.written, verb.known) == ("发布", True)


def test_of_two_questions_in_one_that_is_explained_which_the_passage_answers(library: Library) -> None:
    both = f"{DOUBAO}{COST}"
    parts = [library.explain(both, c.doc_id, c.start).question for c in library.ask(both).citations]
    assert parts == [DOUBAO, COST]


def test_the_word_that_no_document_holds_is_named_and_what_would_help(library: Library) -> None:
    (lacking,) = library.explain_abstention("GPT-5是什么时候发布的？")
    assert (lacking.kind, lacking.subject, lacking.unknown) == (Kind.WHEN, ("GPT-5", "发布"), ("GPT-5",))
    assert lacking.coverage is not None
    assert (lacking.coverage.held, lacking.coverage.missed) == (("发布",), ())
    assert lacking.confidence < lacking.threshold == library.min_confidence


def test_words_that_never_stand_together_are_told_apart(library: Library, generation: Generation) -> None:
    question = "豆包2025年的训练成本是多少？"
    (lacking,) = library.explain_abstention(question)
    coverage = lacking.coverage
    assert coverage is not None
    assert (lacking.subject, lacking.unknown) == (("豆包2025年", "训练成本"), ())
    assert sorted((*coverage.held, *coverage.missed)) == sorted(["豆包", "2025", "年", "训练", "成本"])
    assert coverage.missed
    # No other passage holds more, by weight.
    terms = ["豆包", "2025", "年", "训练", "成本"]
    weights = {term: generation.sparse.idf(term) for term in terms}

    def weight(ordinal: int) -> float:
        added = generation.sparse.contributions(terms, ordinal)
        return sum(weights[term] for term, scores in zip(terms, added, strict=True) if sum(scores) > 0)

    heaviest = max(map(weight, range(library.manifest.passages)))
    assert sum(weights[term] for term in coverage.held) == pytest.approx(heaviest)


def test_what_is_answered_lacks_nothing(library: Library) -> None:
    assert library.explain_abstention(DOUBAO) == ()
    assert [one.question for one in library.explain_abstention(f"{DOUBAO}红楼梦的作者是谁？")] == ["红楼梦的作者是谁？"]


def test_where_no_word_is_known_no_passage_is_named(library: Library) -> None:
    (lacking,) = library.explain_abstention("红楼梦的作者是谁？")
    assert (lacking.unknown, lacking.coverage) == (("红楼梦", "作者"), None)


def test_within_one_document_the_places_are_those_of_that_document(library: Library) -> None:
    doc_id = library.ask(COST).citations[0].doc_id
    (other,) = (record.doc_id for record in library.documents() if record.doc_id != doc_id)
    first = library.ask(COST, documents=[other]).hits[0]
    everywhere = explained(library, COST, first)
    within = library.explain(COST, other, first.passage.start, choice=Choice(documents=(other,)))
    assert (within.read.rank, within.read.score) == (1, first.score)
    assert everywhere.fused.rank is None or everywhere.fused.rank > 1


def test_bm25_alone_says_nothing_of_meaning(library: Library, generation: Generation) -> None:
    words_only = Library(library.index_dir, generation, Settings(retrieval="bm25"))
    hit = words_only.ask(COST).hits[0]
    found = explained(words_only, COST, hit)
    assert (found.by_meaning.rank, found.nearest, found.nearest_text, found.cosine) == (None, None, "", None)
    assert found.by_words.rank == 1
    assert found.by_words.score == pytest.approx(hit.sparse)


def test_a_place_without_text_is_an_error_that_says_what_to_give(library: Library) -> None:
    doc_id = library.documents()[0].doc_id
    with pytest.raises(NotFoundError, match="位置 10000000"):
        library.explain(DOUBAO, doc_id, 10_000_000)
    with pytest.raises(NotFoundError):
        library.explain(DOUBAO, "nothing", 0)
    with pytest.raises(QuestionError):
        library.explain("？", doc_id, 0)
