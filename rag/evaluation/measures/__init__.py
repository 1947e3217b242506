"""What is measured. Each measure stands in a module with its definition and its source, and in `MEASURES`."""

from __future__ import annotations

from rag.evaluation.measures.answers import EM, F1, READING, RIGHT_AND_CITED, RIGHT_F1, exact_match, f1
from rag.evaluation.measures.citations import CITATION_RECALL, EXACTNESS, PRECISION, citation_precision, citation_recall
from rag.evaluation.measures.confidence import (
    ABSTENTION_PRECISION,
    ABSTENTION_RECALL,
    ACCURACY,
    AURC,
    AUROC,
    ECE,
    aurc,
    auroc,
    calibration,
    calibration_error,
    risk_coverage,
)
from rag.evaluation.measures.evidence import BUDGETS, DEPTHS, EVIDENCE, RECALL, evidence_recall, facts_found
from rag.evaluation.measures.measure import Case, Columns, Floats, Group, Measure
from rag.evaluation.measures.ranked import MRR, NDCG, SUCCESS

MEASURES = (
    RECALL,
    SUCCESS,
    MRR,
    NDCG,
    EVIDENCE,
    EM,
    F1,
    RIGHT_AND_CITED,
    READING,
    EXACTNESS,
    PRECISION,
    CITATION_RECALL,
    ACCURACY,
    ABSTENTION_PRECISION,
    ABSTENTION_RECALL,
    AUROC,
    AURC,
    ECE,
)
"""In the order in which they are read: of reports, comparisons, published tables and the documentation."""

NAMES = tuple(name for measure in MEASURES for name in measure.names)
"""Those of results, in that order; a result has those that apply to it."""

__all__ = [
    "BUDGETS",
    "DEPTHS",
    "MEASURES",
    "NAMES",
    "RIGHT_F1",
    "Case",
    "Columns",
    "Floats",
    "Group",
    "Measure",
    "aurc",
    "auroc",
    "calibration",
    "calibration_error",
    "citation_precision",
    "citation_recall",
    "evidence_recall",
    "exact_match",
    "f1",
    "facts_found",
    "risk_coverage",
]
