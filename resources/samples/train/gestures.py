"""Train the gesture recogniser on synthesised strokes and export it with its data.

usage: gestures.py OUT_DIR [STEPS]
Needs torch and numpy (Debian: python3-torch). About 4 minutes on two busy cores.

A gesture is resampled to 64 points evenly along its strokes, centred, and scaled so that its longer side is 2 (-1…1). The input is
float32 [batch, 3, 64]: x (right), y (down), and 1 where a new stroke starts.
"""
import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

POINTS = 64
LABELS = ["swipe-left", "swipe-right", "swipe-up", "swipe-down", "circle", "triangle", "square", "check", "cross", "zigzag", "heart", "spiral", "arrow", "star"]


def arc(cx, cy, rx, ry, start, end, count=40):
    t = np.linspace(start, end, count)
    return np.stack([cx + rx * np.cos(t), cy + ry * np.sin(t)], 1)


def outline(label, rng):
    """The strokes of one gesture, each [n, 2], x right and y down, in the units of a 2-wide box."""
    turn = rng.uniform(0, 2 * np.pi)
    way = rng.choice([-1, 1])
    bend = rng.uniform(-0.12, 0.12)
    if label.startswith("swipe"):
        t = np.linspace(-1, 1, 20)
        line = np.stack([t, bend * (1 - t * t)], 1)
        angle = {"swipe-right": 0, "swipe-down": 0.5, "swipe-left": 1, "swipe-up": 1.5}[label] * np.pi + rng.uniform(-0.25, 0.25)
        return [line @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])]
    if label == "circle":
        return [arc(0, 0, 1, rng.uniform(0.75, 1.2), turn, turn + way * 2 * np.pi * rng.uniform(0.92, 1.12))]
    if label in ("triangle", "square", "star"):
        corners, skip = {"triangle": (3, 1), "square": (4, 1), "star": (5, 2)}[label]
        offset = {"triangle": -np.pi / 2, "square": np.pi / 4, "star": -np.pi / 2}[label] + rng.uniform(-0.2, 0.2)
        first = rng.integers(corners)
        angles = offset + way * 2 * np.pi * skip * (first + np.arange(corners + 1)) / corners
        points = np.stack([np.cos(angles), np.sin(angles)], 1) + rng.normal(0, 0.07, (corners + 1, 2))
        return [points]
    if label == "check":
        return [np.array([[-1, rng.uniform(-0.1, 0.2)], [rng.uniform(-0.55, -0.25), rng.uniform(0.6, 0.9)], [1, rng.uniform(-1, -0.6)]])]
    if label == "cross":
        strokes = [np.array([[-1.0, -1], [1, 1]]), np.array([[1.0, -1], [-1, 1]])]
        strokes = [s[::rng.choice([-1, 1])] + rng.normal(0, 0.08, (2, 2)) for s in strokes]
        return strokes[::rng.choice([-1, 1])]
    if label == "zigzag":
        turns = rng.integers(4, 7)
        return [np.stack([np.linspace(-1, 1, turns), rng.uniform(0.3, 0.6) * (-1.0) ** np.arange(turns) * rng.choice([-1, 1])], 1)]
    if label == "heart":
        t = np.linspace(0, 2 * np.pi, 50) * way
        return [np.stack([16 * np.sin(t) ** 3, -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))], 1) / 16]
    if label == "spiral":
        t = np.linspace(0, 1, 70)
        radius = t * 1.0 + 0.05
        angle = turn + way * t * 2 * np.pi * rng.uniform(2.0, 3.0)
        points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
        return [points[::rng.choice([-1, 1])]]
    # Arrow: a shaft to the right, then its head.
    head = np.array([[0.4, -0.5], [1.0, 0], [0.4, 0.5]]) + rng.normal(0, 0.06, (3, 2))
    shaft = np.array([[-1.0, 0], [1, 0]]) + rng.normal(0, 0.06, (2, 2))
    return [np.concatenate([shaft, head])] if rng.random() < 0.4 else [shaft, head[::rng.choice([-1, 1])]]


def along(stroke):
    return np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(stroke, axis=0), axis=1))])


def resample(strokes):
    """float32 [3, 64]; the same as the studio does with what is drawn."""
    lengths = [max(along(s)[-1], 1e-6) for s in strokes]
    counts = [max(2, round(POINTS * length / sum(lengths))) for length in lengths]
    counts[int(np.argmax(lengths))] += POINTS - sum(counts)
    points, starts = [], []
    for stroke, count in zip(strokes, counts):
        way = along(stroke)
        at = np.linspace(0, way[-1], count)
        points.append(np.stack([np.interp(at, way, stroke[:, 0]), np.interp(at, way, stroke[:, 1])], 1))
        starts += [1.0] + [0.0] * (count - 1)
    points = np.concatenate(points)
    low, high = points.min(0), points.max(0)
    points = (points - (low + high) / 2) * (2 / max((high - low).max(), 1e-6))
    return np.concatenate([points.T, np.array(starts)[None]]).astype(np.float32)


def gesture(label, rng):
    strokes = outline(label, rng)
    angle, shear = rng.normal(0, 0.09), rng.normal(0, 0.08)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) @ np.array([[1, shear], [0, 1]]) @ np.diag(rng.uniform(0.75, 1.25, 2))
    drawn = []
    for stroke in strokes:
        way = along(stroke)
        at = np.linspace(0, way[-1], max(8, int(way[-1] * 14)))
        dense = np.stack([np.interp(at, way, stroke[:, 0]), np.interp(at, way, stroke[:, 1])], 1) @ matrix
        # A hand rounds corners and trembles slowly.
        padded = np.pad(dense, ((2, 2), (0, 0)), mode="edge")
        dense = sum(padded[i:i + len(dense)] for i in range(5)) / 5
        tremble = rng.normal(0, 0.05 * rng.random() ** 0.5, (len(dense) // 4 + 2, 2))
        slow = np.linspace(0, len(tremble) - 1, len(dense))
        dense = dense + np.stack([np.interp(slow, np.arange(len(tremble)), tremble[:, i]) for i in (0, 1)], 1)
        keep = np.sort(rng.permutation(len(dense))[: max(6, int(len(dense) * rng.uniform(0.4, 1)))])
        keep[0], keep[-1] = 0, len(dense) - 1
        drawn.append(dense[keep])
    return resample(drawn)


def make(count, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(LABELS), count)
    return np.stack([gesture(LABELS[label], rng) for label in labels]), labels


class Gestures(nn.Module):
    def __init__(self):
        super().__init__()
        block = lambda a, b, stride: [nn.Conv1d(a, b, 5, stride, 2, bias=False), nn.BatchNorm1d(b), nn.ReLU()]
        self.features = nn.Sequential(*block(3, 48, 1), *block(48, 64, 2), *block(64, 96, 2), *block(96, 96, 1), *block(96, 128, 2))
        self.classifier = nn.Linear(256, len(LABELS))

    def forward(self, x):
        y = self.features(x)
        return self.classifier(torch.cat([y.mean(2), y.amax(2)], 1))


def main():
    out = sys.argv[1]
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
    torch.set_num_threads(1)
    torch.manual_seed(3)
    x, y = (torch.tensor(a) for a in make(14000, 1))
    test_x, test_y = (torch.tensor(a) for a in make(1000, 99))
    model = Gestures()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps)
    for step in range(steps):
        pick = torch.randint(len(x), (64,))
        loss = F.cross_entropy(model(x[pick]), y[pick], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(step, round(loss.item(), 3), flush=True)
    model.eval()
    with torch.no_grad():
        print("top-1", (model(test_x).argmax(1) == test_y).float().mean().item())
    os.makedirs(out, exist_ok=True)
    torch.onnx.export(model, test_x[:1], f"{out}/gestures.onnx", opset_version=13, input_names=["stroke"], output_names=["logits"],
                      dynamic_axes={"stroke": {0: "batch"}, "logits": {0: "batch"}}, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    np.savez_compressed(f"{out}/evaluation.npz", stroke=test_x.numpy(), label=test_y.numpy())
    np.savez_compressed(f"{out}/calibration.npz", stroke=x[:200].numpy())
    with open(f"{out}/labels.json", "w") as file:
        json.dump(LABELS, file)


if __name__ == "__main__":
    main()
