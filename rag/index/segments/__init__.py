"""The parts of a generation that never change: what one run added, or merged."""
