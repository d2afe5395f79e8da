import pytest


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """What `torch.export.save` writes today, by name."""
    from tests.runtimes.exported import archives

    return archives.save(tmp_path_factory.mktemp("saved"))


@pytest.fixture
def mark(tmp_path):
    """A file that is made by hostile code alone."""
    return tmp_path / "mark"
