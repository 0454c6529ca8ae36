"""What is shown and what is left out: as much as fits, what matters most, and a true word about the rest."""

import re

import numpy as np
import pytest

from deltarule import ExampleTrace, Network, Trace, trace
from deltarule.explain import LEAST_UNITS, explain
from readback import NUMBER, Part, Section, agree, read, shown, value_of


def pass_of(sizes: tuple[int, ...], rows: int, seed: int = 0) -> Trace:
    network = Network(sizes, "tanh", "sigmoid")
    generator = np.random.default_rng(seed)
    X, Y = generator.standard_normal((rows, sizes[0])), generator.integers(2, size=(rows, sizes[-1]))
    weights = generator.choice([0.5, 1.0, 3.0], rows)
    return trace(network, network.first_theta(generator), X, Y, lambda_=0.4, sample_weight=weights)


def sections_of(result: ExampleTrace | Trace, lines: int, width: int = 100) -> list[Section]:
    return read(explain(result, lines=lines, width=width), "text")


def units_of(section: Section) -> int:
    """How many units of layer 2 are shown."""
    return len(section.parts(1)[0].lines)


def remarks(section: Section) -> list[str]:
    return [item for item in section.items if isinstance(item, str)]


def test_as_many_units_are_shown_as_fit() -> None:
    example = pass_of((20, 30, 5), 1).examples[0]
    texts = [explain(example, lines=lines) for lines in range(27, 125)]
    units = [units_of(read(text, "text")[0]) for text in texts]
    heights = [len(text.splitlines()) for text in texts]
    assert set(units) == set(range(1, 31)) - {29}  # 29 and a remark about the last one take as many lines as all 30
    for lines, shown_now in zip(range(27, 125), units, strict=True):
        assert shown_now == max(n for n, height in zip(units, heights, strict=True) if height <= lines)


def test_what_is_said_of_the_units_left_out_is_the_largest_of_them() -> None:
    example = pass_of((20, 30, 5), 1).examples[0]
    (section,) = sections_of(example, 40)
    names = [line[0].name for line in section.parts(4)[0].lines]
    places = [int(name.rpartition("_")[2]) - 1 for name in names]
    rest = np.delete(np.abs(example.delta[0]), places)
    assert rest.max() <= np.abs(example.delta[0][places]).min()
    assert f"…and{len(rest)}moreoflayer2,with|δ^(2)|≤{rest.max():.4g}" in remarks(section)


def test_the_examples_that_cost_most_are_shown_and_the_rest_is_counted_and_bounded() -> None:
    result = pass_of((3, 4, 2), 9)
    costs = np.array([example.weight * example.cost for example in result.examples])
    _, *examples, rest, _ = sections_of(result, 110)
    numbers = [int(str(re.match(r"Example(\d+)of9", section.title)[1])) - 1 for section in examples]  # type: ignore[index]
    assert len(numbers) in (1, 2, 3, 4)
    assert numbers == sorted(np.argsort(-costs)[: len(numbers)])
    most = np.delete(costs, numbers).max()
    assert rest.title == f"…and{9 - len(numbers)}moreexamplesinthesameway,withw_tℓ_t≤{most:.4g}"


def test_another_example_is_shown_only_if_every_layer_keeps_three_units() -> None:
    result = pass_of((3, 12, 2), 4)
    seen = set()
    for lines in range(30, 180, 5):
        _, *examples, _ = (section for section in sections_of(result, lines) if "…" not in section.title)
        seen.add(len(examples))
        if len(examples) > 1:
            assert min(map(units_of, examples)) >= LEAST_UNITS == 3
    assert seen >= {0, 1, 2, 4}


def test_without_room_for_an_example_the_sums_are_shown() -> None:
    result = pass_of((3, 12, 2), 4)
    _, rest, sums = sections_of(result, 30)
    assert rest.title.startswith("…eachofthemwithw_tℓ_t≤")
    assert [part.number for part in sums.items if isinstance(part, Part)] == [2, 5, 5, 6, 6]


def test_the_entries_left_out_are_counted_and_bounded() -> None:
    result = pass_of((20, 30, 5), 3)
    sums = sections_of(result, 60)[-1]
    for number, letter, matrices in ((5, "Δ", result.Delta), (6, "D", result.D)):
        for part in sums.parts(number):
            place = next(n for n, item in enumerate(sums.items) if item is part) + 1
            layer = int(str(re.match(rf"{letter}\^\((\d)\)", part.formula)[1]))  # type: ignore[index]
            entries = [re.findall(r"_(\d+),(\d+)", line[0].name)[0] for line in part.lines]
            rest = np.abs(matrices[layer - 1]).copy()
            for i, j in entries:
                rest[int(i) - 1, int(j)] = np.nan
            left = int(np.count_nonzero(~np.isnan(rest)))
            assert left == rest.size - len(entries)
            bound = f"{np.nanmax(rest):.4g}"
            assert sums.items[place] == f"…and{left}moreentries,with|{letter}^({layer})_ij|≤{bound}"


@pytest.mark.parametrize("number", [2, 5])
def test_sums_over_many_examples_say_the_sum_of_the_examples_left_out(number: int) -> None:
    sums = sections_of(pass_of((2, 2, 1), 60), 80, width=120)[-1]
    shortened = 0
    for line in sums.values(number).values():
        assert agree(value_of(line.numbers), shown(line.value))
        shortened += bool(re.search(rf"\…\(\d+more:-?{NUMBER}\)", line.numbers))
    assert shortened >= {2: 1, 5: 9}[number]
    assert number == 2 or any(name.endswith(",0") for name in sums.values(5))
