"""The recipe of the reader that is shipped: which data, in which stages.

    python -m rag.training.shipped DATA FOLDER
    python -m rag.training.shipped DATA FOLDER --calibrate

``DATA`` is a folder with ``cmrc2018_train.json``, ``drcd_dev.json``, ``jaquad.json``, ``crud_questeval_aligned.json``
and ``written/``; the sets beside this file are added. The training stands in ``FOLDER``; the same command goes on.
The second command fits the scales and the calibration of what the first trained.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from rag.embedding.bundled import unpack
from rag.paths import cache_dir
from rag.reading import weights
from rag.training.calibrate import calibrate, sets_aside
from rag.training.examples import ExampleSource, Origin, Style
from rag.training.golds import Gold, divided, read_nameless, squad_golds, written_golds
from rag.training.loop import WEIGHTS, train
from rag.training.pictures import draw_curve
from rag.training.recipe import Recipe, Stage
from rag.training.scaling import write_reader_scales

_SQUAD: Final = {
    "cmrc": "cmrc2018_train.json",
    "drcd": "drcd_dev.json",
    "jaquad": "jaquad.json",
    "crud": "crud_questeval_aligned.json",
}
# News and encyclopedia are one kind of documents.
_WIKI: Final = "wiki-news"
_OWN: Final = Path(__file__).parent / "written"
# People's own words are varied less.
_WRITTEN_STYLE: Final = Style(varied=0.25, without_context=0.1)
# Japanese text is cut by no dictionary of ours.
_JAPANESE_STYLE: Final = Style(varied=0.0, lookalikes=False)
# Of another language, or questions that name too little to be asked of many documents.
NOT_ASKED: Final = frozenset({"jaquad", "crud"})
_CHECKED: Final = 3
"""Documents of each set that the curve is drawn from."""

_FEW: Final[dict[str, float]] = {
    Origin.SIBLING: 0.1, Origin.VERSION: 0.0, Origin.LOOKALIKE: 0.15, Origin.REMOVED: 0.1, Origin.EXCHANGED: 0.1,
}  # fmt: skip
_MORE: Final[dict[str, float]] = {
    Origin.SIBLING: 0.35, Origin.VERSION: 0.7, Origin.LOOKALIKE: 0.4, Origin.REMOVED: 0.15, Origin.EXCHANGED: 0.2,
}  # fmt: skip
# In the last stage, as many as are read beside the one that answers.
_CLOSE: Final[dict[str, float]] = {
    Origin.SIBLING: 1.3, Origin.VERSION: 0.7, Origin.LOOKALIKE: 0.5, Origin.REMOVED: 0.12, Origin.EXCHANGED: 0.15,
}  # fmt: skip
_OF_WRITTEN: Final = ("papers", "rules", "tables", "versions", "web", "wiki-news", "work", "lists", "conditions")
# Written later, in this order: where validation was weak; with a lookalike for most facts.
_LATER: Final = (
    ("everyday", "office", "grids", "joined", "families", "queries"),
    ("causes", "clauses", "forms", "guides", "reports", "sheets", "talks"),
    (
        "amounts", "cases", "compares", "duties", "limits", "lookups", "products", "projects", "reasons", "services",
        "several",
    ),
    ("agreements", "features", "guidance", "households", "ledgers", "posts"),
    (
        "accounts", "cards", "classes", "covers", "dealings", "decisions", "handouts", "machines", "places", "specs",
        "studies", "tariffs", "whys", "workplaces",
    ),
    ("bulletins", "counters", "deals", "dossiers", "repairs", "rosters", "stories", "wards"),
    ("contrasts", "hints", "letters", "namesakes", "picks"),
)  # fmt: skip
NOT_TRAINED: Final = ("estates", "farms", "funds", "kitchens", "systems", "trips")
"""Kinds that only the calibration sees: users' documents are of kinds that the reader has not seen either."""


def _mixed(public: float, written: float, *later: float) -> dict[str, float]:
    """How much of the sets an epoch draws: what others published, what was written for this purpose, the later sets."""
    shares = {"cmrc": public, "drcd": 0.8 * public, "crud": 0.6 * public, "jaquad": 0.1 * public}
    for names, share in zip((_OF_WRITTEN, *_LATER), (written, *later), strict=False):
        shares |= dict.fromkeys(names, share)
    return {name: round(share, 3) for name, share in shares.items()}


def _later(*shares: float) -> Stage:
    """A stage on what was written later, and on some of all before; ``shares`` as of `_mixed`."""
    return Stage(parts=_mixed(*shares), learning_rate=1.5e-4, warmup=0.05, last=0.0, negatives=_CLOSE)


RECIPE: Final = Recipe(
    stages=(
        Stage(parts={"jaquad": 0.12, "cmrc": 0.4, "drcd": 0.4, "crud": 0.3}, warmup=0.1, negatives=_FEW),
        Stage(parts=_mixed(0.5, 1.0), last=0.3),
        Stage(parts=_mixed(0.08, 0.25, 1.0), learning_rate=1.5e-4, warmup=0.05, last=0.0, negatives=_MORE),
        Stage(parts=_mixed(0.15, 0.7, 0.85, 1.0), warmup=0.05, last=0.0, negatives=_CLOSE),
        _later(0.08, 0.25, 0.35, 0.4, 1.0),
        _later(0.06, 0.15, 0.2, 0.2, 0.3, 1.0),
        _later(0.05, 0.1, 0.12, 0.12, 0.15, 0.2, 0.6),
        _later(0.06, 0.12, 0.12, 0.12, 0.15, 0.2, 0.45, 1.0),
        _later(0.05, 0.08, 0.08, 0.08, 0.08, 0.1, 0.12, 0.6, 1.0),
    )
)
_GOING_ON: Final = 7
"""The first stage of a training that begins with a reader, not with the encoder."""
_TRAINED: Final = 0.6
"""Of the weights of a training that began with a reader; the rest is what these were at its beginning."""


def read_sets(data: Path) -> dict[str, list[Gold]]:
    """The questions of each set."""
    sets = {name: squad_golds(data / file) for name, file in _SQUAD.items()}
    nameless = read_nameless(data / "written" / "nameless.tsv")
    for file in sorted([*(data / "written").glob("*.questions.jsonl"), *_OWN.glob("*.questions.jsonl")]):
        name = file.name.removesuffix(".questions.jsonl")
        sets.setdefault(_WIKI if name.startswith(_WIKI) else name, []).extend(written_golds(file, nameless))
    return sets


def main() -> None:
    """Train, or go on training."""
    parser = argparse.ArgumentParser(description="Train the shipped reader.")
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without", action="append", default=[], metavar="SET", help="leave a set out")
    parser.add_argument("--start", type=Path, metavar="WEIGHTS", help="go on from a reader: the last stages alone")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--calibrate", action="store_true", help="fit what stands on top of the network")
    options = parser.parse_args()
    sets = read_sets(options.data)
    if options.calibrate:
        read = [gold for name, golds in sets.items() if name not in NOT_ASKED for gold in golds]
        write_reader_scales(options.folder, read)
        unseen = {name: sets[name] for name in NOT_TRAINED}
        print(*calibrate(options.folder, sets_aside(unseen, NOT_TRAINED), cache_dir() / "calibrate"), sep="\n")
        return
    trained, aside = divided([gold for golds in sets.values() for gold in golds])
    own = {name: {id(gold) for gold in golds} for name, golds in sets.items()}
    sources, checked = {}, {}
    for name in sets:
        style = _JAPANESE_STYLE if name == "jaquad" else Style() if name in _SQUAD else _WRITTEN_STYLE
        if name not in options.without:
            sources[name] = ExampleSource([g for g in trained if id(g) in own[name]], style, progress=True)
        if name != "jaquad":
            checked[name] = ExampleSource(_some([g for g in aside if id(g) in own[name]]))
    recipe = RECIPE
    if options.start:
        recipe = replace(RECIPE, stages=RECIPE.stages[_GOING_ON:], start=options.start.name)
    train(
        sources,
        options.folder,
        unpack(),
        recipe,
        start=options.start,
        validation=checked,
        device=options.device,
        checkpoint_every=400,
        progress=True,
    )
    if options.start:
        mix(options.start, options.folder / WEIGHTS, _TRAINED)
    draw_curve(options.folder)


def mix(start: Path, trained: Path, share: float) -> None:
    """Move the reader in ``trained`` back towards that in ``start``: ``share`` is what stays of the way between them.

    Weights between those before and after a training are better than either on kinds of documents that the training
    did not see (Wortsman et al. 2022, WiSE-FT).
    """
    before, after = weights.read(start), weights.read(trained)
    differences, heads = (
        {name: (1 - share) * old[name] + share * value for name, value in new.items()}
        for old, new in zip(before[:2], after[:2], strict=True)
    )
    weights.write(differences, heads, trained, {name: note for name, note in after[2].items() if name != "format"})


def _some(golds: list[Gold]) -> list[Gold]:
    documents = sorted({gold.document.doc_id for gold in golds})[:_CHECKED]
    return [gold for gold in golds if gold.document.doc_id in documents]


if __name__ == "__main__":
    main()
