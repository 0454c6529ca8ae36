"""Raw tables with columns of every kind, and when two encoders are the same."""

import numpy as np
import pandas as pd

from deltarule.tables import TableEncoder

__all__ = ["M", "raw", "same_encoder"]

M = 3000


def raw(rows: int = M, seed: int = 0) -> pd.DataFrame:
    """Return columns of every kind, with gaps."""
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D")
    price = rng.lognormal(5, 1, rows).round(2)
    frame = pd.DataFrame(
        {
            "id": np.arange(1, rows + 1),
            "shuffled id": rng.permutation(rows) + 7,
            "size": rng.normal(size=rows),
            "count": rng.integers(0, 9, rows),
            "huge": rng.normal(size=rows) * 1e90,
            "tiny": rng.normal(size=rows) * 1e-250,
            "same": 4.0,
            "town": rng.choice(["Ulm", "Bonn", "Jena ", "NA"], rows),
            "street": rng.choice([f"street {n}" for n in range(250)], rows),
            "name": [f"name {n}" for n in rng.permutation(rows)],
            "price": [f"{value:,.2f} €" for value in price],
            "level": rng.choice(["1", "2", "3", "n/a"], rows),
            "open": rng.random(rows) < 0.3,
            "day": days,
            "written": [f"{day:%d/%m/%Y}" for day in days],
            "plain day": [day.date() for day in days],
            "took": pd.to_timedelta(rng.integers(0, 10**6, rows), unit="s"),
            "nothing": np.nan,
            "kind": pd.Categorical(rng.choice(["b", "a"], rows)),
        }
    )
    frame.loc[::7, "size"] = np.nan
    frame.loc[::11, "town"] = None
    frame.loc[::13, "day"] = pd.NaT
    frame["y"] = np.where(frame["size"].fillna(0.3) + (frame["town"] == "Ulm") > 0.8, "large", "small")
    frame["z"] = 1e5 + 1e3 * frame["size"].fillna(0.3) + rng.normal(size=rows)
    frame["w"] = rng.integers(0, 3, rows)
    return frame


def same_encoder(one: TableEncoder, other: TableEncoder) -> None:
    assert one.kinds == other.kinds
    assert list(one.kinds) == list(other.kinds)
    assert one.dropped == other.dropped
    assert one.forms == other.forms
    assert one.gaps == other.gaps
    assert one.categories == other.categories
    assert one.notices == other.notices
    np.testing.assert_array_equal(one.medians, other.medians)
    # Sums of a few thousand numbers in another order.
    np.testing.assert_allclose(one.means, other.means, rtol=1e-9, atol=1e-260)
    np.testing.assert_allclose(one.deviations, other.deviations, rtol=1e-9)
