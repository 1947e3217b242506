"""Formats that need a large parser, read in a process of its own."""
