"""Golden trajectories of PyTorch's optimisers, clipping and schedules.

    python bench/parity/optimizers.py > crates/net/tests/fixtures/optimizers.json

Gradients are prescribed, so that nothing but the optimiser is compared: a layer of one input x = 1/2
gives its weight half the output's gradient and its bias all of it, both without rounding.
"""

import json

import torch

STEPS, OUTPUTS = 25, 7


def prescribed():
    """Initial values and gradients: of several sizes, with a zero and a jump among them."""
    generator = torch.Generator().manual_seed(5)
    draw = lambda *shape: torch.randn(*shape, generator=generator)
    sizes = torch.tensor([1.0, 1.0, 0.1, 10.0, 1e-3, 0.0, 1.0])
    gradients = draw(STEPS, OUTPUTS) * sizes
    gradients[STEPS // 2] *= 20
    return draw(OUTPUTS), draw(OUTPUTS), gradients


def trajectory(make, weight, bias, gradients, bias_factor=1.0, max_norm=None):
    weight = torch.nn.Parameter(weight.clone())
    bias = torch.nn.Parameter(bias.clone())
    optimizer = make([{"params": [weight]}, {"params": [bias]}])
    optimizer.param_groups[1]["lr"] *= bias_factor
    path, norms = [], []
    for gradient in gradients:
        weight.grad, bias.grad = 0.5 * gradient, gradient.clone()
        if max_norm is not None:
            norms.append(torch.nn.utils.clip_grad_norm_([weight, bias], max_norm).item())
        optimizer.step()
        path.append(torch.cat([weight, bias]).tolist())
    return path, norms


def rates(make, steps=STEPS):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    schedule = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def main():
    weight, bias, gradients = prescribed()
    optim, schedulers = torch.optim, torch.optim.lr_scheduler
    cases = {
        "sgd": dict(make=lambda p: optim.SGD(p, lr=0.05)),
        "sgd_decay": dict(make=lambda p: optim.SGD(p, lr=0.05, weight_decay=0.1)),
        "sgd_momentum": dict(make=lambda p: optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01)),
        "sgd_nesterov": dict(
            make=lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01)
        ),
        "sgd_multiplier": dict(
            make=lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
            bias_factor=0.1,
        ),
        "sgd_clip": dict(make=lambda p: optim.SGD(p, lr=0.05, momentum=0.9), max_norm=3.0),
        "adam": dict(make=lambda p: optim.Adam(p, lr=0.02)),
        "adam_decay": dict(make=lambda p: optim.Adam(p, lr=0.02, weight_decay=0.1)),
        "adam_betas": dict(make=lambda p: optim.Adam(p, lr=0.02, betas=(0.7, 0.95), eps=1e-3)),
        "adam_multiplier": dict(make=lambda p: optim.Adam(p, lr=0.02), bias_factor=0.1),
        "adamw": dict(make=lambda p: optim.AdamW(p, lr=0.02)),
        "adamw_decay": dict(make=lambda p: optim.AdamW(p, lr=0.02, weight_decay=0.5)),
        "adamw_multiplier": dict(
            make=lambda p: optim.AdamW(p, lr=0.02, weight_decay=0.5), bias_factor=0.1
        ),
    }
    made = {}
    for name, case in cases.items():
        path, norms = trajectory(weight=weight, bias=bias, gradients=gradients, **case)
        made[name] = {"path": path, "norms": norms}
    json.dump(
        {
            "torch": torch.__version__.split("+")[0],
            "weight": weight.tolist(),
            "bias": bias.tolist(),
            "gradients": gradients.tolist(),
            "cases": made,
            "rates": {
                "step": rates(lambda o: schedulers.StepLR(o, step_size=4, gamma=0.3)),
                "cosine": rates(lambda o: schedulers.CosineAnnealingLR(o, T_max=24, eta_min=0.03)),
                "warmup": rates(
                    lambda o: schedulers.LambdaLR(o, lambda step: min(1.0, (step + 1) / 8))
                ),
            },
        },
        fp=__import__("sys").stdout,
    )
    print()


main()
