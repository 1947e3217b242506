"""The segmentation doctor: names that jieba cuts apart, found in the documents, and the user's dictionary of them."""

from rag.words.editing import Change, change_words
from rag.words.finding import NewWord, find_words

__all__ = ["Change", "NewWord", "change_words", "find_words"]
