"""The conversations of a library: one SQLite file beside its index, which the page adds to with every answer."""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from rag.errors import NotFoundError, StorageError
from rag.index.generations import CONVERSATIONS
from rag.text.normalization import normalise
from rag.web.conversation import Turn

logger = logging.getLogger(__name__)

NAME = CONVERSATIONS
MOST_CONVERSATIONS = 1000
"""The one that was not used for longest goes first."""
MOST_TURNS = 100
MOST_MIB = 512
MOST_NAME = 100
UNDO_MINUTES = 60
"""For how long a deletion can be taken back; then it is gone for good with the next change."""

_PAGE_BYTES = 4096
_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL, begun TEXT NOT NULL, used TEXT NOT NULL, deleted TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS turns (
    conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE, number INTEGER NOT NULL,
    asked TEXT NOT NULL, folded TEXT NOT NULL, turn BLOB NOT NULL, UNIQUE (conversation, number)
) STRICT;
"""
# What is deleted is overwritten, and the file grows to no more than MOST_MIB. A write waits for no disk, and what is
# written survives the process whatever ends it.
_HABITS = f"""
PRAGMA trusted_schema = OFF;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = ON;
PRAGMA max_page_count = {MOST_MIB * 2**20 // _PAGE_BYTES};
"""
_TURN = msgspec.json.Decoder(Turn)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as listed: times are ISO 8601 in UTC, ``questions`` how many it has.

    ``found`` is the first question, from 1, whose words or answer have what was searched for, and ``asked`` its words;
    0 and "" where nothing was searched for, or only the name has it.
    """

    id: str
    name: str
    begun: str
    used: str
    questions: int
    found: int = 0
    asked: str = ""


class ConversationFile:
    """The conversations in ``file``, which need not be there. Safe to use from several threads and processes.

    Where the file can't be written they last as long as this process, and ``lasting`` is False.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lasting = True
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def listed(self, words: str = "", most: int = MOST_CONVERSATIONS) -> list[Conversation]:
        """Those that have ``words`` in their name, questions or answers, last used first, at ``most`` so many.

        Raises StorageError.
        """
        words = _folded(words)
        with self._connected() as connection:
            rows = connection.execute(_FOUND if words else _LIST, {"words": words, "most": most}).fetchall()
        return [Conversation(*row) for row in rows]

    def one(self, conversation: str) -> Conversation:
        """As it is listed. Raises NotFoundError and StorageError."""
        with self._connected() as connection:
            row = connection.execute(_ONE, (conversation,)).fetchone()
        if row is None:
            raise _gone()
        return Conversation(*row)

    def turns(self, conversation: str) -> list[Turn]:
        """The turns of a conversation, in order. Raises NotFoundError if there is none of that id, and StorageError."""
        with self._connected() as connection:
            rows = connection.execute(_TURNS, (conversation,)).fetchall()
        if not rows:
            raise _gone()
        try:
            return [_TURN.decode(turn) for (turn,) in rows]
        except msgspec.MsgspecError as error:
            raise StorageError(
                f"这个对话是别的版本的问源存的，打不开：{error}",
                f"This conversation was kept by another version of Wenyuan and can't be opened: {error}",
            ) from error

    def append(self, conversation: str, turn: Turn) -> str:
        """Keep a turn, and return the id of its conversation: a new one if there is no ``conversation``, or it is full.

        Raises StorageError.
        """
        # What was retrieved beside the answer is never shown again, and is most of the turn.
        line = msgspec.json.encode(replace(turn, answer=replace(turn.answer, hits=())))
        folded = _folded(f"{turn.asked}\n{turn.answer.text}")
        now = _now()
        with self._connected() as connection:
            counted = connection.execute(_COUNT, (conversation,)).fetchone()[0]
            if not 0 < counted < MOST_TURNS:
                conversation = secrets.token_urlsafe(9)
                name = _name(turn.asked)
                connection.execute(
                    "INSERT INTO conversations VALUES (?, ?, ?, ?, ?, NULL)",
                    (conversation, name, _folded(name), now, now),
                )
            connection.execute(
                "INSERT INTO turns SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4 FROM turns "
                "WHERE conversation = ?1",
                (conversation, turn.asked, folded, line),
            )
            connection.execute("UPDATE conversations SET used = ? WHERE id = ?", (now, conversation))
            _prune(connection)
        return conversation

    def rename(self, conversation: str, name: str) -> None:
        """Call a conversation ``name``. Raises NotFoundError and StorageError."""
        name = _name(name)
        self._change("SET name = ?2, folded = ?3 WHERE id = ?1 AND deleted IS NULL", conversation, name, _folded(name))

    def delete(self, conversation: str) -> None:
        """Delete a conversation, for good after `UNDO_MINUTES`. Raises NotFoundError and StorageError."""
        self._change("SET deleted = ?2 WHERE id = ?1 AND deleted IS NULL", conversation, _now())

    def restore(self, conversation: str) -> None:
        """Take a deletion back. Raises NotFoundError if it was for good, and StorageError."""
        self._change("SET deleted = NULL WHERE id = ?1", conversation)

    def _change(self, change: str, *values: str) -> None:
        with self._connected() as connection:
            _prune(connection)
        with self._connected() as connection:
            if not connection.execute(f"UPDATE conversations {change}", values).rowcount:
                raise _gone()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """A connection; what the block does is one transaction, which is undone if it raises. Raises StorageError."""
        try:
            with self._lock, self._opened() as connection:
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"对话没能保存到 {self.file}：{error}。请检查磁盘空间和写权限，或删掉一些对话。",
                f"The conversation could not be kept in {self.file}: {error}. Check disk space and permissions, or "
                "delete some conversations.",
            ) from error

    def _opened(self) -> sqlite3.Connection:
        """The connection that all threads share, one after the other."""
        if not self.file.parent.is_dir():
            # Without an index nothing is asked, and nothing to be kept.
            return _open(":memory:")
        if self._connection is None or (self.lasting and not self.file.exists()):
            try:
                self._connection = _open(self.file)
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
                    raise
                logger.warning("conversations are not kept: %s: %s", self.file, error)
                self.lasting, self._connection = False, _open(":memory:")
        return self._connection


def _open(file: Path | str) -> sqlite3.Connection:
    """A connection to the database of this schema and nothing more in ``file``. Raises sqlite3.Error."""
    if any(Path(f"{file}{part}").is_symlink() for part in ("", "-wal", "-shm", "-journal")):
        raise sqlite3.OperationalError("a link")
    connection = sqlite3.connect(file, timeout=10, check_same_thread=False)
    try:
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE type IN ('view', 'trigger')").fetchone():
            raise sqlite3.DatabaseError("views or triggers")
        connection.executescript(_HABITS + _SCHEMA)
        # Whether it can be written at all shows here, not with the first answer.
        with connection:
            _prune(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


# Only of what is listed the questions are counted.
_COLUMNS = "SELECT c.id, c.name, c.begun, c.used, (SELECT count(*) FROM turns t WHERE t.conversation = c.id)"
_ONE = f"{_COLUMNS} FROM conversations c WHERE c.id = ? AND c.deleted IS NULL"
_LIST = f"""
{_COLUMNS}
FROM (SELECT * FROM conversations WHERE deleted IS NULL ORDER BY used DESC, id LIMIT :most) c
ORDER BY c.used DESC, c.id
"""
_FOUND = f"""
{_COLUMNS}, coalesce(c.number, 0), coalesce(t.asked, '')
FROM (SELECT * FROM conversations
    LEFT JOIN (SELECT conversation, min(number) AS number FROM turns WHERE instr(folded, :words) GROUP BY conversation)
        ON conversation = id
    WHERE deleted IS NULL AND (number IS NOT NULL OR instr(folded, :words))
    ORDER BY used DESC, id LIMIT :most) c
LEFT JOIN turns t ON t.conversation = c.id AND t.number = c.number
ORDER BY c.used DESC, c.id
"""
_TURNS = """
SELECT turn FROM turns JOIN conversations ON id = conversation
WHERE conversation = ? AND deleted IS NULL ORDER BY number
"""
_COUNT = "SELECT count(*) FROM turns JOIN conversations ON id = conversation WHERE id = ? AND deleted IS NULL"


def _prune(connection: sqlite3.Connection) -> None:
    """Remove for good what was deleted long enough ago, and what is too many."""
    ago = datetime.now(UTC) - timedelta(minutes=UNDO_MINUTES)
    connection.execute("DELETE FROM conversations WHERE deleted < ?", (ago.isoformat(),))
    connection.execute(
        "DELETE FROM conversations WHERE id IN (SELECT id FROM conversations ORDER BY used DESC LIMIT -1 OFFSET ?)",
        (MOST_CONVERSATIONS,),
    )


def _folded(text: str) -> str:
    """``text`` as it is searched: width, case and script do not matter."""
    return normalise(" ".join(text.split())).text


def _name(text: str) -> str:
    """A name in one line; of a longer one the beginning."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_NAME else f"{line[: MOST_NAME - 1]}…"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _gone() -> NotFoundError:
    return NotFoundError("这个对话不在了，可能已经删除。", "This conversation is not there; it may have been deleted.")
