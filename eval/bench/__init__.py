"""Programs of this repository that measure; each prints what it found and saves it in eval/results."""
