"""What became of a run, for people: `terminal.summary`, `html.render`. One file per output."""
