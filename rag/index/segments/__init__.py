"""The parts of a generation that never change: what one run has added, or put together."""
