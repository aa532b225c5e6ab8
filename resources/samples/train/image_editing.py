"""Train the image models and export them with their data: super-resolution x2, and a film look (colour and glow).

usage: image_editing.py super-resolution|film OUT_DIR [STEPS]
Needs torch and numpy (Debian: python3-torch). About 6 minutes each on two busy cores. Pictures are drawn here, none are from elsewhere.
"""
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

SIDE = 96


def edge(distance):
    """Coverage of a shape by its signed distance in pixels: an edge one pixel wide, as a camera gives."""
    return np.clip(0.5 - distance, 0, 1)


def scene(rng):
    """float32 [3, 96, 96] in 0…1: soft backgrounds, shapes, stripes and strokes of a pen."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    corners = rng.random((3, 4)).astype(np.float32)
    u, v = x / SIDE, y / SIDE
    image = np.stack([c[0] * (1 - u) * (1 - v) + c[1] * u * (1 - v) + c[2] * (1 - u) * v + c[3] * u * v for c in corners])
    for _ in range(rng.integers(3, 9)):
        cx, cy, size, angle = rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(5, 34), rng.uniform(0, np.pi)
        dx, dy = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle), (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
        kind = rng.integers(5)
        aspect = rng.uniform(0.3, 1)
        if kind == 0:
            distance = (np.sqrt(dx ** 2 + (dy / aspect) ** 2) - size) * aspect
        elif kind == 1:
            distance = np.maximum(abs(dx) - size, abs(dy) - size * aspect)
        elif kind == 2:
            distance = np.maximum.reduce([dx * 0.87 - dy * 0.5 - size / 2, -dx * 0.87 - dy * 0.5 - size / 2, dy - size / 2])
        elif kind == 3:
            period = rng.uniform(3, 10)
            stripes = abs((dx % period) - period / 2) - period / 4
            distance = np.maximum(stripes, np.sqrt(dx ** 2 + dy ** 2) - size)
        else:
            points = np.cumsum(rng.normal(0, 9, (rng.integers(3, 8), 2)), 0) + [cx, cy]
            distance = np.full_like(x, 99)
            width = rng.uniform(0.6, 2.2)
            for (ax, ay), (bx, by) in zip(points[:-1], points[1:]):
                length = max((bx - ax) ** 2 + (by - ay) ** 2, 1e-6)
                t = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0, 1)
                distance = np.minimum(distance, np.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)) - width)
        cover = edge(distance) * rng.uniform(0.6, 1)
        colour = rng.random(3).astype(np.float32)[:, None, None] * (1 + 0.3 * np.sin(dx / rng.uniform(2, 9)) * rng.integers(2))
        image = image * (1 - cover) + colour * cover
    return np.clip(image + rng.normal(0, 0.006, image.shape), 0, 1).astype(np.float32)


def smaller(images):
    return F.interpolate(images, scale_factor=0.5, mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)


def blur(images, sigma):
    radius = int(3 * sigma)
    t = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-t ** 2 / (2 * sigma ** 2))
    kernel = (kernel / kernel.sum()).repeat(3, 1)
    padded = F.pad(images, (radius,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel[:, None, None, :], groups=3), kernel[:, None, :, None], groups=3)


def film(images):
    """The look to learn: warm lights, teal shadows, less colour in the dark, more contrast, bright parts that glow."""
    grey = (images * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    colour = grey + (images - grey) * (0.55 + 0.5 * grey)
    curve = colour * colour * (3 - 2 * colour) * 0.75 + colour * 0.25
    warm, teal = torch.tensor([1.08, 0.99, 0.82])[:, None, None], torch.tensor([-0.02, 0.035, 0.07])[:, None, None]
    toned = curve * warm + teal * (1 - grey)
    glow = blur((toned - 0.55).clamp(min=0), 2.0) * 0.8
    return (toned + glow * (1 - toned)).clamp(0, 1)


class SuperResolution(nn.Module):
    """After ESPCN (Shi et al. 2016): all work at the small size, pixels shuffled at the end; learns what bilinear scaling lacks."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 32, 5, 1, 2), nn.ReLU(), nn.Conv2d(32, 32, 3, 1, 1), nn.ReLU(), nn.Conv2d(32, 32, 3, 1, 1), nn.ReLU(), nn.Conv2d(32, 12, 3, 1, 1))

    def forward(self, x):
        return F.pixel_shuffle(self.body(x), 2) + F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class Film(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 24, 3, 1, 1), nn.ReLU(), nn.Conv2d(24, 24, 3, 1, 2, 2), nn.ReLU(), nn.Conv2d(24, 24, 3, 1, 2, 2), nn.ReLU(), nn.Conv2d(24, 3, 1))

    def forward(self, x):
        return x + self.body(x)


def psnr(a, b):
    return (-10 * torch.log10(((a.clamp(0, 1) - b) ** 2).mean((1, 2, 3)))).mean().item()


def to_bytes(images):
    return (images.clamp(0, 1) * 255).round().to(torch.uint8)


def main():
    task, out = sys.argv[1], sys.argv[2]
    steps = int(sys.argv[3]) if len(sys.argv) > 3 else 1500
    torch.set_num_threads(1)
    torch.manual_seed(4)
    rng, test_rng = np.random.default_rng(4), np.random.default_rng(99)
    pool = torch.tensor(np.stack([scene(rng) for _ in range(700)]))
    test = torch.tensor(np.stack([scene(test_rng) for _ in range(32)]))
    pair = (lambda big: (smaller(big), big)) if task == "super-resolution" else (lambda big: (big, film(big)))
    # As the evaluation has them: bytes.
    rounded = lambda images: to_bytes(images).float() / 255
    model = SuperResolution() if task == "super-resolution" else Film()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps)
    for step in range(steps):
        source, target = pair(pool[torch.randint(len(pool), (12,))])
        made = model(rounded(source))
        loss = F.l1_loss(made, target) + 4 * F.mse_loss(made, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(step, round(loss.item(), 4), flush=True)
    model.eval()
    source, target = pair(test)
    with torch.no_grad():
        print("psnr", psnr(model(rounded(source)), rounded(target)))
    plain = F.interpolate(source, scale_factor=2.0, mode="bicubic", align_corners=False) if task == "super-resolution" else source
    print("psnr without the model (bicubic scaling, or the picture as it is)", psnr(plain, target))
    os.makedirs(out, exist_ok=True)
    name = "scaled" if task == "super-resolution" else "toned"
    torch.onnx.export(model, source[:1], f"{out}/{task}.onnx", opset_version=13, input_names=["image"], output_names=[name],
                      dynamic_axes={"image": {0: "batch", 2: "height", 3: "width"}, name: {0: "batch", 2: "out_height", 3: "out_width"}})
    np.savez_compressed(f"{out}/evaluation.npz", image=to_bytes(source).numpy(), target=(to_bytes(target).float() / 255).numpy().astype(np.float16))
    np.savez_compressed(f"{out}/calibration.npz", image=to_bytes(pair(pool[:24])[0]).numpy())


if __name__ == "__main__":
    main()
