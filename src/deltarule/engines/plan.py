"""The plan of a run of mini-batch steps: rule, batches, penalty, clipping, and the rates of each step.

Step s of a plan, with D the gradient (6) of its batch:

    D := D max_norm/‖D‖₂                       if ‖D‖₂ over all of θ is longer than max_norm
    Θ := (1 − η_s r · w_s d) Θ                 for each segment of θ with the factors (r, d) of its group
    θ := rule.step(θ, D, …, η_s r)             with the same r

η_s is the step size, w_s the weight decay, p_sl the dropout rate of layer l: the columns of `rates`, which schedules
fill. A plan holds neither θ nor data, so it can be cut, stored and given to any engine.

Sources: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019; Pascanu, Mikolov and Bengio, "On the
difficulty of training recurrent neural networks", 2013; Jacot, Gabriel and Hongler, "Neural tangent kernel", 2018, and
Holzmüller, Grinsztajn and Steinwart, "Better by default", 2024, for the factors of `tabular_factors`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.network.network import Network

__all__ = ["DECAY", "DROPOUT", "RATE", "Factors", "MiniBatches", "Plan", "UpdateRule", "tabular_factors"]

RATE, DECAY, DROPOUT = 0, 1, 2
"""Columns of `Plan.rates`: step size, weight decay, and the dropout rate of the first hidden layer; others follow."""


class UpdateRule(Protocol):
    """A pair of pure functions, `init` and `step`, with the name and the numbers by which other engines know it."""

    @property
    def name(self) -> str:
        """Name of the rule."""

    @property
    def parameters(self) -> tuple[float, ...]:
        """The rule's numbers, in the order of its definition."""

    def init(self, theta: Array) -> tuple[Array, ...]:
        """Return the rule's vectors before the first step at θ."""

    def step(
        self, theta: Array, D: Array, vectors: tuple[Array, ...], step: int, step_size: float | Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """Return θ and the rule's vectors after step number `step` (from 0); changes nothing in place.

        The step size is one number for all parameters, or an array with one for each.
        """

    def found(self, theta: Array, vectors: tuple[Array, ...]) -> Array:
        """Return the parameters to predict with: θ itself, or what the rule makes of its path."""


@dataclass(frozen=True)
class MiniBatches:
    """How an epoch is cut into batches: their size (the last may be smaller), and whether the rows are shuffled."""

    size: int
    shuffle: bool = True

    def steps_of_an_epoch(self, rows: int) -> int:
        """Return the number of batches of an epoch."""
        return -(-rows // self.size)


@dataclass(frozen=True)
class Factors:
    """Factors of the step size and of the weight decay of a group of parameters."""

    rate: float = 1.0
    decay: float = 1.0


@dataclass(frozen=True, eq=False)
class Plan:
    """A number of mini-batch steps; `Plan.of` makes one whose rates are the same in each step.

    Attributes
    ----------
    rule : UpdateRule
    batches : MiniBatches
    rates : array of shape (steps, 2 + hidden layers), float64
        For each step η, weight decay, and the dropout rate of each hidden layer, which is a part with hidden units:
        the share of them that an example does without (`dropout.py`).
    lambda_ : float
        The strength λ of the penalty (2), (6).
    max_norm : float
        A gradient D (6) that is longer than this, ‖D‖₂ over all of θ, is shortened to it.
    factors : mapping of str to Factors
        By group ("weight", "bias", "scale", …) or by segment of θ ("dense1.weight", which goes before its group);
        those of `network.segments`. Default: 1, and for the decay what the segment says: 1 for the weights of `Dense`,
        else 0.
    """

    rule: UpdateRule
    batches: MiniBatches
    rates: Array
    lambda_: float = 0.0
    max_norm: float = float("inf")
    factors: Mapping[str, Factors] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        network: Network,
        rule: UpdateRule,
        batches: MiniBatches,
        step_sizes: Sequence[float] | Array,
        lambda_: float = 0.0,
        *,
        weight_decay: float = 0.0,
        dropout: Sequence[float] = (),
        max_norm: float = float("inf"),
        factors: Mapping[str, Factors] | None = None,
    ) -> "Plan":
        """Return a plan with a step for each step size; dropout has a rate for each hidden layer, or none.

        Raises
        ------
        SettingsError
            If `dropout` has rates for another number of hidden layers, a number is outside its range, or `factors`
            names what the network lacks.
        """
        hidden = len(network.hidden_units)
        if len(dropout) not in (0, hidden):
            raise SettingsError(
                f"dropout={tuple(dropout)!r} has {len(dropout)} rates, but the network {network} has {hidden} "
                f"hidden layer{'s' * (hidden != 1)}. Give one number for all, or one for each."
            )
        rates = np.zeros((len(step_sizes), DROPOUT + hidden))
        rates[:, RATE], rates[:, DECAY] = step_sizes, weight_decay
        if len(dropout):
            rates[:, DROPOUT:] = dropout
        plan = cls(rule, batches, rates, lambda_, max_norm, dict(factors or {}))
        plan.check()
        if plan.factors:
            plan.factors_of(network)
        return plan

    def __len__(self) -> int:
        return len(self.rates)

    def check(self) -> None:
        """Raise SettingsError if a number is outside its range; engines do so before the first step."""
        numbers = {"lambda_": self.lambda_, "weight_decay": self.rates[:, DECAY].min(initial=0.0)}
        for name, number in numbers.items():
            if not number >= 0:
                raise SettingsError(f"{name} is {number}, but must be 0 or more.")
        if not self.max_norm > 0:
            raise SettingsError(f"max_norm is {self.max_norm}, but must be above 0, or infinite for none.")
        dropout = self.rates[:, DROPOUT:]
        wrong = dropout[~((dropout >= 0) & (dropout < 1))]
        if wrong.size:
            raise SettingsError(f"dropout has the rate {wrong[0]}, but it must be in [0, 1).")

    def cut(self, start: int, stop: int | None = None) -> "Plan":
        """Return the plan of some of the steps."""
        return replace(self, rates=self.rates[start:stop])

    def factors_of(self, network: Network) -> tuple[Factors, ...]:
        """Return the factors of every segment of θ, in the order of `network.segments`.

        Raises
        ------
        SettingsError
            If the plan has factors for a group or segment that the network lacks.
        """
        names, groups = ({getattr(one, kind): None for one in network.segments} for kind in ("name", "group"))
        unknown = set(self.factors) - names.keys() - groups.keys()
        if unknown:
            raise SettingsError(
                f"factors names {', '.join(sorted(map(repr, unknown)))}, but the parameters of the network {network} "
                f"are {', '.join(names)}, and their groups {', '.join(groups)}."
            )
        usual = (Factors(decay=segment.decay) for segment in network.segments)
        return tuple(
            self.factors.get(segment.name, self.factors.get(segment.group, factors))
            for segment, factors in zip(network.segments, usual, strict=True)
        )


def tabular_factors(network: Network) -> dict[str, Factors]:
    """Return the factors of RealMLP for a network: its neural tangent parametrisation, and slow or fast groups.

    A unit of that parametrisation computes z = W a/√s with the s columns of a `Dense` part, so Θ = W/√s. A step of Adam
    on W is a step on Θ that is √s times shorter, and decay takes the same share of both: rate 1/√s, decay √s. Adam's ε
    counts √s times as much for Θ, which matters only where gradients are about as small. The other groups have the
    rates of RealMLP, which decays all but biases.

    Examples
    --------
    >>> from deltarule.network.parts import Dense
    >>> tabular_factors(Network([Dense(4, 3, "selu"), Dense(3, 1)]))["dense1.weight"]
    Factors(rate=0.5, decay=2.0)
    """
    usual = {
        "bias": Factors(0.1, 0.0),
        "scale": Factors(6.0, 1.0),
        "embedding": Factors(0.1, 1.0),
        "alpha": Factors(0.1, 1.0),
    }
    groups = {segment.group for segment in network.segments}
    factors = {group: one for group, one in usual.items() if group in groups}
    for segment in network.segments:
        if segment.group == "weight":
            root = float(np.sqrt(network.parts[segment.part].inputs))
            factors[segment.name] = Factors(1 / root, root)
    return factors
