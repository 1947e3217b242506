"""Evaluation in the web app: runs started from the page, and gold pairs that users keep."""
