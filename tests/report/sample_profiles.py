"""The two targets of the run made by hand."""

from __future__ import annotations

from edgeopt.domain.target import Caches, Cores, Fact, Isa, Memory, Peaks, Profile, RecipeRule
from tests.report.sample import INTEL, PI


def sample_profiles() -> dict[str, Profile]:
    """The profiles of both targets, cut short."""
    return {INTEL: _intel_profile(), PI: _pi_profile()}


def _intel_profile() -> Profile:
    return Profile(
        name=INTEL,
        title="Intel CPU, generic",
        summary="A 64-bit Intel processor with AVX2.",
        arch="x86_64",
        os="linux",
        link="local",
        cores=(Cores(model="sapphire-rapids", count=2),),
        isa=Isa(
            features=("avx2", "fma", "avx512_vnni"),
            absent=("amx_int8",),
            basis="verified",
            source="/proc/cpuinfo",
        ),
        caches=Caches(
            l2_kib=Fact(value=2048, basis="verified", source="lscpu"),
            l3_kib=Fact(value=107520, basis="verified", source="lscpu, shared"),
        ),
        threads=(1, 2),
        recipes=(RecipeRule(runtime="openvino", precision="int8-static", why="VNNI"),),
        notes=("a shared machine: neighbours show in the p90",),
    )


def _pi_profile() -> Profile:
    return Profile(
        name=PI,
        title="Raspberry Pi 5",
        summary="Four Cortex-A76 cores with dot-product instructions.",
        arch="aarch64",
        os="linux",
        link="ssh",
        soc="BCM2712",
        cores=(
            Cores(
                model="cortex-a76",
                count=4,
                clock_ghz=Fact(value=2.4, basis="verified", source="bcm2712.adoc"),
            ),
        ),
        isa=Isa(
            features=("fphp", "asimdhp", "asimddp"),
            absent=("i8mm", "sve"),
            basis="verified",
            source="github.com/hrw/arm-socs-table, cpuinfo",
        ),
        caches=Caches(
            l2_kib=Fact(value=512, basis="verified", source="bcm2712.adoc, per core"),
            l3_kib=Fact(value=2048, basis="verified", source="bcm2712.adoc, shared"),
        ),
        memory=Memory(
            kind="LPDDR4X-4267, 32 bit",
            size_gib=Fact(value=8, basis="recalled", source="4, 8 and 16 GB are sold"),
            bandwidth_gb_s=Fact(value=17, basis="verified", source="bcm2712.adoc"),
            copy_gb_s=Fact(value=5.6, basis="verified", source="sbc-bench, 5.3 to 6.0"),
        ),
        peaks=Peaks(
            fp32_gflops=Fact(
                value=153.6, basis="derived", source="4 cores x 2.4 GHz x 16 FLOP per cycle"
            ),
            int8_gops=Fact(
                value=614, basis="derived", source="4 cores x 2.4 GHz x 64 OP per cycle"
            ),
        ),
        threads=(1, 4),
        recipes=(RecipeRule(runtime="litert", precision="int8-dynamic", why="dot products"),),
        notes=("firmware with other memory timings moved results by 8 to 20 %",),
    )
