"""A detector of the plan of YOLOv8 nano, and its loss; own code after the published descriptions.

Anchor-free at strides 8, 16 and 32, each side's distance as a distribution over 16 bins (Li and
others 2020, arXiv 2006.04388), decoded in the graph: [1, 4 + classes, points] of x, y, width,
height in pixels and probabilities, as Ultralytics' exports have it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

BINS = 16
STRIDES = (8, 16, 32)
_BEST = 10  # points an object is learned at


def unit(into: int, out: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch norm, SiLU."""
    conv = nn.Conv2d(into, out, size, stride, size // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out, eps=1e-3, momentum=0.03), nn.SiLU())


class Bottleneck(nn.Module):
    def __init__(self, width: int, adds: bool) -> None:
        super().__init__()
        self.layers, self.adds = nn.Sequential(unit(width, width), unit(width, width)), adds

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.adds else self.layers(x)


class Split(nn.Module):
    """YOLOv8's C2f: half of the channels goes through bottlenecks, all stages are joined."""

    def __init__(self, into: int, out: int, count: int = 1, adds: bool = False) -> None:
        super().__init__()
        half = out // 2
        self.first, self.last = unit(into, out, 1), unit((2 + count) * half, out, 1)
        self.stages = nn.ModuleList(Bottleneck(half, adds) for _ in range(count))

    def forward(self, x: Tensor) -> Tensor:
        parts = list(self.first(x).chunk(2, 1))
        for stage in self.stages:
            parts.append(stage(parts[-1]))
        return self.last(torch.cat(parts, 1))


class Pooled(nn.Module):
    """SPPF: three max-pools in a row, all joined."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.last = unit(width, width // 2, 1), unit(2 * width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        parts = [self.first(x)]
        for _ in range(3):
            parts.append(functional.max_pool2d(parts[-1], 5, 1, 2))
        return self.last(torch.cat(parts, 1))


class Detector(nn.Module):
    """images [n, 3, size, size] in 0..1 -> [n, 4 + classes, points].

    `raw` gives what the loss takes: [n, 64 + classes, points], before the decode.
    """

    def __init__(self, classes: int = 10, size: int = 160, w: int = 16) -> None:
        super().__init__()
        self.classes = classes
        self.stem = nn.Sequential(
            unit(3, w, 3, 2), unit(w, 2 * w, 3, 2), Split(2 * w, 2 * w, 1, True)
        )
        self.to8 = nn.Sequential(unit(2 * w, 4 * w, 3, 2), Split(4 * w, 4 * w, 2, True))
        self.to16 = nn.Sequential(unit(4 * w, 8 * w, 3, 2), Split(8 * w, 8 * w, 2, True))
        self.to32 = nn.Sequential(
            unit(8 * w, 16 * w, 3, 2), Split(16 * w, 16 * w, 1, True), Pooled(16 * w)
        )
        self.up16, self.up8 = Split(24 * w, 8 * w), Split(12 * w, 4 * w)
        self.down16, self.mix16 = unit(4 * w, 4 * w, 3, 2), Split(12 * w, 8 * w)
        self.down32, self.mix32 = unit(8 * w, 8 * w, 3, 2), Split(24 * w, 16 * w)
        widths = (4 * w, 8 * w, 16 * w)
        self.boxes = nn.ModuleList(_branch(c, 4 * w, 4 * BINS) for c in widths)
        self.scores = nn.ModuleList(_branch(c, 4 * w, classes) for c in widths)
        for branch, stride in zip(self.scores, STRIDES, strict=True):
            nn.init.constant_(branch[-1].bias, -6.0 + 0.5 * (stride // 16))
        at, each = _points(size)
        self.register_buffer("at", at)
        self.register_buffer("each", each)
        self.register_buffer("bins", torch.arange(BINS, dtype=torch.float32).view(1, BINS, 1, 1))

    def raw(self, image: Tensor) -> Tensor:
        at8 = self.to8(self.stem(image))
        at16 = self.to16(at8)
        at32 = self.to32(at16)
        mid16 = self.up16(torch.cat([_twice(at32), at16], 1))
        out8 = self.up8(torch.cat([_twice(mid16), at8], 1))
        out16 = self.mix16(torch.cat([self.down16(out8), mid16], 1))
        out32 = self.mix32(torch.cat([self.down32(out16), at32], 1))
        found = [
            torch.cat([boxes(x), scores(x)], 1).flatten(2)
            for boxes, scores, x in zip(self.boxes, self.scores, (out8, out16, out32), strict=True)
        ]
        return torch.cat(found, 2)

    def forward(self, images: Tensor) -> Tensor:
        boxes, scores = self.raw(images).split([4 * BINS, self.classes], 1)
        away = self.distances(boxes)
        low, high = self.at - away[:, :2], self.at + away[:, 2:]
        box = torch.cat([(low + high) / 2, high - low], 1) * self.each
        return torch.cat([box, scores.sigmoid()], 1)

    def distances(self, boxes: Tensor) -> Tensor:
        """[n, 64, points] -> [n, 4, points]: left, top, right, bottom in strides."""
        n, _, points = boxes.shape
        split = boxes.view(n, 4, BINS, points).transpose(1, 2)
        return (split.softmax(1) * self.bins).sum(1)


def _branch(into: int, width: int, out: int) -> nn.Sequential:
    return nn.Sequential(unit(into, width), unit(width, width), nn.Conv2d(width, out, 1))


def _twice(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


def _points(size: int) -> tuple[Tensor, Tensor]:
    """Centres of the cells in strides [2, points], and strides [1, points]."""
    at, each = [], []
    for stride in STRIDES:
        count = size // stride
        y, x = torch.meshgrid(torch.arange(count), torch.arange(count), indexing="ij")
        at.append(torch.stack([x, y]).flatten(1) + 0.5)
        each.append(torch.full((1, count * count), float(stride)))
    return torch.cat(at, 1), torch.cat(each, 1)


class Loss(nn.Module):
    """Cross entropy of scores, complete IoU of boxes, distribution focal loss of distances.

    Objects are given to points task-aligned (Feng and others 2021, arXiv 2108.07755): the ten
    points in an object with the largest score ** 0.5 * overlap ** 6.
    """

    def __init__(self, net: Detector) -> None:
        super().__init__()
        self.net = net

    def forward(self, raw: Tensor, boxes: Tensor, classes: Tensor) -> Tensor:
        """raw [n, 64 + classes, points], boxes [n, k, 4] in pixels, classes [n, k] or -1."""
        logits = raw[:, 4 * BINS :].transpose(1, 2)
        bins = raw[:, : 4 * BINS]
        at, each = self.net.at.T, self.net.each.T
        away = self.net.distances(bins).transpose(1, 2)
        found = torch.cat([at - away[..., :2], at + away[..., 2:]], 2) * each
        chosen, quality = _assigned(logits.detach(), found.detach(), at * each, boxes, classes)
        target = torch.zeros_like(logits)
        mine = chosen >= 0
        image, point = mine.nonzero(as_tuple=True)
        which = chosen[image, point]
        target[image, point, classes[image, which]] = quality[image, point]
        total = target.sum().clamp(min=1)
        score = functional.binary_cross_entropy_with_logits(logits, target, reduction="sum")
        weight = quality[image, point]
        truth = boxes[image, which]
        box = ((1 - _complete_iou(found[image, point], truth)) * weight).sum()
        scaled, here = truth / each[point], at[point]
        wanted = torch.cat([here - scaled[:, :2], scaled[:, 2:] - here], 1).clamp(0, BINS - 1.01)
        own = bins.transpose(1, 2)[image, point].view(-1, 4, BINS)
        focal = (_distribution(own, wanted) * weight).sum()
        return (0.5 * score + 7.5 * box + 1.5 * focal) / total


def _assigned(
    logits: Tensor, found: Tensor, at: Tensor, boxes: Tensor, classes: Tensor
) -> tuple[Tensor, Tensor]:
    """(the object of each point or -1, how well it is met), both [n, points]."""
    overlap = _iou(boxes[:, :, None], found[:, None]).clamp(min=0)
    known = classes.clamp(min=0)[..., None].expand(-1, -1, logits.shape[1])
    score = logits.sigmoid().transpose(1, 2).gather(1, known)
    inside = (at > boxes[:, :, None, :2]).all(3) & (at < boxes[:, :, None, 2:]).all(3)
    inside &= (classes >= 0)[..., None]
    aligned = (score.sqrt() * overlap**6) * inside
    best = aligned.topk(_BEST, 2).indices
    mine = torch.zeros_like(inside).scatter_(2, best, True) & inside
    overlap_mine = overlap * mine
    chosen = overlap_mine.argmax(1)
    taken = mine.any(1)
    mine &= functional.one_hot(chosen, boxes.shape[1]).transpose(1, 2).bool()
    aligned = aligned * mine
    most = aligned.amax(2, keepdim=True)
    quality = aligned / (most + 1e-9) * (overlap * mine).amax(2, keepdim=True)
    return torch.where(taken, chosen, -1), quality.amax(1)


def _iou(one: Tensor, other: Tensor) -> Tensor:
    low, high = (
        torch.maximum(one[..., :2], other[..., :2]),
        torch.minimum(one[..., 2:], other[..., 2:]),
    )
    both = (high - low).clamp(min=0).prod(-1)
    areas = (one[..., 2:] - one[..., :2]).prod(-1) + (other[..., 2:] - other[..., :2]).prod(-1)
    return both / (areas - both + 1e-7)


def _complete_iou(one: Tensor, other: Tensor) -> Tensor:
    """Zheng and others 2020 (arXiv 1911.08287)."""
    overlap = _iou(one, other)
    hull = torch.maximum(one[:, 2:], other[:, 2:]) - torch.minimum(one[:, :2], other[:, :2])
    apart = (one[:, :2] + one[:, 2:] - other[:, :2] - other[:, 2:]).square().sum(1) / 4
    sides, sides_o = one[:, 2:] - one[:, :2], other[:, 2:] - other[:, :2]
    shape = torch.atan(sides_o[:, 0] / (sides_o[:, 1] + 1e-7)) - torch.atan(
        sides[:, 0] / (sides[:, 1] + 1e-7)
    )
    v = shape.square() * 0.4053  # 4 / pi ** 2
    with torch.no_grad():
        share = v / (v - overlap + 1 + 1e-7)
    return overlap - apart / (hull.square().sum(1) + 1e-7) - share * v


def _distribution(logits: Tensor, wanted: Tensor) -> Tensor:
    """[m]: cross entropy with the two bins around each distance. logits [m, 4, bins]."""
    low = wanted.long()
    share = wanted - low
    logs = logits.log_softmax(2)
    one = logs.gather(2, low[..., None])[..., 0]
    two = logs.gather(2, low[..., None] + 1)[..., 0]
    return -(one * (1 - share) + two * share).mean(1)
