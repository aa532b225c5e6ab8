"""Train the keyword spotter on words spoken by espeak-ng in noise and export it with its data.

usage: keywords.py OUT_DIR [STEPS]
Needs torch, numpy and espeak-ng (Debian: python3-torch espeak-ng). About 8 minutes on two busy cores.

Input float32 [batch, 8000]: one second of sound at 8 kHz, -1…1. The log-mel spectrogram is part of the graph, so that a phone feeds plain
samples. Output logits [batch, 12].
"""
import json
import os
import subprocess
import sys
import wave
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

RATE, FRAME, HOP, BANDS = 8000, 256, 128, 32
WORDS = ["yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go"]
LABELS = WORDS + ["another word", "silence"]
OTHERS = ["bird", "house", "seven", "marvin", "happy", "wow", "tree", "cat", "three", "water", "table", "music", "open", "later", "please", "yellow", "note", "uncle", "light", "gold", "step", "own"]
TRAIN_VOICES = ["m1", "m2", "m3", "m4", "m5", "f1", "f2", "f3", "klatt", "klatt2", "linda", "adam", "Andy", "Annie", "Mike", "Alex", "benjamin", "david", "edward", "grandpa", "steph", "travis", "norbert", "aunty", "zac", "john", "paul", "shelby"]
TEST_VOICES = ["m6", "m7", "f4", "f5", "klatt4", "Lee", "boris", "grandma", "robert", "Michael", "rob", "steph2"]
ACCENTS = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-gb-x-gbcwmd"]


def speak(word, voice, speed, pitch):
    """Samples at 8 kHz without the silence around them."""
    sound = subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", word], capture_output=True, check=True).stdout
    with wave.open(BytesIO(sound)) as file:
        rate, data = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768
    data = data[: len(data) // 2 * 2]
    # A low-pass below 4 kHz, then linear interpolation at the new rate.
    taps = np.sinc(np.arange(-24, 25) * 7200 / rate) * np.hanning(49)
    data = np.convolve(data, taps / taps.sum(), "same")
    data = np.interp(np.arange(0, len(data), rate / RATE), np.arange(len(data)), data)
    loud = np.flatnonzero(abs(data) > 0.02 * abs(data).max())
    return data[loud[0]: loud[-1] + 1].astype(np.float32)


def recordings(voices, times, seed):
    rng = np.random.default_rng(seed)
    jobs = [(word, label) for label, word in enumerate(WORDS)] * times + [(word, 10) for word in OTHERS] * max(1, times // 5)
    jobs = [(word, label, f"{rng.choice(ACCENTS)}+{voice}", int(rng.integers(110, 210)), int(rng.integers(25, 75))) for voice in voices for word, label in jobs]
    with ThreadPoolExecutor(3) as pool:
        sounds = list(pool.map(lambda job: speak(job[0], *job[2:]), jobs))
    return [(sound, job[1]) for sound, job in zip(sounds, jobs)]


def noise(rng, spoken):
    kind = rng.integers(4)
    if kind == 0:
        sound = rng.normal(0, 1, RATE)
    elif kind == 1:
        sound = np.cumsum(rng.normal(0, 1, RATE))
        sound = sound - np.convolve(sound, np.ones(400) / 400, "same")
    elif kind == 2:
        t = np.arange(RATE) / RATE
        base = rng.uniform(45, 240)
        sound = sum(np.sin(2 * np.pi * base * k * t + rng.uniform(0, 6)) / k for k in range(1, 6)) + rng.normal(0, 0.3, RATE)
    else:
        sound = np.zeros(RATE)
        for _ in range(6):
            voice = spoken[rng.integers(len(spoken))][0]
            at = rng.integers(RATE)
            part = voice[: RATE - at]
            sound[at: at + len(part)] += part[::-1]
        sound = sound + rng.normal(0, 0.01, RATE)
    return sound / (np.sqrt((sound ** 2).mean()) + 1e-9)


def clip(spoken, rng):
    """One second with a word somewhere in it, or with none."""
    label = 11 if rng.random() < 1 / 12 else None
    scene = np.zeros(RATE)
    if label is None:
        sound, label = spoken[rng.integers(len(spoken))]
        sound = sound[:RATE]
        at = rng.integers(0, RATE - len(sound) + 1)
        echo = np.zeros(int(rng.integers(1, 600)))
        echo = np.concatenate([[1.0], echo, [rng.uniform(0, 0.35)]])
        heard = np.convolve(sound, echo)[: RATE - at]
        scene[at: at + len(heard)] = heard / (np.sqrt((sound ** 2).mean()) + 1e-9)
    scene = scene + noise(rng, spoken) * 10 ** (-rng.uniform(3, 30) / 20)
    return (scene / abs(scene).max() * rng.uniform(0.1, 0.95)).astype(np.float32), label


class Front(nn.Module):
    """Log-mel by a convolution with the discrete Fourier transform's sines and cosines."""

    def __init__(self):
        super().__init__()
        n, k = np.arange(FRAME), np.arange(1, FRAME // 2)
        wave_table = np.exp(-2j * np.pi * k[:, None] * n / FRAME) * np.hanning(FRAME) / 16
        self.transform = nn.Conv1d(1, 2 * len(k), FRAME, HOP, bias=False)
        self.transform.weight.data = torch.tensor(np.concatenate([wave_table.real, wave_table.imag]), dtype=torch.float32)[:, None]
        mel = lambda f: 1127 * np.log1p(f / 700)
        centres = np.linspace(mel(60), mel(RATE / 2), BANDS + 2)
        at = mel(k * RATE / FRAME)[:, None]
        bank = np.minimum((at - centres[:-2]) / (centres[1:-1] - centres[:-2]), (centres[2:] - at) / (centres[2:] - centres[1:-1])).clip(0)
        self.bank = nn.Parameter(torch.tensor(bank, dtype=torch.float32), requires_grad=False)
        self.transform.weight.requires_grad = False

    def forward(self, sound):
        real, imaginary = self.transform(sound[:, None]).chunk(2, 1)
        return torch.log((real * real + imaginary * imaginary).transpose(1, 2) @ self.bank + 1e-5).transpose(1, 2)


class Spotter(nn.Module):
    def __init__(self):
        super().__init__()
        block = lambda a, b, stride, groups=1, kernel=5: [nn.Conv1d(a, b, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm1d(b), nn.ReLU()]
        self.front, self.norm = Front(), nn.BatchNorm1d(BANDS)
        self.features = nn.Sequential(*block(BANDS, 96, 1), *block(96, 96, 2), *block(96, 96, 1), *block(96, 128, 2), *block(128, 128, 1))
        self.classifier = nn.Linear(256, len(LABELS))

    def forward(self, sound):
        y = self.features(self.norm(self.front(sound)))
        return self.classifier(torch.cat([y.mean(2), y.amax(2)], 1))


def main():
    out = sys.argv[1]
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
    torch.set_num_threads(1)
    torch.manual_seed(6)
    spoken, test_spoken = recordings(TRAIN_VOICES, 4, 6), recordings(TEST_VOICES, 3, 7)
    print("spoken", len(spoken), len(test_spoken), flush=True)
    make = lambda source, count, seed: [clip(source, rng) for rng in [np.random.default_rng(seed)] for _ in range(count)]
    training, test = make(spoken, 10000, 1), make(test_spoken, 200, 99)
    x, y = torch.tensor(np.stack([s for s, _ in training])), torch.tensor([label for _, label in training])
    test_x, test_y = torch.tensor(np.stack([s for s, _ in test]).astype(np.float16)), torch.tensor([label for _, label in test])
    model = Spotter()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=3e-3, weight_decay=0.02)
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
        print("top-1", (model(test_x.float()).argmax(1) == test_y).float().mean().item())
    os.makedirs(out, exist_ok=True)
    torch.onnx.export(model, test_x[:1].float(), f"{out}/keywords.onnx", opset_version=13, input_names=["sound"], output_names=["logits"],
                      dynamic_axes={"sound": {0: "batch"}, "logits": {0: "batch"}}, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    np.savez_compressed(f"{out}/evaluation.npz", sound=test_x.numpy(), label=test_y.numpy())
    np.savez_compressed(f"{out}/calibration.npz", sound=x[:32].numpy().astype(np.float16))
    with open(f"{out}/labels.json", "w") as file:
        json.dump(LABELS, file)


if __name__ == "__main__":
    main()
