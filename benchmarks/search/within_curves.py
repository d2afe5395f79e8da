"""Curves of `within.json`: how often a way is within 3 %, against its share of the time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 420, 230, 44, 28, 96, 40
#: Readable on white and on black alike; dashes tell them apart without colours.
LINES = {
    "default order": ("#2f81f7", ""),
    "random": ("#b8752a", "6 4"),
    "TPE": ("#8a63d2", "2 3"),
}
INK = "#808080"


def draw(found: dict[str, Any]) -> list[Path]:
    """One picture of each network that was replayed at several shares of the time."""
    IMAGES.mkdir(exist_ok=True)
    paths = []
    for network, one in found["workloads"].items():
        if len(one["by_share"]) < 2:
            continue
        path = IMAGES / f"within-{network}.svg"
        path.write_text(_picture(network, one["by_share"]))
        paths.append(path)
    return paths


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(within: float) -> float:
    return TOP + (1 - within) * (HEIGHT - TOP - BOTTOM)


def _picture(network: str, by_share: dict[str, Any]) -> str:
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="11" fill="{INK}">',
        f"<title>{network}: replays within 3 % of the best, by share of the time</title>",
        f'<text x="{LEFT}" y="16" font-size="12">{network}: replays within 3 % of the best</text>',
    ]
    for level in (0, 0.25, 0.5, 0.75, 1):
        parts += [
            f'<line x1="{_x(0)}" x2="{_x(1)}" y1="{_y(level)}" y2="{_y(level)}" '
            f'stroke="{INK}" stroke-opacity="0.35"/>',
            f'<text x="{LEFT - 6}" y="{_y(level) + 4}" text-anchor="end">'
            f"{100 * level:.0f} %</text>",
        ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts.append(
            f'<text x="{_x(share)}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
            f"{100 * share:.0f} %</text>"
        )
    parts.append(
        f'<text x="{_x(0.5)}" y="{HEIGHT - 8}" text-anchor="middle">'
        "share of the grid's time</text>"
    )
    ends: list[float] = []
    for way, (colour, dashes) in LINES.items():
        points = sorted((float(share), ways[way]["within"]) for share, ways in by_share.items())
        line = " ".join(f"{_x(share):.1f},{_y(within):.1f}" for share, within in points)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dashes}"/>'
        )
        end = _y(points[-1][1]) + 4
        while any(abs(end - other) < 13 for other in ends):
            end += 13
        ends.append(end)
        parts.append(f'<text x="{_x(1) + 6}" y="{end:.1f}" fill="{colour}">{way}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
