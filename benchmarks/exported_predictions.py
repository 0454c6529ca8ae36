"""E: predictions of 54-256³-7 by this library, by its file of ONNX in onnxruntime, by PyTorch and by scikit-learn."""

import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as SklearnMLP

import deltarule
from contenders import CORES
from deltarule import MLPClassifier
from deltarule.common.arrays import Array
from timing import least_in_turn, seconds_each
from workloads import TRAINING

__all__ = ["exported_predictions"]


def exported_predictions(rows: int, rounds: int) -> dict[str, float]:
    """E: seconds of the probabilities of some rows, float32; PyTorch's is the bare module."""
    import onnxruntime
    import torch

    workload = next(one for one in TRAINING if one.name == "T")
    X, y = workload.data(2_000)
    network, K = workload.network, workload.sizes[-1]
    theta = workload.first_theta()
    ours = MLPClassifier.from_parts(network, theta, classes=np.arange(K))
    thetas = network.roll(theta)
    queries: Array = np.ascontiguousarray(X[np.arange(rows) % len(X)])

    sklearns = SklearnMLP(workload.sizes[1:-1], max_iter=1)
    few = np.concatenate([np.flatnonzero(y == k)[:1] for k in range(K)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Got `batch_size`")
        sklearns.fit(X[few], np.arange(K))
    sklearns.coefs_ = [np.ascontiguousarray(Theta[:, 1:].T) for Theta in thetas]
    sklearns.intercepts_ = [Theta[:, 0].copy() for Theta in thetas]

    torch.set_num_threads(CORES)
    layers: list[Any] = []
    for Theta in thetas:
        linear = torch.nn.Linear(Theta.shape[1] - 1, Theta.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(Theta[:, 1:].copy()))
            linear.bias.copy_(torch.from_numpy(Theta[:, 0].copy()))
        layers += [linear, torch.nn.ReLU()]
    module: Any = torch.nn.Sequential(*layers[:-1], torch.nn.Softmax(dim=1))
    tensor = torch.from_numpy(queries)

    def bare() -> Array:
        with torch.inference_mode():
            return np.asarray(module(tensor))

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = CORES
    with tempfile.TemporaryDirectory() as folder:
        deltarule.export(ours, Path(folder) / "m.onnx", precision="float32")
        session = onnxruntime.InferenceSession(
            str(Path(folder) / "m.onnx"), options, providers=["CPUExecutionProvider"]
        )
    calls: dict[str, Callable[[], Array]] = {
        "deltarule": lambda: ours.predict_proba(queries),
        "ONNX": lambda: session.run(["probability"], {"X": queries})[0],
        "PyTorch": bare,
        "scikit-learn": lambda: sklearns.predict_proba(queries),
    }
    said = {name: call() for name, call in calls.items()}
    for name in ("ONNX", "PyTorch", "scikit-learn"):
        np.testing.assert_allclose(said["deltarule"], said[name], atol=1e-5)
    repeats = max(1, 20 // rows)
    return least_in_turn({name: partial(seconds_each, call, repeats) for name, call in calls.items()}, rounds)
