"""`edgeopt devices`: the user's devices. Heavy rooms are imported in the commands."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeopt.command import Group
from edgeopt.console import console, print_json, progress, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeopt.devices.device import Device, OwnTimer
    from edgeopt.domain.device import DeviceEntry
    from edgeopt.domain.finding import Finding

LOCAL = "local"


@click.group(
    "devices", cls=Group, invoke_without_command=True, short_help="Machines to measure on."
)
@click.pass_context
def devices(ctx: click.Context) -> None:
    """Add, list, check, set up or remove machines to measure on. Alone: the same as `list`."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_devices, as_json=False)


@devices.command("add", short_help="Connect to a machine and keep it by a name.")
@click.argument("name")
@click.argument("link")
@click.option("--target", help="The target that it belongs to.  [the profile that fits]")
@click.option("--python", help="The Python to use on it.  [python3]")
@click.option(
    "--folder",
    help="Where to keep files on it.  [~/.cache/edgeopt; phones: /data/local/tmp/edgeopt]",
)
@click.option("--jump", metavar="HOST", help="Host to go through, as for ssh -J.")
@click.option("--ssh-config", type=click.Path(exists=True, dir_okay=False), help="As for ssh -F.")
@click.option(
    "--benchmark-model",
    type=click.Path(exists=True, dir_okay=False),
    help="Phones: time by LiteRT's own program, without Python on the phone.",
)
def add(name: str, link: str, target: str | None, **options: str | None) -> None:
    """Connect to LINK (ssh://user@host, adb://SERIAL, ...) and keep it as NAME."""
    from edgeopt import targets
    from edgeopt.devices import registry, resolve
    from edgeopt.devices.device import is_emulation, is_own_timer, is_prepared
    from edgeopt.domain.device import DeviceEntry
    from edgeopt.harness.device_check import fitting
    from edgeopt.harness.probing import probe
    from edgeopt.jobs import scratch

    registry.check_name(name)
    if target:
        targets.load(target)
    options = _absolute(options, "ssh_config", "benchmark_model")
    entry = DeviceEntry(link=link, target=target, **options)
    device = resolve.of(name, entry)
    if is_own_timer(device):
        _add_benchmark_phone(name, entry, device)
        return
    with scratch.folder() as folder, progress() as listener:
        try:
            if is_prepared(device):
                device.prepare(listener)
            if is_emulation(device):
                target = entry.target or device.target
                entry = DeviceEntry(link=link, target=target, **options)
            found = probe(device, (), Path(folder) / "log", listener)
            bare = not found.numpy or _lacks_environment(device, entry)
        finally:
            device.close()
    fits = fitting(found)
    if target is None and fits:
        entry = DeviceEntry(link=link, target=fits[0], **options)
    registry.add(name, entry)
    said = found.machine.get("board") or found.machine["cpu_model"] or found.machine["arch"]
    say(f"{name}: {said}, target {entry.target or 'unknown'}")
    if target is None and len(fits) > 1:
        say(f"It is also of: {', '.join(fits[1:])}. Choose another one with --target.")
    if is_emulation(device):
        say(device.note or f"It runs on the very core of that target, {device.core}.")
    elif target is not None and target not in fits and targets.load(target).match:
        say(f"It does not look like a {target}: `edgeopt devices check {name}`.")
    say(f"Next: edgeopt devices {'setup' if bare else 'check'} {name}")


def _lacks_environment(device: Device, entry: DeviceEntry) -> bool:
    """Whether `setup` is to make one: a board's own numpy says nothing of runtimes."""
    from edgeopt.devices.ssh import Ssh

    if not isinstance(device, Ssh) or entry.python:
        return False
    return not device.facts()["environment_ready"]


def _absolute(options: dict[str, str | None], *names: str) -> dict[str, str | None]:
    """Options with these paths of files made absolute, where they are given."""
    paths = {name: str(Path(path).resolve()) for name in names if (path := options[name])}
    return {**options, **paths}


def _add_benchmark_phone(name: str, entry: DeviceEntry, device: OwnTimer) -> None:
    """A phone that has no runner to ask: what it is of is taken as said."""
    from edgeopt.devices import registry

    with progress() as listener, contextlib.closing(device):
        device.prepare(listener)
        board = device.machine().board
    registry.add(name, entry)
    say(f"{name}: {board}, target {entry.target or 'unknown'}")
    say(f"Timed by {device.program.name}: means, which nothing is compared with.")
    say(f"Next: edgeopt bench MODEL.tflite --device {name}")


@devices.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_devices(as_json: bool) -> None:
    """List the devices, without connecting to them."""
    from edgeopt.devices import registry

    known = registry.entries()
    if as_json:
        import msgspec

        rows = [{"name": name, **_all_fields(entry)} for name, entry in known.items()]
        print_json(msgspec.to_builtins(rows))
        return
    from edgeopt.report import devices_table

    console().print(devices_table.listing(known))


@devices.command("check", short_help="Say whether a device can be measured on.")
@click.argument("name")
@click.option(
    "--runtime", "runtimes", multiple=True, help="Look only for this runtime. Repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(ctx: click.Context, name: str, runtimes: tuple[str, ...], as_json: bool) -> None:
    """Say whether the device NAME (or a link, or local) can be measured on."""
    from edgeopt.devices import resolve
    from edgeopt.harness.device_check import check as run_check
    from edgeopt.jobs import scratch

    target = _target(name)
    device = resolve.resolve(name)
    with scratch.folder() as folder, progress() as listener:
        try:
            log = Path(folder) / "log"
            lines = run_check(device, _runtimes(target, runtimes), target, log, listener)
        finally:
            device.close()
    _show(ctx, lines, as_json)


@devices.command("setup", short_help="Install numpy and the runtimes on a device.")
@click.argument("name")
@click.option("--runtime", "runtimes", multiple=True, help="Install only this runtime. Repeatable.")
@click.option(
    "--offline", is_flag=True, help="Download the packages here: the device needs no network."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def setup(
    ctx: click.Context, name: str, runtimes: tuple[str, ...], offline: bool, as_json: bool
) -> None:
    """Install numpy and the runtimes of its target on the device NAME.

    They go into an environment of their own, which edgeopt uses there from then on.
    """
    from edgeopt.devices import resolve
    from edgeopt.devices.setup import setup as run_setup
    from edgeopt.devices.ssh import Ssh
    from edgeopt.domain.errors import BadInput
    from edgeopt.jobs import pip

    target = _target(name)
    device = resolve.resolve(name)
    if not isinstance(device, Ssh):
        raise BadInput(f"{name} is not set up like this.", "Only ssh:// devices are.")
    with progress() as listener:
        try:
            brought = offline or pip.offline() is not None
            lines = run_setup(device, _runtimes(target, runtimes), brought, listener)
        finally:
            device.close()
    _show(ctx, lines, as_json)


@devices.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Forget the device NAME. Nothing is deleted on the device."""
    from edgeopt.devices import registry

    registry.remove(name)
    say(f"{name} is forgotten. Its files are still there, in the folder of `devices add`.")


def _target(name: str) -> str | None:
    from edgeopt.devices import registry

    if name == LOCAL or "://" in name:
        return None
    return registry.entry(name).target


def _runtimes(target: str | None, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Those asked for, else those that the target's recipes name, else all."""
    from edgeopt import targets
    from edgeopt.domain.errors import BadInput

    unknown = [name for name in asked if name not in targets.offers()]
    if unknown:
        known = ", ".join(targets.offers())
        raise BadInput(f"there is no runtime {unknown[0]!r}.", f"Known: {known}.")
    named = [rule.runtime for rule in targets.load(target).recipes] if target else []
    return asked or tuple(dict.fromkeys(named or targets.offers()))


def _all_fields(entry: DeviceEntry) -> dict[str, Any]:
    return {field: getattr(entry, field) for field in entry.__struct_fields__}


def _show(ctx: click.Context, lines: Sequence[Finding], as_json: bool) -> None:
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(lines))
    else:
        from edgeopt.report import doctor_table

        console().print(doctor_table.table(lines))
    ctx.exit(1 if any(line.state == "failed" for line in lines) else 0)
