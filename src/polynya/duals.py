"""How does a computed number move with the numbers that it was made of? (floats that carry their own derivatives)

A `Dual` is a float and a gradient: what it was made of -> derivative. Sums, products, ratios and powers keep both exact
(forward differentiation; Griewank & Walther 2008, chapter 3); minima and comparisons go by the value, so that of several limits
the one that binds has the derivative. Ordinary code that reads floats works on it unchanged.

Not here: what the keys mean, and functions that posing a market does not need (logarithms, sines).
"""

from __future__ import annotations

from collections.abc import Mapping


class Dual(float):
    """A value with `grad`: key -> derivative of the value by what the key stands for."""

    __slots__ = ("grad",)
    grad: Mapping[int, float]

    def __new__(cls, value: float, grad: Mapping[int, float]) -> Dual:
        """A number made of what `grad` names."""
        made = super().__new__(cls, value)
        made.grad = grad
        return made

    def __add__(self, other: float) -> Dual:
        if isinstance(other, Dual):
            return Dual(float(self) + float(other), _joined(self.grad, 1.0, other.grad, 1.0))
        return Dual(float(self) + other, self.grad)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-float(self), _scaled(self.grad, -1.0))

    def __sub__(self, other: float) -> Dual:
        if isinstance(other, Dual):
            return Dual(float(self) - float(other), _joined(self.grad, 1.0, other.grad, -1.0))
        return Dual(float(self) - other, self.grad)

    def __rsub__(self, other: float) -> Dual:
        return Dual(other - float(self), _scaled(self.grad, -1.0))

    def __mul__(self, other: float) -> Dual:
        a, b = float(self), float(other)
        if isinstance(other, Dual):
            return Dual(a * b, _joined(self.grad, b, other.grad, a))
        return Dual(a * b, _scaled(self.grad, b))

    __rmul__ = __mul__

    def __truediv__(self, other: float) -> Dual:
        a, b = float(self), float(other)
        if isinstance(other, Dual):
            return Dual(a / b, _joined(self.grad, 1.0 / b, other.grad, -a / (b * b)))
        return Dual(a / b, _scaled(self.grad, 1.0 / b))

    def __rtruediv__(self, other: float) -> Dual:
        a = float(self)
        return Dual(other / a, _scaled(self.grad, -other / (a * a)))

    def __pow__(self, power: float, modulo: None = None) -> Dual:
        a = float(self)
        return Dual(a**power, _scaled(self.grad, power * a ** (power - 1.0)))


def grad_of(value: object) -> Mapping[int, float]:
    """The gradient of a number; an ordinary number has none."""
    return value.grad if isinstance(value, Dual) else {}


def _scaled(grad: Mapping[int, float], by: float) -> Mapping[int, float]:
    return {k: by * g for k, g in grad.items()}


def _joined(one: Mapping[int, float], a: float, other: Mapping[int, float], b: float) -> Mapping[int, float]:
    out = {k: a * g for k, g in one.items()}
    for k, g in other.items():
        out[k] = out.get(k, 0.0) + b * g
    return out
