"""The same call again, after it was interrupted: nothing lost, nothing false kept, nothing left."""

from __future__ import annotations

from typing import Any

from benchmarks.faults.small_run import Scene

Found = dict[str, Any]


def lines(scene: Scene) -> list[str]:
    """Whole lines of the journal."""
    try:
        return (scene.out / "results.jsonl").read_text("utf-8").splitlines(keepends=True)
    except OSError:
        return []


def goes_on(scene: Scene, reference: Found, before: list[str]) -> list[str]:
    """What is wrong with the same call, made again after an interruption."""
    code, said = scene.call()
    wrong = []
    if code != 0 or scene.state() != "finished":
        wrong.append(f"the same call: exit {code}, {scene.state() or 'no run'}: {said[-300:]}")
    if scene.rows() != reference["rows"]:
        wrong.append(f"the same call: other records: {scene.rows()}")
    whole = [line for line in before if line.endswith("\n")]
    if lines(scene)[: len(whole)] != whole:
        wrong.append("the same call: a record that was there is gone")
    wrong += [f"in the end {one} is left" for one in scene.left()]
    rest = [p.name for p in scene.out.glob(".*")] + [p.name for p in scene.out.glob("work*")]
    rest += [p.name for p in scene.out.rglob("edgeopt-*")]
    rest += [p.name for p in scene.cache.glob(".*.part")]
    return [*wrong, *(f"in the end {name} is left in the folder" for name in rest)]
