"""Exports torchvision architectures with random weights, for the pruning benchmark.

    apt-get install python3-torchvision
    /usr/bin/python3 tests/bench/architectures/export.py FOLDER [NAME …]

Every weight is drawn from a fixed seed: the graphs are real, what they compute is not.
"""
import pathlib
import sys

import torch
import torchvision

SIZES = {'vgg11_bn': 224, 'vit_b_16': 224, 'swin_t': 224}
NAMES = [
    'resnet50', 'mobilenet_v2', 'mobilenet_v3_small', 'efficientnet_b0', 'densenet121', 'shufflenet_v2_x1_0',
    'squeezenet1_1', 'googlenet', 'regnet_y_400mf', 'vgg11_bn', 'vit_b_16', 'swin_t',
]


def export(name: str, folder: pathlib.Path) -> None:
    torch.manual_seed(0)
    options = {'aux_logits': False, 'init_weights': False} if name == 'googlenet' else {}
    model = getattr(torchvision.models, name)(weights=None, **options).eval()
    for module in model.modules():
        # Its fast path for inference has no ONNX form; without dropout the slow one computes the same.
        if isinstance(module, torch.nn.MultiheadAttention):
            module.training = True
    size = SIZES.get(name, 128)
    path = folder / f'{name}.onnx'
    torch.onnx.export(model, torch.randn(1, 3, size, size), str(path), opset_version=13, input_names=['image'], output_names=['logits'], training=torch.onnx.TrainingMode.PRESERVE)
    print(f'{name}: {path.stat().st_size / 1e6:.1f} MB')


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(2)
    for name in sys.argv[2:] or NAMES:
        try:
            export(name, folder)
        except Exception as error:  # one architecture that this torch cannot export must not hide the others
            print(f'{name}: not exported: {error}', file=sys.stderr)


if __name__ == '__main__':
    main()
