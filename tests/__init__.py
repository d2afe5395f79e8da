"""Tests, one folder for each room of `edgeopt`; helpers are imported as `tests.ROOM.NAME`."""
