"""Where the profiles that come with edgeopt live."""

from __future__ import annotations

from pathlib import Path

from edgeopt.domain.errors import NotInstalled


def folder(package: Path = Path(__file__).parent) -> Path:
    """The folder of profiles: inside `package` in a wheel, at the top of a checkout otherwise.

    Raises:
        NotInstalled: neither is there.
    """
    places = (package / "profiles", package.parents[1] / "targets")
    for place in places:
        if place.is_dir():
            return place
    raise NotInstalled(
        f"the target profiles are missing: neither {places[0]} nor {places[1]} is a folder",
        "Install edgeopt again.",
    )
