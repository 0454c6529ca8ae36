"""Networks that predict together: which of them is open is a control of the page."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from page.gestures import has, press, reach

pytestmark = pytest.mark.browser


def test_a_member_is_chosen_by_the_keyboard(browser: Any) -> None:
    from deltarule import TableClassifier
    from deltarule.play.opening import open_model
    from deltarule.play.server import Server
    from deltarule.play.session import Session

    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(80, 2)), columns=["width", "height"])
    y = np.where(frame["width"] + frame["height"] > 0, "large", "small")
    model = TableClassifier(n_members=2, hidden_layer_sizes=(8, 6), epochs=3, random_state=0).fit(frame, y)
    session = Session(open_model(model, "model", frame.assign(y=y)))
    server = Server(session)
    server.start()
    page = browser.new_page()
    try:
        page.goto(server.url)
        page.get_by_label("member").wait_for()
        assert session.snapshot.opening.member == 1
        first = np.array(session.snapshot.theta)
        has(page.get_by_label("hidden layers"), 0)  # the network is that of the model
        reach(page, "member")
        press(page, "ArrowDown")
        page.wait_for_function("() => document.querySelector('#dr-member').value === '2'")
        page.wait_for_timeout(500)
        assert session.snapshot.opening.member == 2
        assert not np.array_equal(first, session.snapshot.theta)
    finally:
        page.close()
        server.close()
        session.close()
