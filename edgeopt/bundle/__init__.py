"""What the user ships for one target: the artifact, its manifest, a page of code that runs it."""
