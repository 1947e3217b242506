"""What is fitted on top of the trained network: which proposal to take, how sure that is, and how far to re-rank.

It is kept beside the network's weights as ``calibration.json``, which ``wenyuan train calibrate`` writes.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from pathlib import Path

import msgspec

from rag.errors import ModelError, SettingsError
from rag.reading import Opinion


def _logistic(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))


class Logistic(msgspec.Struct, frozen=True):
    """``1 / (1 + exp(-(bias + Σ weight · value)))``."""

    bias: float
    weights: dict[str, float]

    def __call__(self, values: Mapping[str, float]) -> float:
        """The probability for ``values``, which has at least the names of ``weights``."""
        logit = self.bias + sum(weight * values[name] for name, weight in self.weights.items())
        return _logistic(logit)


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fitted values.

    ``choice_weights``: of the features of a proposal, `rag.reading.trained.CHOICE`; the highest sum is taken.
    ``right``: the probability that the answer is right, from `rag.reading.trained.CERTAINTY`.
    ``steps``: ``(probability, corrected)`` in rising order, between which it is interpolated (isotonic regression);
    empty where that predicts no better.
    ``answers``: the probability that a passage answers, from its relevance and its best margin.
    ``boost_weight``: what such a probability of 1 adds to the passage's score.
    ``errors``: ``(confidence, right)`` of each question of the fit, by which `threshold` bounds the errors.
    """

    choice_weights: dict[str, float]
    right: Logistic
    steps: tuple[tuple[float, float], ...]
    answers: Logistic
    boost_weight: float
    errors: tuple[tuple[float, bool], ...] = ()

    def choice(self, features: Mapping[str, float]) -> float:
        """How good a proposal is; only differences mean something."""
        return sum(weight * features[name] for name, weight in self.choice_weights.items())

    def confidence(self, features: Mapping[str, float]) -> float:
        """The probability that the answer is right, in [0, 1]."""
        chance = self.right(features)
        if not self.steps:
            return chance
        place = bisect_left(self.steps, (chance,))
        if place == 0 or place == len(self.steps):
            return self.steps[min(place, len(self.steps) - 1)][1]
        (x0, y0), (x1, y1) = self.steps[place - 1], self.steps[place]
        return y0 + (y1 - y0) * (chance - x0) / (x1 - x0)

    def opinion(self, relevance: float, margin: float) -> Opinion:
        """A passage's relevance and best margin, both logits, as chances; and the chance that it answers."""
        answers = self.answers({"relevance": relevance, "margin": margin})
        return Opinion(_logistic(relevance), _logistic(margin), answers)

    def boost(self, relevance: float, margin: float) -> float:
        """What the network's opinion of a passage adds to its retrieval score: between 0 and ``boost_weight``."""
        return self.boost_weight * self.answers({"relevance": relevance, "margin": margin})

    def threshold(self, max_error: float) -> float:
        """The lowest confidence from which to answer so that wrong answers are at most ``max_error`` of all questions.

        Conformal risk control (Angelopoulos et al., 2022): for questions like those of the fit, the expected share of
        questions that get a wrong answer is at most ``max_error``. Raises SettingsError if so few can't be promised.
        """
        wrong = sorted((confidence for confidence, right in self.errors if not right), reverse=True)
        allowed = math.floor(max_error * (len(self.errors) + 1) - 1 + 1e-9)
        if allowed < 0:
            raise SettingsError(
                f"max_error = {max_error:g} 太小：校准数据只有 {len(self.errors)} 个问题，无法保证。",
                f"max_error = {max_error:g} is too small: it can't be promised from {len(self.errors)} questions.",
            )
        # Answer only above the confidence of the first wrong answer that would be one too many.
        return math.nextafter(wrong[allowed], 2.0) if allowed < len(wrong) else 0.0


def load_calibration(file: Path) -> Calibration:
    """Read ``file``. Raises ModelError if it is missing or malformed."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Calibration)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(
            f"阅读器的校准文件无法读取（{file}）：{error}。请运行 wenyuan train calibrate，或检查设置 reader。",
            f"The reader's calibration can't be read ({file}): {error}. Run `wenyuan train calibrate`, "
            "or check the setting `reader`.",
        ) from error
