"""Small nets that answer for every place: a detector of YOLOv8's plan, and a U-Net."""

import torch
from torch import nn
from torch.nn import functional

BINS = 8


def unit(into, out, size=3, stride=1):
    conv = nn.Conv2d(into, out, size, stride, size // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.SiLU())


class Halved(nn.Module):
    """C2f: one half of the channels goes through a bottleneck, all are joined."""

    def __init__(self, into, out, how="chunk"):
        super().__init__()
        self.half, self.how = out // 2, how
        self.first, self.last = unit(into, out, 1), unit(3 * self.half, out, 1)
        self.inner = nn.Sequential(unit(self.half, self.half), unit(self.half, self.half))

    def forward(self, x):
        x = self.first(x)
        if self.how == "chunk":
            kept, given = x.chunk(2, 1)
        elif self.how == "split":
            kept, given = x.split(self.half, 1)
        else:
            kept, given = x.split([self.half, self.half], -3)
        return self.last(torch.cat([kept, given, given + self.inner(given)], 1))


class Pooled(nn.Module):
    """SPPF: max-pools in a row, all joined."""

    def __init__(self, width):
        super().__init__()
        self.first, self.last = unit(width, width // 2, 1), unit(3 * width // 2, width, 1)

    def forward(self, x):
        parts = [self.first(x)]
        for _ in range(2):
            parts.append(functional.max_pool2d(parts[-1], 5, 1, 2))
        return self.last(torch.cat(parts, 1))


class Detector(nn.Module):
    """[1, 3, 32, 32] -> [1, 4 + 2 classes, 16 + 4 points]: pixels and probabilities."""

    def __init__(self, how="chunk"):
        super().__init__()
        self.stem = nn.Sequential(unit(3, 16, 3, 2), unit(16, 16, 3, 2))
        self.to8 = nn.Sequential(unit(16, 32, 3, 2), Halved(32, 32, how))
        self.to16 = nn.Sequential(unit(32, 32, 3, 2), Pooled(32))
        self.up = Halved(64, 32, how)
        self.boxes = nn.ModuleList(self._branch(4 * BINS) for _ in range(2))
        self.scores = nn.ModuleList(self._branch(2) for _ in range(2))
        self.expected = nn.Conv2d(BINS, 1, 1, bias=False)  # as Ultralytics' DFL has it
        self.expected.weight.data[:] = torch.arange(BINS).view(1, BINS, 1, 1)
        at, each = [], []
        for stride in (8, 16):
            y, x = torch.meshgrid(*2 * [torch.arange(32 // stride) + 0.5], indexing="ij")
            at.append(torch.stack([x, y]).flatten(1))
            each.append(torch.full((1, x.numel()), float(stride)))
        self.register_buffer("at", torch.cat(at, 1))
        self.register_buffer("each", torch.cat(each, 1))

    def _branch(self, out):
        return nn.Sequential(unit(32, 16), nn.Conv2d(16, out, 1))

    def forward(self, images):
        at8 = self.to8(self.stem(images))
        at16 = self.to16(at8)
        at8 = self.up(torch.cat([functional.interpolate(at16, scale_factor=2.0), at8], 1))
        found = [
            torch.cat([boxes(x), scores(x)], 1).view(1, 4 * BINS + 2, -1)
            for boxes, scores, x in zip(self.boxes, self.scores, (at8, at16), strict=True)
        ]
        boxes, scores = torch.cat(found, 2).split([4 * BINS, 2], 1)
        spread = boxes.view(1, 4, BINS, -1).transpose(2, 1).softmax(1)
        away = self.expected(spread).view(1, 4, -1)
        low, high = self.at - away[:, :2], self.at + away[:, 2:]
        box = torch.cat([(low + high) / 2, high - low], 1) * self.each
        return torch.cat([box, scores.sigmoid()], 1)


class UNet(nn.Module):
    """[1, 3, 16, 16] -> [1, 3, 16, 16], widths joined with what was kept."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.three = unit(3, 16), unit(16, 32), unit(32, 32)
        self.up3, self.up2 = nn.ConvTranspose2d(32, 32, 2, 2), nn.ConvTranspose2d(32, 16, 2, 2)
        self.join2, self.join1 = unit(64, 32), unit(32, 16)
        self.last = nn.Conv2d(16, 3, 1)

    def forward(self, x):
        one = self.one(x)
        two = self.two(functional.max_pool2d(one, 2))
        three = self.three(functional.max_pool2d(two, 2))
        two = self.join2(torch.cat([self.up3(three), two], 1))
        return self.last(self.join1(torch.cat([self.up2(two), one], 1)))


INPUTS = {Detector: torch.zeros(1, 3, 32, 32), UNet: torch.zeros(1, 3, 16, 16)}


def export(net, path):
    """A net with lively batch norms, exported."""
    torch.manual_seed(0)
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, 0, 0.3)
            nn.init.normal_(layer.running_mean, 0, 0.1)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)
    net.eval()
    torch.export.save(torch.export.export(net, (INPUTS[type(net)],)), str(path))
    return net
