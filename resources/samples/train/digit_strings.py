"""Train the reader of digit strings (a convolutional network under a CTC loss) and export it with its data.

usage: digit_strings.py OUT_DIR [STEPS]
Needs torch, scikit-learn and numpy (Debian: python3-torch python3-sklearn). About 8 minutes on two busy cores.

Handwritten digits of scikit-learn (UCI, public domain) set side by side on a cluttered strip. Input float32 [batch, 1, 32, 128] in 0…1,
output logits [batch, 32, 11]: class 0 is CTC's blank, class d + 1 the digit d.
"""
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

HEIGHT, WIDTH, LONGEST = 32, 128, 6


def strip(digits, targets, indices, rng):
    """uint8 [32, 128] and the digits in it."""
    smooth = torch.tensor(rng.uniform(0.0, 0.55, (1, 1, 3, 8)), dtype=torch.float32)
    blocks = torch.tensor(rng.uniform(-0.1, 0.1, (1, 1, 8, 32)), dtype=torch.float32)
    canvas = F.interpolate(smooth, (HEIGHT, WIDTH), mode="bilinear", align_corners=False) + F.interpolate(blocks, (HEIGHT, WIDTH))
    canvas = canvas[0, 0]
    count = rng.integers(3, LONGEST + 1)
    height = rng.uniform(18, 25)
    width = height * rng.uniform(0.72, 0.9)
    spare = WIDTH - 2 - width * count
    left = rng.uniform(0, max(1, spare))
    gap = rng.uniform(0, max(0.1, (spare - left) / count)) if spare > left else 0
    ink, label = rng.uniform(0.75, 1.0), []
    for place in range(count):
        pick = rng.choice(indices)
        glyph = digits[pick][None, None]
        h, w = int(height * rng.uniform(0.92, 1.05)), int(width * rng.uniform(0.92, 1.05))
        angle, shear = rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.15)
        theta = torch.tensor([[[np.cos(angle) * 1.05, -np.sin(angle) + shear, 0], [np.sin(angle), np.cos(angle) * 1.05, 0]]], dtype=torch.float32)
        big = F.interpolate(glyph, (h, w), mode="bicubic", align_corners=False).clamp(0, 1)
        mask = F.grid_sample(big, F.affine_grid(theta, (1, 1, h, w), align_corners=False), align_corners=False)[0, 0] * ink
        x = int(np.clip(left + place * (width + gap), 0, WIDTH - w))
        y = int(np.clip((HEIGHT - h) / 2 + rng.uniform(-3, 3), 0, HEIGHT - h))
        canvas[y:y + h, x:x + w] = canvas[y:y + h, x:x + w] * (1 - mask) + mask
        label.append(int(targets[pick]))
    # Dark on light as often as light on dark.
    if rng.random() < 0.5:
        canvas = 1 - canvas
    canvas = canvas + torch.tensor(rng.normal(0, 0.05, (HEIGHT, WIDTH)), dtype=torch.float32)
    return (canvas.clamp(0, 1) * 255).round().to(torch.uint8), label


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        block = lambda a, b, stride, kernel=3: [nn.Conv2d(a, b, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        self.features = nn.Sequential(*block(1, 24, 2), *block(24, 48, 2), *block(48, 64, (2, 1)), *block(64, 96, (2, 1)),
                                      nn.Conv2d(96, 128, (2, 3), 1, (0, 1), bias=False), nn.BatchNorm2d(128), nn.ReLU(),
                                      nn.Conv2d(128, 128, (1, 3), 1, (0, 1), bias=False), nn.BatchNorm2d(128), nn.ReLU())
        self.classifier = nn.Linear(128, 11)

    def forward(self, x):
        return self.classifier(self.features(x).squeeze(2).transpose(1, 2))


def read(logits):
    """Greedy: the best class of each step, repeats merged, blanks dropped."""
    found = []
    for row in logits.argmax(2).tolist():
        found.append("".join(str(c - 1) for at, c in enumerate(row) if c != 0 and (at == 0 or row[at - 1] != c)))
    return found


def main():
    out = sys.argv[1]
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 1300
    torch.set_num_threads(1)
    torch.manual_seed(5)
    digits = load_digits()
    images, targets = torch.tensor(digits.images / 16.0, dtype=torch.float32), digits.target
    order = np.random.default_rng(7).permutation(len(images))
    make = lambda count, indices, seed: [strip(images, targets, indices, rng) for rng in [np.random.default_rng(seed)] for _ in range(count)]
    training, test = make(10000, order[:1300], 5), make(500, order[1300:], 99)
    x = torch.stack([image for image, _ in training])[:, None]
    model = Reader()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps)
    for step in range(steps):
        pick = torch.randint(len(x), (48,))
        labels = [training[i][1] for i in pick.tolist()]
        scores = F.log_softmax(model(x[pick].float() / 255), 2).transpose(0, 1)
        loss = F.ctc_loss(scores, torch.tensor([d + 1 for label in labels for d in label]), torch.full((48,), scores.shape[0]), torch.tensor([len(label) for label in labels]))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(step, round(loss.item(), 3), flush=True)
    model.eval()
    test_x = torch.stack([image for image, _ in test])[:, None]
    with torch.no_grad():
        found = read(model(test_x.float() / 255))
    texts = ["".join(map(str, label)) for _, label in test]
    print("whole strings right", np.mean([a == b for a, b in zip(found, texts)]))
    os.makedirs(out, exist_ok=True)
    torch.onnx.export(model, test_x[:1].float(), f"{out}/digit-strings.onnx", opset_version=13, input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}}, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    np.savez_compressed(f"{out}/evaluation.npz", image=test_x.numpy(), label=np.array(texts))
    np.savez_compressed(f"{out}/calibration.npz", image=x[:128].numpy())
    with open(f"{out}/alphabet.txt", "w") as file:
        file.write("\n".join("0123456789") + "\n")


if __name__ == "__main__":
    main()
