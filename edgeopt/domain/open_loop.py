"""An artifact that is given frames at a rate of their own, ready or not."""

from __future__ import annotations

from edgeopt.domain.case import Case


class OpenLoop(Case, kw_only=True, frozen=True):
    """Frames that are due at a fixed rate. None is dropped: what is late waits.

    Attributes:
        fps_asked: frames due a second.
        fps_achieved: frames answered a second.
        n: frames.
        p50_ms, p90_ms, p99_ms: from the moment a frame was due to its answer, waiting included;
            p90 and p99 by the early-stopping rule (64 and 662 frames).
        service_p50_ms: the inference alone, as it is when its frame is due.
        busy_p50_ms: the same without pauses, one right after the other (the warm-up).
        late_share: share of frames answered more than a period after they were due.
        queue_growth_fps: by how many frames a second the queue grew. Above 0 the latencies
            depend on how long it went on.
        queue_frames: frames that were waiting at the end, at most.
    """

    fps_asked: float
    fps_achieved: float | None
    n: int
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    service_p50_ms: float | None
    late_share: float | None
    queue_growth_fps: float | None
    queue_frames: int | None
    busy_p50_ms: float | None = None

    @property
    def pause_factor(self) -> float | None:
        """How many times as long an inference takes after the pause between frames."""
        if self.service_p50_ms is None or not self.busy_p50_ms:
            return None
        return self.service_p50_ms / self.busy_p50_ms

    @property
    def keeps_up(self) -> bool:
        """Whether the queue does not grow by more than one frame in a hundred."""
        return self.queue_growth_fps is not None and self.queue_growth_fps < self.fps_asked / 100
