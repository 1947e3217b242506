"""A checkpoint: all that a training needs to go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import torch

from rag.errors import TrainingError
from rag.reading.network import ReaderNetwork
from rag.training.recipe import Recipe

CHECKPOINT: Final = "checkpoint.pt"


class Done(NamedTuple):
    """How far a training has come: ``batch`` of ``epoch`` of ``stage`` is the next, ``step`` batches were seen."""

    step: int = 0
    stage: int = 0
    epoch: int = 0
    batch: int = 0


@dataclass
class State:
    """What a checkpoint holds."""

    network: ReaderNetwork
    average: ReaderNetwork
    optimiser: torch.optim.Optimizer
    done: Done


def save_checkpoint(folder: Path, state: State, recipe: Recipe) -> None:
    """Write the checkpoint in ``folder``, in place of the last."""
    saved = {
        "recipe": msgspec.json.encode(recipe).decode(),
        "done": tuple(state.done),
        "trained": state.network.trained(),
        "average": state.average.trained(),
        "optimiser": state.optimiser.state_dict(),
    }
    write_checkpoint(folder, saved)


def write_checkpoint(folder: Path, saved: Mapping[str, object]) -> None:
    """Write what is ``saved`` as the checkpoint in ``folder``, all of it or nothing."""
    temporary = folder / f".{CHECKPOINT}"
    torch.save(saved, temporary)
    temporary.replace(folder / CHECKPOINT)


def resume(folder: Path, state: State, recipe: Recipe) -> None:
    """Load the checkpoint in ``folder``, if there is one. Raises TrainingError if it is of another recipe."""
    file = folder / CHECKPOINT
    if not file.is_file():
        return
    saved = torch.load(file, weights_only=True)
    done = Done(*saved["done"])
    if not _continues(json.loads(msgspec.json.encode(recipe)), json.loads(saved["recipe"]), done):
        raise TrainingError(
            f"{folder} 里是另一种设置的训练，未作改动。请换一个文件夹，或用原来的设置继续。",
            f"{folder} holds a training with other options; nothing was changed. Choose another folder or use those.",
        )
    state.network.load_trained(saved["trained"])
    state.average.load_trained(saved["average"])
    state.optimiser.load_state_dict(saved["optimiser"])
    state.done = done


def _continues(recipe: dict[str, Any], saved: dict[str, Any], done: Done) -> bool:
    """Whether ``recipe`` is ``saved``, at least in what was done of it: stages that were not begun may change."""
    begun = done.stage + 1
    return all(
        recipe[name][:begun] == saved[name][:begun] if name == "stages" else recipe[name] == saved[name]
        for name in recipe
    )
