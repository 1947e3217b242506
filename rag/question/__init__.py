"""A question before it is searched: what can be asked, spelling, and what it leans on."""
