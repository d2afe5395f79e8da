"""ON THE DEVICE AND HOST. What is known of a runtime before it is imported: `RuntimeSpec`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional, Union

Options = Mapping[str, Union[str, int]]


@dataclass(frozen=True)
class OptionSet:
    """Settings of a session that are worth a try on a leading candidate.

    Attributes:
        why: what may be won.
        options: added to the candidate's own, or instead of them.
        affinity: which cores the runner keeps to: "any" or "fastest".
        precisions: only for these; empty: for every one.
        needs_any: flags of which the device must have one; empty: none needed.
        least_threads: fewer have nothing to win.
        spare_cores: only where the device has more cores than the candidate has threads.
    """

    why: str
    options: Options = field(default_factory=dict)
    affinity: str = "any"
    precisions: tuple[str, ...] = ()
    needs_any: tuple[str, ...] = ()
    least_threads: int = 1
    spare_cores: bool = False


FASTEST_CORES = OptionSet(
    affinity="fastest",
    why="threads that stay where they are keep their caches, and get no slower core",
    spare_cores=True,
)


@dataclass(frozen=True)
class Provider:
    """What else than the processor a runtime can compute on.

    Attributes:
        name: the value of `RuntimeSpec.provider_option`.
        precisions: those worth a try on it, and why.
        options: of a session on it, besides.
        threaded: whether it takes a number of threads.
    """

    name: str
    precisions: Mapping[str, str]
    options: Options = field(default_factory=dict)
    threaded: bool = True


@dataclass(frozen=True)
class RuntimeSpec:
    """One runtime. Every table of runtimes is derived from these.

    Attributes:
        name: of its file here, and of the one in `edgeopt/convert` if it has a converter.
        packages: what to install, first choice first.
        modules: what is imported; empty: as `packages` are called, with "_" for "-".
        needs: packages that those import and do not install.
        pins: package -> what is installed with it, since it says too little of what it needs.
        built: pure Python that its packages need and that has no wheel: pip builds one.
        suffixes: of the files that it opens; empty: another one's (`stand_in`), or no user's.
        weights: the suffix of a file of weights beside, "" where there is none.
        precisions: that its converter makes, "as-is" for a file that is quantized already; empty:
            it has no converter.
        arithmetic: precision -> options of a session without which it may compute in another one
            than the name says. "*": for every precision that is not named.
        option_sets: settings worth a try, the most promising first.
        provider_option: the option that says what computes, "CPU" unless it is given.
        providers: its other values, and what is worth a try there. The module's `providers()` says
            which of them a machine has.
        takes_shapes: whether sessions take `fixed_shapes`.
        open_axes: whether its converter keeps an axis open, and a session takes any size of it.
        reference: it only answers for a source: it opens what its preparation wrote.
        program: its files are programs: opening one runs what is in it. A run makes none of
            theirs, and only what edgeopt's own preparation wrote, or the user trusts, is opened.
        trusting: the options under which such a file of a user's is opened.
        stand_in: another runtime that opens the same files, and answers for this one where there
            is no GPU: by the same numbers, so it can check and score; never by its times.
        elsewhere: (why, what to do) where no machine that edgeopt reaches runs it: its artifacts
            are made and read back, and neither scored nor timed.
        emulated: its wheel for aarch64 is put on emulated boards.
        shipped: name in a bundle -> the file here that it is, beside run.py.
        published: what tables of published latencies call it, or the kernels that it runs.
        baseline: its place in the order in which fp32 forms are compared with, from 1; 0: never.
        no_profiler: why its time cannot be taken apart, "" where it can.
        layers_by: how a profile's operators find their layers in the source ("name", "position").
        harmless: an option that hardly changes answers, for the tests of options.
    """

    name: str
    packages: tuple[str, ...]
    modules: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    pins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    built: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    weights: str = ""
    precisions: tuple[str, ...] = ()
    arithmetic: Mapping[str, Options] = field(default_factory=dict)
    option_sets: tuple[OptionSet, ...] = ()
    provider_option: str = ""
    providers: tuple[Provider, ...] = ()
    takes_shapes: bool = False
    open_axes: bool = False
    reference: bool = False
    program: bool = False
    trusting: Options = field(default_factory=dict)
    stand_in: str = ""
    elsewhere: Optional[tuple[str, str]] = None
    emulated: bool = False
    shipped: Mapping[str, str] = field(default_factory=dict)
    published: tuple[str, ...] = ()
    baseline: int = 0
    no_profiler: str = ""
    layers_by: str = "name"
    harmless: Options = field(default_factory=dict)

    @property
    def imports(self) -> tuple[str, ...]:
        """The modules that a session of it imports."""
        own = self.modules or tuple(name.replace("-", "_") for name in self.packages)
        return (*own, *self.needs)

    @property
    def extra(self) -> str:
        """The extra of edgeopt that installs what makes its files."""
        return self.answers

    @property
    def answers(self) -> str:
        """The runtime whose sessions open its files on this machine."""
        return self.stand_in or self.name

    @property
    def offers(self) -> tuple[str, ...]:
        """The precisions that a target's profile takes a stand on."""
        return tuple(name for name in self.precisions if name != "as-is")

    def requirements(self, package: str) -> tuple[str, ...]:
        """What is installed with one of `packages`, itself first."""
        return (package, *self.needs, *self.pins.get(package, ()))

    def from_source(self) -> tuple[str, ...]:
        """pip's options for what has no wheel (`built`)."""
        return tuple(f"--no-binary={one.partition('==')[0]}" for one in self.built)

    def options_for(self, precision: str) -> dict[str, str | int]:
        """Options of a session that make a precision's name true; a profile may say others."""
        return dict(self.arithmetic.get(precision, self.arithmetic.get("*", {})))
