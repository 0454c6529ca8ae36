"""What is open: a scene with its rows, and the table or the model that they come from."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, SettingsError
from deltarule.play.dataset import Dataset, drawn_dataset
from deltarule.play.members import (
    check_member,
    committee_of,
    member_dataset,
    network_of_member,
    scene_of_members,
)
from deltarule.play.plain import of_plain
from deltarule.play.problem import Problem, problem_of, problem_of_network
from deltarule.play.scene import NOT_PLAYED, Points, Scene, Table, Toy, View, scene_of_link
from deltarule.play.tabled import (
    digest_of_text,
    guessed_target,
    model_dataset,
    read_text,
    scene_of_model,
    table_dataset,
)
from deltarule.training.settings import SETTINGS

__all__ = ["Opening", "open_model", "open_scene", "open_table", "open_text", "parse_scene"]

TABLE_HIDDEN = (16, 8)
"""Hidden layers for a table."""

OF_SCENE = ("hidden", "unit", "output", "split", "seed", "data", "target", "member")
"""Parts of a scene with which a network begins anew."""


@dataclass(frozen=True, eq=False)
class Opening:
    """A scene with its rows.

    Attributes
    ----------
    scene : Scene
    dataset : Dataset
    table : DataFrame or None
    model : TableModel, MLPClassifier, MLPRegressor or None
        The saved model that was opened.
    theta : array or None
        θ to begin with; None for that of the scene or of its seed.
    member, members : int
        Which of how many networks that predict together it is, from 1; 0 for a network by itself.
    """

    scene: Scene
    dataset: Dataset
    table: Any = None
    model: Any = None
    theta: Array | None = None
    member: int = 0
    members: int = 0

    def problem(self) -> Problem:
        """Return what is to be learnt."""
        if not self.member:
            return problem_of(self.scene, self.dataset, self.theta)
        network, _ = network_of_member(self.model, self.member)
        Y = (
            self.dataset.y.reshape(-1, 1)
            if self.model.classes is None
            else self.model.estimator._target.encode(self.dataset.y)
        )
        return problem_of_network(self.scene, self.dataset, network, self.theta, Y)

    def with_training(self, name: str, value: Any) -> "Opening":
        """Return it with another setting of training; rows and network stay.

        Raises
        ------
        SettingsError
            If the setting is unknown or outside its range.
        """
        if name not in SETTINGS or name in NOT_PLAYED:
            known = ", ".join([*OF_SCENE, "view", *(one for one in SETTINGS if one not in NOT_PLAYED)])
            raise SettingsError(f"{name[:40]!r} is not a setting of the page. Known are {known}.")
        if value in ("inf", None) and name == "n_iter_no_change":
            value = float("inf")
        value = tuple(value) if isinstance(value, list) else value
        training = {**self.scene.training, name: value}
        usual = Scene().settings
        if value == getattr(usual, name):
            del training[name]
        return replace(self, scene=replace(self.scene, training=training))

    def with_view(self, view: Any) -> "Opening":
        """Return it as it is looked at from elsewhere."""
        return replace(self, scene=replace(self.scene, view=of_plain(View, view, "view")))

    def with_part(self, name: str, value: Any) -> "Opening":
        """Return it with another part of the scene, with which the network begins anew.

        Raises
        ------
        InputError, SettingsError
            If the value does not fit.
        """
        if name == "data":
            content = {**self.scene.to_content(), "data": value, "theta": ""}
            scene = replace(Scene.from_content(content), at=Scene().at)
            return self if scene.data == self.scene.data else open_scene(scene)
        if name == "target":
            if self.table is None or self.model is not None:
                raise InputError("Only a table has columns to choose the target from. Open one first.")
            scene = replace(self.scene, data=replace(self.scene.data, target=str(value)), theta="")
            return replace(self, scene=scene, dataset=table_dataset(self.table, scene))
        if name == "member":
            return self._with_member(value)
        if self.member and name in ("hidden", "unit", "output"):
            raise InputError("The network of a member is that of its model. Open a table to choose layers and units.")
        scene = replace(self.scene, **{name: _as_part(name, value)}, theta="", at=Scene().at)
        if self.member and name == "split":
            return replace(self, scene=scene, dataset=self._rows_of(scene))
        if name not in ("split", "seed"):
            return replace(self, scene=scene, theta=None)
        return replace(self, scene=scene, dataset=self._rows_of(scene), theta=None)

    def _with_member(self, value: Any) -> "Opening":
        if not self.member:
            raise InputError("There is one network here, and no other member to choose.")
        if isinstance(value, bool) or not isinstance(value, int):
            raise InputError(f"member is {str(value)[:20]!r}, but must be a whole number of 1 to {self.members}.")
        return _open_member(self.model, value, self.scene, self.table)

    def _rows_of(self, scene: Scene) -> Dataset:
        if self.member:
            return member_dataset(self.model, self.member, self.table, scene, scene.data.name)
        if self.model is not None:
            return model_dataset(self.model, self.table, scene, scene.data.name, scene.data.target)
        return drawn_dataset(scene) if self.table is None else table_dataset(self.table, scene)


def parse_scene(text: str) -> Scene:
    """Return the scene of a link, or of the text of a scene file.

    Raises
    ------
    InputError, SettingsError
        If it is neither.
    """
    if not text.lstrip().startswith("{"):
        return scene_of_link(text)
    try:
        return Scene.from_content(json.loads(text))
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError("The scene file is not whole. Save it again where it was made.") from error


def open_scene(scene: Scene, table: Any = None, digest: str = "") -> Opening:
    """Return a scene with its rows; one of a table takes the table.

    Raises
    ------
    InputError
        If the scene is of a table and that was not given, or another one was.
    """
    if isinstance(scene.data, Toy | Points):
        return Opening(scene, drawn_dataset(scene))
    data = scene.data
    if table is None:
        raise InputError(
            f"This scene is about the table {data.name!r}, which a link never holds. Open that file too: "
            f"{data.rows} rows with the columns {', '.join(data.columns[:8])}."
        )
    if data.sha256 and digest and data.sha256 != digest:
        raise InputError(
            f"This scene is about {data.name!r}, but the file that was opened is another one: its contents differ. "
            "Open the same file, or the table without the scene."
        )
    return Opening(scene, table_dataset(table, scene), table)


def open_text(name: str, text: str, target: str | None, scene: Scene | None = None) -> Opening:
    """Return the table that a text holds; with a scene, as the scene says.

    Raises
    ------
    TableError, InputError
        If it is no table, or not that of the scene.
    """
    table, digest = read_text(name, text), digest_of_text(text)
    if scene is not None:
        return open_scene(scene, table, digest)
    return open_table(table, name, target, digest)


def open_table(table: Any, name: str = "table", target: str | None = None, digest: str = "") -> Opening:
    """Return a table as a scene; the target is the last column if none is named.

    Raises
    ------
    TableError
        If the table has no such column, or nothing to learn.
    """
    from deltarule.tables.reading import as_frame

    table = as_frame(table)
    chosen = guessed_target(table) if target is None else target
    data = Table(
        name=Path(name).name,
        target=chosen,
        columns=tuple(map(str, table.columns)),
        rows=len(table),
        sha256=digest,
    )
    scene = Scene(data=data, hidden=TABLE_HIDDEN)
    opening = Opening(scene, table_dataset(table, scene), table)
    if target is None:
        said = (
            f"The column to predict is {chosen!r}, the last one, because none was named. Choose another if it is not."
        )
        opening = replace(opening, dataset=replace(opening.dataset, notices=(said, *opening.dataset.notices)))
    return opening


def open_model(
    model: Any, name: str = "model", table: Any = None, target: str | None = None, member: int | None = None
) -> Opening:
    """Return a trained model, with the rows of a table or with rows that are drawn.

    Of networks that predict together it is one member, the first if none is named.

    Raises
    ------
    InputError
        If the model is of a kind that the page does not show, or has no such member.
    """
    committee = committee_of(model, target)
    if committee is not None:
        number = check_member(committee, member)
        return _open_member(committee, number, scene_of_members(committee, Path(name).name, 0.2), table)
    if member is not None:
        raise InputError(f"member={member} is for models whose networks predict together; this one has one network.")
    scene, theta = scene_of_model(model, Path(name).name, 0.2)
    if target is not None:
        scene = replace(scene, data=replace(scene.data, target=target))
    dataset = model_dataset(model, table, scene, Path(name).name, target)
    return Opening(scene, dataset, table, model, np.array(theta, dtype=np.float64))


def _open_member(model: Any, member: int, scene: Scene, table: Any) -> Opening:
    number = check_member(model, member)
    dataset = member_dataset(model, number, table, scene, scene.data.name)
    theta = network_of_member(model, number)[1]
    return Opening(scene, dataset, table, model, theta, number, len(model.thetas))


def _as_part(name: str, value: Any) -> Any:
    """Return the value of a part of a scene."""
    try:
        if name == "hidden":
            return tuple(int(one) for one in value)
        return float(value) if name == "split" else int(value) if name == "seed" else str(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise SettingsError(f"{name} is {str(value)[:60]!r}, which it cannot be.") from error
