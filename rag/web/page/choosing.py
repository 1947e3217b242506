"""What is chosen to be asked: as the page sends it, and as it shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import msgspec

from rag.errors import NotFoundError, QuestionError
from rag.index.generations import UPLOADS
from rag.library import Library
from rag.retrieval.collections import ALL, Choice, Collection
from rag.retrieval.named import called, named_collections
from rag.web.page.elsewhere import edition_mark
from rag.web.page.markup import both, esc, exact

_CHOICE = msgspec.json.Decoder(Choice)
# So many are shown at once; the others of a list are folded away, of what is chosen they are counted.
_LISTED, _NAMED = 12, 4
UPLOADED = "上传的文件", "Uploaded files"
"""What is added on the page lies in a folder of the index, whose name nobody gave it."""


def parse(said: str) -> Choice:
    """What the page sends: a `Choice` as a JSON array, or "" for all. Raises QuestionError."""
    try:
        return _CHOICE.decode(said) if said else ALL
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise QuestionError(
            "选中的资料没有说清楚。请重新勾选，或刷新网页。",
            "What was chosen can’t be read. Choose again, or reload the page.",
        ) from error


def said(choice: Choice) -> str:
    """``choice`` as the page sends it."""
    return json.dumps(choice, ensure_ascii=False, separators=(",", ":")) if any(choice) else ""


def named(choice: Choice, titles: Mapping[str, str], uploads: str = UPLOADED[0]) -> str:
    """What was chosen, in words; "" for all. ``uploads`` is what the collection of uploads is called."""
    names = [uploads if one == UPLOADS else one for one in choice.collections]
    names += [f"《{titles.get(one, one)}》" for one in choice.documents]
    left = "、".join(f"《{titles.get(one, one)}》" for one in choice.without)
    return "、".join(names) + (f"，除了{left}" if left else "")


def boxes(collections: Sequence[Collection]) -> str:
    """Check boxes for the collections; nothing where there is but one folder, for that is everything."""
    if len(collections) < 2 and not any(one.own for one in collections):
        return ""
    labels = [_box(one) for one in collections]
    more = len(labels) - _LISTED
    rest = f"<details><summary>{both(f'还有 {more} 个', f'{more} more')}</summary>{''.join(labels[_LISTED:])}</details>"
    legend = f"<legend>{both('文档集 · 勾选几个，就只问它们', 'Collections · choose some to ask only these')}</legend>"
    return f'<fieldset class="parts">{legend}{"".join(labels[:_LISTED])}{rest if more > 0 else ""}</fieldset>'


def _box(one: Collection) -> str:
    box = f'<input type="checkbox" data-choose="collections" value="{exact(one.name)}">'
    return f'<label>{box}<span>{_collection(one.name)}</span><span class="count">{len(one.doc_ids)}</span></label>'


def _collection(name: str) -> str:
    return both(*UPLOADED) if name == UPLOADS else esc(name)


def document_box(doc_id: str, title: str, collections: Sequence[str]) -> str:
    """The check box of a document that is in these collections."""
    inside = exact(json.dumps(list(collections), ensure_ascii=False))
    label = f"只问这一篇 Ask this one only: {esc(title)}"
    what = f'data-choose="documents" value="{exact(doc_id)}" data-in="{inside}"'
    return f'<label class="tick"><input type="checkbox" {what} aria-label="{label}"></label>'


def still(choice: Choice, library: Library) -> Choice:
    """What is there yet of a choice that was made before: collections by their names now."""
    collections = (now for name in choice.collections if (now := _called_now(name, library)) is not None)
    documents, without = (tuple(one for one in some if _is_there(one, library)) for some in choice[1:])
    return Choice(tuple(collections), documents, without)


def changed(choice: Choice, library: Library, titles: Mapping[str, str]) -> str:
    """A line that says what of a choice that was made before is gone, or has another name; empty if nothing is.

    ``titles`` are those that its documents had.
    """
    renamed, gone = [], []
    for name in choice.collections:
        now = _called_now(name, library)
        if now is None:
            gone.append(f"“{name}”")
        elif now != name:
            renamed.append((name, now))
    gone += [f"《{titles.get(one, one)}》" for one in choice.documents + choice.without if not _is_there(one, library)]
    said = "".join(
        both(f"文档集“{old}”现在叫“{new}”。", f"The collection “{old}” is “{new}” now. ") for old, new in renamed
    )
    if gone:
        names, rest = "、".join(gone), any(still(choice, library)[:2])
        said += both(
            f"这个对话只问过的{names}已不在，接着问会查{'其余选中的' if rest else '全部'}资料。",
            f"{names}, to which this conversation was limited, is gone: what you ask now goes to "
            f"{'the rest of what was chosen' if rest else 'all documents'}.",
        )
    return f'<p class="meant left" role="status">{said}</p>' if said else ""


def _called_now(name: str, library: Library) -> str | None:
    """What a collection is called that was called ``name``; None if it is gone."""
    own = called(named_collections(library.index_dir), name)
    try:
        library.scope([name])
    except NotFoundError:
        return own[0].name if own else None
    return own[0].name if own else name


def _is_there(doc_id: str, library: Library) -> bool:
    try:
        library.document(doc_id)
    except NotFoundError:
        return False
    return True


def chosen(choice: Choice, library: Library) -> str:
    """What is chosen, each to be taken back; nothing for all."""
    parts = [_of_collection(name, library) for name in choice.collections]
    parts += [_of_document("documents", doc_id, library) for doc_id in choice.documents]
    parts += [_of_document("without", doc_id, library) for doc_id in choice.without]
    if not parts:
        return ""
    more = len(parts) - _NAMED
    rest = f'<span class="more">{both(f"等 {len(parts)} 项", f"and {more} more")}</span>' if more > 0 else ""
    every = (
        f'<button type="button" class="act" data-drop="">{both("问全部", "Ask all")}</button>' if len(parts) > 1 else ""
    )
    return f'<span class="lead-in">{both("只问", "Only")}</span>{"".join(parts[:_NAMED])}{rest}{every}'


def _of_collection(name: str, library: Library) -> str:
    now = _called_now(name, library)
    if now is None:
        return _chosen("collections", name, esc(name), gone=True)
    try:
        scope = library.scope([name])
        count = len(scope.doc_ids) if scope else 0
    except NotFoundError:
        count = 0
    return _chosen("collections", name, f"{_collection(now)}{both(f'（{count} 篇）', f' ({count})')}")


def _of_document(kind: str, doc_id: str, library: Library) -> str:
    """A document that is asked, or is not though it is in a collection."""
    but = both("除了 ", "not ") if kind == "without" else ""
    try:
        older = library.versions().older.get(doc_id)
        mark = f" {edition_mark(older.edition)}" if older else ""
        return _chosen(kind, doc_id, f"{but}{esc(library.document(doc_id).title)}{mark}")
    except NotFoundError:
        return _chosen(kind, doc_id, f"{but}{esc(doc_id)}", gone=True)


def _chosen(kind: str, value: str, shown: str, *, gone: bool = False) -> str:
    lost = both("（已不在）", " (gone)") if gone else ""
    what = f'data-drop="{kind}" value="{exact(value)}" aria-label="取消 Take back"'
    drop = f'<button type="button" {what}>×</button>'
    return f'<span class="chosen{" gone" if gone else ""}"><span>{shown}{lost}</span>{drop}</span>'
