"""Pictures: frozen dataclasses of plain numbers, each computed first and then drawn by its `plot(ax=None)`.

Drawing loads matplotlib, and needs no display.
"""

from deltarule.pictures.boundary import DecisionBoundary, decision_boundary
from deltarule.pictures.confusion_matrix import Confusion, confusion
from deltarule.pictures.cost_against_lambda import LambdaPath, lambda_path
from deltarule.pictures.cost_against_m import SizePath, size_path
from deltarule.pictures.cost_by_epoch import LearningCurve, learning_curve
from deltarule.pictures.first_layer_images import FirstLayer, first_layer
from deltarule.pictures.importance import ColumnImportance, column_importance
from deltarule.pictures.layer_values import Layer, Layers, layers
from deltarule.pictures.members import MemberCurves, member_curves
from deltarule.pictures.network import NetworkPicture, network_picture
from deltarule.pictures.predicted_against_true import PredictedAgainstTrue, predicted_against_true
from deltarule.pictures.ranking import (
    PrecisionRecall,
    PrecisionRecallCurve,
    Roc,
    RocCurve,
    precision_recall,
    roc,
)
from deltarule.pictures.reliability_diagram import Reliability, reliability

__all__ = [
    "ColumnImportance",
    "Confusion",
    "DecisionBoundary",
    "FirstLayer",
    "LambdaPath",
    "Layer",
    "Layers",
    "LearningCurve",
    "MemberCurves",
    "NetworkPicture",
    "PrecisionRecall",
    "PrecisionRecallCurve",
    "PredictedAgainstTrue",
    "Reliability",
    "Roc",
    "RocCurve",
    "SizePath",
    "column_importance",
    "confusion",
    "decision_boundary",
    "first_layer",
    "lambda_path",
    "layers",
    "learning_curve",
    "member_curves",
    "network_picture",
    "precision_recall",
    "predicted_against_true",
    "reliability",
    "roc",
    "size_path",
]
