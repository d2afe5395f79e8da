"""From what a call says, what the data holds and what the source answers to one settled task."""
