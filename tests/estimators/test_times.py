"""Dates, times and durations are refused wherever they come, by fits and by predictions."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.errors import InputError

m = 20
DATES = np.array(["2024-02-29", "2025-01-01"] * (m // 2), dtype="datetime64[D]")
NUMBERS = np.arange(m)[:, np.newaxis] % 3.0
CLASSES = np.arange(m) % 2
WRONG: dict[str, Any] = {
    "datetime64": DATES,
    "timedelta64": DATES - DATES[0],
    "NaT": np.array(["NaT"] * m, dtype="datetime64[s]"),
    "datetime64 among objects": np.array([1.0, *DATES[1:]], dtype=object),
    "timedelta64 among objects": np.array([np.timedelta64(1, "D")] * m, dtype=object),
    "Timestamp": np.array([pd.Timestamp("2024-02-29")] * m, dtype=object),
    "Timedelta": np.array([pd.Timedelta(1)] * m, dtype=object),
    "date": np.array([date(2024, 2, 29)] * m, dtype=object),
    "timedelta": np.array([timedelta(1)] * m, dtype=object),
    "a list": list(DATES),
    "a Series": pd.Series(DATES),
    "periods": pd.Series(pd.period_range("2024", periods=m, freq="D")),
    "a Series with a zone": pd.Series(DATES.astype("datetime64[ns]")).dt.tz_localize("UTC"),
    "durations of polars": pl.Series([timedelta(1)] * m),
    "times of polars": pl.Series([datetime(2024, 2, 29)] * m),
}


@pytest.mark.parametrize("values", WRONG.values(), ids=WRONG)
def test_times_are_refused_in_X_and_in_y(values: Any) -> None:
    array = np.asarray(values)
    for Estimator in (MLPClassifier, MLPRegressor):
        with pytest.raises(InputError, match=r"y holds \w+.*\. The network takes numbers: convert them"):
            Estimator(max_iter=2).fit(NUMBERS, values)
        fitted = Estimator(max_iter=2, tol=1e9, n_iter_no_change=1, early_stopping=False)
        with pytest.raises(InputError, match=r"X holds \w+.*\. The network takes numbers: convert them"):
            fitted.fit(array[:, np.newaxis], CLASSES)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("values", [DATES, DATES - DATES[0]], ids=["dates", "durations"])
def test_the_column_of_a_frame_is_named(frame: Any, values: Any) -> None:
    rows = frame({"n": NUMBERS[:, 0], "when": values.astype(values.dtype.str.replace("[D]", "[us]"))})
    for use in (
        lambda: MLPClassifier(max_iter=2).fit(rows, CLASSES),
        lambda: MLPClassifier(max_iter=2).fit(np.hstack([NUMBERS, NUMBERS]), CLASSES).predict(rows),
        lambda: MLPClassifier(max_iter=2).fit(np.hstack([NUMBERS, NUMBERS]), CLASSES, eval_set=(rows, CLASSES)),
    ):
        with pytest.raises(InputError, match=r"X holds \w+.* in column 'when'\. The network takes numbers"):
            use()


def test_tables_of_arrow_are_frames_and_their_times_are_refused() -> None:
    table = pa.table({"a": NUMBERS[:, 0], "b": NUMBERS[:, 0] ** 2})
    clf = MLPClassifier((), solver="lbfgs", alpha=1.0).fit(table, CLASSES)
    assert clf.feature_names_in_.tolist() == ["a", "b"]
    np.testing.assert_array_equal(clf.predict_proba(table), clf.predict_proba(table.to_pandas()))
    for kind in (pa.date32(), pa.timestamp("s"), pa.duration("s")):
        numbers = np.arange(m, dtype=np.int32 if kind.bit_width == 32 else np.int64)
        times = table.append_column("then", pa.array(numbers).cast(kind))
        with pytest.raises(InputError, match="in column 'then'"):
            clf.fit(times, CLASSES)
