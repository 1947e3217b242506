"""From the span that the network read to the slices that are shown: whole words, the clause that holds, all items."""
