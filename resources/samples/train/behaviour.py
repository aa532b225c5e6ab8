"""Train the interest model (whether a push about a topic is welcome) on a simulated log of visits, and export it with its data.

usage: behaviour.py OUT_DIR
Needs torch, scikit-learn and numpy (Debian: python3-torch python3-sklearn). Under a minute.

Input float32 [batch, 3]: click rate (0…1), mean duration of a visit in seconds, days since the last visit. Output: interest, 0…1.
"""
import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.ensemble import GradientBoostingClassifier
from torch import nn

FEATURES = ["click_rate", "duration_s", "recency_days"]


def visits(count, seed):
    """Simulated people: a hidden liking drives clicks, time spent and returning; the answer to a push depends on it, and on luck."""
    rng = np.random.default_rng(seed)
    liking = rng.beta(1.2, 1.6, count)
    shown = rng.integers(5, 60, count)
    clicks = rng.binomial(shown, 0.02 + 0.7 * liking ** 1.5) / shown
    duration = np.exp(rng.normal(2.2 + 2.6 * liking, 0.7)).clip(1, 900)
    recency = rng.exponential(1 + 25 * (1 - liking) ** 2).clip(0, 90)
    # Interest fades with absence, and somebody who clicks but leaves at once was lured.
    lured = (clicks > 0.35) & (duration < 15)
    odds = -3.2 + 7.5 * liking - 0.035 * recency - 2.2 * lured
    answer = rng.random(count) < 1 / (1 + np.exp(-odds))
    return np.stack([clicks, duration, recency], 1).astype(np.float32), answer.astype(np.int64)


class Interest(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        click, duration, recency = x[:, 0:1], x[:, 1:2], x[:, 2:3]
        logs = torch.log(duration + 1.0) / 3.0 - 1.0
        away = torch.log(recency + 1.0) / 2.0 - 0.5
        # All of about one size, so that one scale fits them in eight bits.
        y = torch.cat([click * 2.0 - 0.5, logs, away, click * logs, logs * away], 1)
        return torch.sigmoid(self.body(y))


def auc(scores, labels):
    order = np.argsort(scores)
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    positives = labels.sum()
    return (ranks[labels == 1].sum() - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))


def main():
    out = sys.argv[1]
    torch.set_num_threads(1)
    torch.manual_seed(8)
    x, y = visits(20000, 1)
    test_x, test_y = visits(2000, 99)
    model = Interest()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    data, target = torch.tensor(x), torch.tensor(y, dtype=torch.float32)[:, None]
    for step in range(2000):
        pick = torch.randint(len(data), (256,))
        loss = F.binary_cross_entropy(model(data[pick]), target[pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print("auc", auc(model(torch.tensor(test_x)).numpy()[:, 0], test_y))
    trees = GradientBoostingClassifier(n_estimators=60, max_depth=3, random_state=8).fit(x, y)
    print("auc, gradient boosted trees for comparison", auc(trees.predict_proba(test_x)[:, 1], test_y))
    os.makedirs(out, exist_ok=True)
    torch.onnx.export(model, torch.tensor(test_x[:1]), f"{out}/interest.onnx", opset_version=13, input_names=["visits"], output_names=["interest"],
                      dynamic_axes={"visits": {0: "batch"}, "interest": {0: "batch"}})
    np.savez_compressed(f"{out}/evaluation.npz", visits=test_x, label=test_y)
    np.savez_compressed(f"{out}/calibration.npz", visits=x[:256])
    with open(f"{out}/evaluation.csv", "w") as file:
        file.write(",".join(FEATURES) + ",label\n")
        for row, label in zip(test_x, test_y):
            file.write(",".join(f"{v:.4f}" for v in row) + f",{label}\n")


if __name__ == "__main__":
    main()
