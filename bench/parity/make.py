"""Golden values of every operator from PyTorch, for crates/net/tests/parity.rs.

    python bench/parity/make.py          (torch 2.x, numpy, safetensors)

writes crates/net/tests/parity/golden.safetensors. Inputs, parameters and output gradients are not
stored: both sides draw them from splitmix64 seeded by FNV-1a of "CASE/TENSOR". PyTorch computes in
float64 from those float32 numbers, and results are stored as float32.
"""

import pathlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.numpy import save_file

OUT = pathlib.Path(__file__).parents[2] / "crates/net/tests/parity/golden.safetensors"
golden = {}


def draw(case, name, shape, scale=1.0):
    """Numbers in [-scale, scale) that float32 holds."""
    seed = 0xCBF29CE484222325
    for byte in f"{case}/{name}".encode():
        seed = ((seed ^ byte) * 0x100000001B3) % 2**64
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, count + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = (z ^ (z >> np.uint64(31))) >> np.uint64(40)
    values = z.astype(np.float32) / np.float32(1 << 23) - np.float32(1.0)
    values = values * np.float32(scale)
    return torch.from_numpy(values.astype(np.float64).reshape(shape))


def keep(case, name, tensor):
    golden[f"{case}/{name}"] = tensor.detach().numpy().astype(np.float32).reshape(-1)


def operator(case, batch, axes, module, buffers=(), scale=2.0):
    """Output, gradients by the input and each parameter, and buffers after a step of training."""
    module = module.double()
    for name, parameter in module.named_parameters():
        parameter.data = draw(case, name, parameter.shape)
    x = draw(case, "x", (batch, *axes), scale).requires_grad_()
    y = module(x)
    y.backward(draw(case, "gradient", y.shape))
    keep(case, "output", y)
    keep(case, "input_gradient", x.grad)
    for name, parameter in module.named_parameters():
        keep(case, name, parameter.grad)
    for name in buffers:
        keep(case, name, module.get_buffer(name))
    if buffers:
        keep(case, "evaluated", module.eval()(x))


def loss(case, batch, axes, of):
    x = draw(case, "x", (batch, *axes), 2.0).requires_grad_()
    if of is F.mse_loss:
        target = draw(case, "targets", (batch, *axes))
    else:
        target = torch.arange(batch) * 3 % axes[0]
    value = of(x, target)
    value.backward()
    keep(case, "output", value)
    keep(case, "input_gradient", x.grad)


def convolution(case, batch, axes, outputs, kernel, **settings):
    operator(case, batch, axes, nn.Conv2d(axes[0], outputs, kernel, **settings))


def convolutions():
    convolution("conv 3x3", 3, (4, 7, 9), 5, 3, padding=1)
    convolution("conv 3x3, 40 examples", 40, (3, 5, 7), 8, 3, padding=1)
    convolution("conv 3x3, one channel, one example", 1, (1, 11, 13), 17, 3, padding=1)
    convolution("conv 3x3, no padding, no bias", 2, (3, 6, 5), 4, 3, bias=False)
    convolution("conv 5x3, stride 2", 2, (3, 9, 11), 6, (5, 3), stride=2, padding=(2, 1))
    convolution("conv 3x3, stride 2, even", 33, (2, 8, 6), 4, 3, stride=2, padding=1, bias=False)
    convolution("conv 1x1", 3, (5, 3, 7), 9, 1)
    convolution("conv 1x1, stride 2", 3, (5, 7, 7), 9, 1, stride=2, bias=False)
    convolution("conv 3x3, dilation 2", 2, (3, 9, 8), 4, 3, padding=2, dilation=2)
    convolution("conv 3x3, dilation 2, stride 3", 2, (3, 13, 14), 4, 3, padding=1, dilation=2, stride=3)
    convolution("conv 3x3, groups 3", 3, (6, 5, 5), 9, 3, padding=1, groups=3)
    convolution("conv 3x3, depthwise", 2, (7, 6, 5), 7, 3, padding=1, groups=7)
    convolution("conv 3x3, circular", 2, (3, 7, 5), 4, 3, padding=1, padding_mode="circular")
    convolution(
        "conv 5x5, circular, stride 2, groups 2",
        2, (4, 8, 9), 6, 5, padding=2, padding_mode="circular", stride=2, groups=2,
    )
    convolution("conv 4x2, wide padding", 2, (2, 5, 4), 3, (4, 2), padding=(2, 3))
    convolution("conv, the whole image", 3, (2, 5, 4), 6, (5, 4))


def pools():
    for name, make in [("max", nn.MaxPool2d), ("average", nn.AvgPool2d)]:
        operator(f"{name} pool 2x2", 3, (3, 7, 8), make(2))
        operator(f"{name} pool 3x3, stride 2, padding 1", 2, (2, 8, 9), make(3, 2, 1))
        operator(f"{name} pool 3x2, stride 1", 35, (2, 4, 3), make((3, 2), 1))
    operator("global average pool", 3, (5, 4, 7), nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))


def norms():
    running = ["running_mean", "running_var"]
    operator("batch norm of features", 40, (7,), nn.BatchNorm1d(7), running)
    operator("batch norm of planes", 3, (5, 4, 3), nn.BatchNorm2d(5), running)
    operator("batch norm of one example", 1, (3, 5, 7), nn.BatchNorm2d(3), running)
    operator("batch norm, epsilon 0.1, momentum 0.3", 35, (3, 2, 5), nn.BatchNorm2d(3, 0.1, 0.3), running)
    operator("layer norm of features", 35, (19,), nn.LayerNorm(19, 1e-5))
    operator("layer norm of an image", 3, (3, 4, 5), nn.LayerNorm((3, 4, 5), 1e-5))
    operator("group norm", 35, (6, 3, 5), nn.GroupNorm(3, 6, 1e-5))
    operator("group norm of features", 3, (8,), nn.GroupNorm(2, 8, 1e-5))
    operator("rms norm of features", 35, (19,), nn.RMSNorm(19, 1e-6))
    operator("rms norm of an image", 2, (3, 4, 5), nn.RMSNorm((3, 4, 5), 1e-6))


ACTIVATIONS = {
    "identity": lambda x: x * 1.0,
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.01),
    "prelu": lambda x: F.prelu(x, torch.tensor([0.25], dtype=x.dtype)),
    "swish": F.silu,
    "relu6": F.relu6,
    "hardtanh": F.hardtanh,
    "abs": torch.abs,
    "relu_squared": lambda x: F.relu(x) ** 2,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "elu": F.elu,
    "celu": F.celu,
    "selu": F.selu,
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "mish": F.mish,
    "softplus": lambda x: F.softplus(x, threshold=1e9),
    "softsign": F.softsign,
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
    "logsigmoid": F.logsigmoid,
    "tanhshrink": F.tanhshrink,
    "hardshrink": F.hardshrink,
    "softshrink": F.softshrink,
    "erf": torch.erf,
    "arctan": torch.arctan,
    "sin": torch.sin,
    "cos": torch.cos,
    "gaussian": lambda x: torch.exp(-x * x),
}


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def activations():
    for name, function in ACTIVATIONS.items():
        # Bends at 3 and 6 are well inside.
        operator(f"activation {name}", 33, (7,), Function(function), scale=8.0)


def main():
    operator("linear", 35, (9,), nn.Linear(9, 7))
    operator("linear, no bias", 1, (4,), nn.Linear(4, 3, bias=False))
    convolutions()
    pools()
    norms()
    activations()
    loss("softmax cross-entropy", 35, (7,), F.cross_entropy)
    loss("mean squared error", 35, (7,), F.mse_loss)
    loss("hinge", 35, (7,), F.multi_margin_loss)
    OUT.parent.mkdir(exist_ok=True)
    save_file(golden, OUT, metadata={"torch": torch.__version__})
    print(OUT, OUT.stat().st_size, "bytes,", len(golden), "tensors")


main()
