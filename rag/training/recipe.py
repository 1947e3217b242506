"""What decides the result of a training beside its data."""

from __future__ import annotations

import msgspec

from rag.training.examples import SHARES


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A stretch of training: what is drawn in each epoch, how often, and how large the steps are.

    ``parts`` is the share of each set's questions that an epoch draws. The rate rises over ``warmup`` of the stage to
    ``learning_rate`` and from there falls linearly to ``last`` of it.
    """

    parts: dict[str, float]
    epochs: int = 1
    learning_rate: float = 2e-4
    warmup: float = 0.0
    last: float = 1.0
    negatives: dict[str, float] = msgspec.field(default_factory=lambda: {str(o): share for o, share in SHARES.items()})
    """Examples without an answer beside each question, by origin."""

    def rate(self, share: float) -> float:
        """The rate where ``share`` of the stage is done."""
        if share < self.warmup:
            return self.learning_rate * share / self.warmup
        fallen = (share - self.warmup) / (1 - self.warmup)
        return self.learning_rate * (1 - fallen * (1 - self.last))


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that decides what training gives, beside the data."""

    stages: tuple[Stage, ...]
    layer_decay: float = 0.95
    """The factor of the rate from each layer to the one below it (Clark et al. 2020, ELECTRA)."""
    weight_decay: float = 0.01
    average: float = 0.998
    """Of the weights that are kept, what stays at each step; the rest is the step's (an exponential moving average)."""
    tokens: int = 5120
    """In a batch, without padding."""
    inside_weight: float = 2.0
    relevance_weight: float = 0.5
    several_weight: float = 0.3
    """Of the other heads' losses, beside that of start and end."""
    shared_weight: float = 1.0
    """Of the loss of start and end over all passages of a question at once."""
    start: str = ""
    """The reader that training goes on from; empty for the encoder as it is."""
    seed: int = 1
