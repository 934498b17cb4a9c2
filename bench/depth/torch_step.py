"""Training steps with PyTorch, eager: reads a case a line as JSON, answers the seconds of its steps.

Started by compare.py. The first argument is the most threads. The case {"net": "product"} is answered
with the rate of a large matrix product instead.

Eager, without torch.compile: it unrolls the network into one graph, and for thousands of layers that
takes longer than the training is meant to. Each row is otherwise as fast as we could make it: ReLU in
place where autograd lets it, gradients set to None, SGD in its fused form (faster here than the
default, which on a CPU is one parameter after the other), images in whichever of the two layouts is the
faster, and one thread or all of them, whichever is the faster: in narrow layers threads cost more than
they bring, and on a busy machine each of their barriers waits for whoever else has the core.
"""

import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

# As in the step example of ours: steps that are always timed, and as many as are enough.
FEWEST, MOST = 3, 500
# Rows, columns and depth of the large product, and how many there are, of which the fastest counts.
SIZE, REPEATS = 2048, 5
# A way whose first step takes this many times as long as another's median is not timed further.
HOPELESS = 4


class Residual(nn.Module):
    """x + relu(W x + b), again and again, then a linear layer."""

    def __init__(self, width, depth, outputs):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.head = nn.Linear(width, outputs)
        with torch.no_grad():
            for layer in self.layers:
                nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu").mul_(0.01)

    def forward(self, x):
        for layer in self.layers:
            # Not x += ...: autograd has kept x.
            x = x + torch.relu_(layer(x))
        return self.head(x)


def mlp(case):
    sizes = [case["inputs"], *[case["width"]] * (case["depth"] - 1), case["outputs"]]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        linear = nn.Linear(inputs, outputs)
        nn.init.kaiming_uniform_(linear.weight, nonlinearity="relu")
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


def residual(case):
    return Residual(case["width"], case["depth"], case["outputs"])


def convolution(inputs, outputs, stride=1, bias=True):
    layer = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=bias)
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    return layer


def cnn(case):
    """1 -> 16 -> 16 -> 32 (stride 2) -> 32, each with ReLU; mean over places; linear."""
    width = case["width"]
    sizes = [(1, width, 1), (width, width, 1), (width, 2 * width, 2), (2 * width, 2 * width, 1)]
    layers = []
    for inputs, outputs, stride in sizes:
        layers += [convolution(inputs, outputs, stride), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2 * width, case["outputs"]))


def deep_cnn(case):
    """depth times convolution and ReLU; mean over places; linear. Near the identity, so that no value
    explodes or becomes subnormal."""
    layers = []
    for layer in range(case["depth"]):
        made = convolution(1 if layer == 0 else case["width"], case["width"])
        with torch.no_grad():
            if layer == 0:
                made.weight.abs_()
            else:
                noise = made.weight.clone()
                nn.init.dirac_(made.weight).add_(noise, alpha=1e-3)
            made.bias.zero_()
        layers += [made, nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(case["width"], case["outputs"]))


class Block(nn.Module):
    """conv, norm, ReLU, conv, norm, added to its input, ReLU; a 1x1 convolution where sizes change."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = convolution(inputs, outputs, stride, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = convolution(outputs, outputs, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shortcut = None
        if inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = torch.relu_(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        y += x if self.shortcut is None else self.shortcut(x)
        return torch.relu_(y)


def resnet(case):
    """Of depth 6 n + 2: a convolution, three stages of n blocks, mean over places, linear."""
    width, blocks = case["width"], (case["depth"] - 2) // 6
    layers = [convolution(1, width, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    inputs = width
    for stage in range(3):
        for block in range(blocks):
            outputs = width << stage
            layers.append(Block(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, case["outputs"]))


NETS = {"mlp": mlp, "residual": residual, "cnn": cnn, "deep_cnn": deep_cnn, "resnet": resnet}


class Statistics:
    """Mean, std, share of zeros and a histogram of 64 bins of every value, its gradient, and every
    parameter's gradient, as soon as each is there. Kept, as tensors."""

    def __init__(self, model):
        self.kept = {}
        for name, module in model.named_modules():
            if isinstance(module, (nn.Linear, nn.ReLU)):
                module.register_forward_hook(self.values(name))
        for name, parameter in model.named_parameters():
            keep = self.keep("weight gradient", name, 1e-3)
            parameter.register_post_accumulate_grad_hook(lambda p, keep=keep: keep(p.grad))

    def values(self, name):
        keep, keep_gradient = self.keep("activation", name, 4), self.keep("gradient", name, 1e-3)

        def hook(module, inputs, output):
            keep(output.detach())
            # A value that a ReLU then overwrites has its gradient, not the ReLU's, shown here.
            output.register_hook(keep_gradient)

        return hook

    def keep(self, quantity, name, bound):
        @torch.no_grad()
        def keep(tensor):
            std, mean = torch.std_mean(tensor)
            zeros = tensor.numel() - torch.count_nonzero(tensor)
            histogram = torch.histc(tensor, 64, -bound, bound)
            self.kept[quantity, name] = mean, std, zeros / tensor.numel(), histogram

        return keep

    def check(self, depth):
        """Every layer but the last has a ReLU; every layer has a weight and a bias."""
        expected = {"activation": 2 * depth - 1, "gradient": 2 * depth - 1, "weight gradient": 2 * depth}
        found = [quantity for quantity, _ in self.kept]
        assert all(found.count(quantity) == count for quantity, count in expected.items()), "a hook did not run"


def data(case):
    shape = [1, case["side"], case["side"]] if "side" in case else [case["inputs"]]
    count = case["batch"] * torch.Size(shape).numel()
    x = (torch.arange(count) * 7919 % 1000).float() / 500 - 1
    return x.reshape(case["batch"], *shape), torch.arange(case["batch"]) % case["outputs"]


def steps(case, layout, limit):
    """Seconds of each step; none when the first takes longer than `limit` seconds."""
    torch.manual_seed(1)
    model, (x, labels) = NETS[case["net"]](case), data(case)
    if x.dim() == 4:
        model, x = model.to(memory_format=layout), x.to(memory_format=layout)
    hooks = Statistics(model) if case["taps"] == "all" else None
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, fused=True)

    def step():
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(x), labels).backward()
        if case["update"] == "sgd":
            optimizer.step()
        return time.perf_counter() - start

    if step() > limit:
        return []
    if hooks is not None:
        hooks.check(case["depth"])
    times, start = [], time.perf_counter()
    while len(times) < FEWEST or (time.perf_counter() - start < case["seconds"] and len(times) < MOST):
        times.append(step())
    return times


def product():
    a, b = torch.randn(SIZE, SIZE), torch.randn(SIZE, SIZE)
    out = torch.empty(SIZE, SIZE)
    fastest = float("inf")
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        torch.mm(a, b, out=out)
        fastest = min(fastest, time.perf_counter() - start)
    return 2 * SIZE**3 / fastest


def answer(case, threads):
    if case["net"] == "product":
        torch.set_num_threads(threads)
        return {"flops": product()}
    best = {"times": [], "threads": None, "layout": None}
    median = float("inf")
    for layout in [torch.contiguous_format, torch.channels_last] if "side" in case else [torch.contiguous_format]:
        for count in sorted({1, threads}):
            torch.set_num_threads(count)
            times = steps(case, layout, HOPELESS * median)
            if times and statistics.median(times) < median:
                median = statistics.median(times)
                best = {"times": times, "threads": count, "layout": str(layout)}
    return best


def main():
    threads = int(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), threads)), flush=True)


if __name__ == "__main__":
    main()
