"""Chinese text: one form for what counts as the same, words and terms, numbers, sounds, lists."""
