"""Prints the table in crates/init/src/quantile/coefficients.rs.  Needs: mpmath, numpy.

Octave s holds the probabilities u in [2^-(s+1), 2^-s). With h in [-1, 0],
    u = 2^-s * (1 + h/2),
the normal quantile there is a polynomial in h of degree DEGREE, fitted at Chebyshev nodes for a
small *relative* error. Coefficients are rounded to f32 from the constant upwards and what follows
is fitted again to what rounding left, so that rounding costs almost nothing. In octave 1 the
constant is exactly 0 (the median), so that small normals keep their full relative precision.
"""

import sys

import mpmath as mp
import numpy as np

mp.mp.dps = 30
DEGREE = int(sys.argv[1]) if len(sys.argv) > 1 else 8
OCTAVES = range(1, 12)


def quantile(u):
    """Phi^-1(u) by Newton's method on mpmath's erfc."""
    z = mp.sqrt(2) * mp.erfinv(2 * u - 1)
    for _ in range(2):
        z -= (mp.ncdf(z) - u) / mp.npdf(z)
    return z


def fit(octave):
    nodes = (np.cos(np.pi * (np.arange(160) + 0.5) / 160) - 1) / 2
    exact = np.array([float(quantile(mp.mpf(2) ** -octave * (1 + mp.mpf(h) / 2))) for h in nodes])
    coefficients, start = [], 0
    if octave == 1:
        coefficients, start = [np.float32(0)], 1
    left = exact.copy()
    for k in range(start, DEGREE + 1):
        # Least squares at Chebyshev nodes is near-minimax; weights make the error relative.
        powers = np.arange(k, DEGREE + 1)
        design = nodes[:, None] ** powers[None, :] / exact[:, None]
        solution = np.linalg.lstsq(design, left / exact, rcond=1e-18)[0]
        rounded = np.float32(solution[0])
        coefficients.append(rounded)
        left = left - float(rounded) * nodes**k
    return coefficients, np.max(np.abs(left / exact))


table, worst = [], 0.0
for octave in OCTAVES:
    coefficients, error = fit(octave)
    worst = max(worst, error)
    print(f"// octave {octave}: relative error {error:.1e}", file=sys.stderr)
    table.append(coefficients)
print(f"// degree {DEGREE}: worst relative error {worst:.1e}", file=sys.stderr)

for k in range(DEGREE + 1):
    row = [c[k] for c in table]
    row += [np.float32(0)] * (16 - len(row))
    print("    [")
    for v in row:
        text = np.format_float_scientific(v, unique=True, trim="0")
        print(f"        {text},")
    print("    ],")
