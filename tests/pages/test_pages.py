"""The app without a browser: signing in, complaints in words, settings, and the way it is started."""

from __future__ import annotations

import ast
import sys
import time
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import flowsim
from browser import served
from flowsim.cli.app_command import LOOPBACK, app_command, app_script
from flowsim.decisions.plausible import Plausible
from flowsim.pages import parts, where
from flowsim.pages import runner as runners
from flowsim.pages.choice import to_address
from flowsim.pages.runner import Order
from flowsim.pages.session import runner
from flowsim.scenario.levers import OWN_NAME
from tests.pages.visitors import SMALL, small_choice

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


pytestmark = pytest.mark.usefixtures("one_core")


def opened(**more: object) -> AppTest:
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for key, value in to_address(small_choice(**more)).items():
        test.query_params[key] = value
    return test.run()


def test_the_start_asks_one_question_and_shows_that_it_works() -> None:
    test = opened()
    assert not test.exception
    assert [t.value for t in test.title] == ["Do we keep delayed transfers at or under 4?"]


@pytest.mark.uncounted  # long, and others go through its lines
def test_levers_have_unit_range_hint_and_source() -> None:
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.query_params["replications"] = "2"
    for group in ("STIT", "Demand and winter"):
        test.session_state[f"group {group}"] = True  # unfolded: what is folded away is not drawn
    test.run()
    capacity = next(n for n in test.number_input if n.label.startswith("STIT: reablement at home: capacity"))
    assert "(people)" in capacity.label
    assert "0 or more; 242 in the scenario" in capacity.help
    stays = next(n for n in test.number_input if n.label.startswith("Stays in hospital until ready"))
    assert "From 0 to 3; 1 in the scenario" in stays.help
    assert "CQC" in capacity.help


def test_what_is_folded_away_is_not_drawn_and_keeps_its_levers() -> None:
    test = opened(levers={"services.stit.capacity": 27.0})
    assert not test.exception
    assert [n.label for n in test.number_input] == ["Replications"]
    assert "STIT: 1 changed" in [beneath.value for beneath in test.caption]
    assert test.query_params["lever.services.stit.capacity"] == "27"


def test_who_waits_for_the_engine_to_be_compiled_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runners.Runner, "_choose", lambda self: None)  # nothing gets done
    monkeypatch.setattr(parts, "MOMENT_SECONDS", 0.0)
    monkeypatch.setattr(parts, "what_to_expect", lambda engine: f"Preparing the {engine} engine.")
    (progress,) = opened().get("progress")
    assert progress.proto.text == f"Preparing the {runner().engine} engine."


def test_a_browser_that_missed_the_first_drawing_shows_what_is_chosen() -> None:
    """A value that is put into the session's state is sent once; a busy browser that misses it begins with the default.

    So the default must be what is chosen, in every drawing: else a slow browser sets all levers to their lowest.
    """
    test = opened(levers={"services.stit.capacity": 9.0})
    test.session_state["group STIT"] = True  # unfolded
    test.run()
    numbers = {n.label: (n.proto.default, n.value) for n in test.sidebar.number_input}
    assert all(default == value for default, value in numbers.values()), numbers
    assert numbers["Replications"][0] == small_choice().replications
    assert 9.0 in [default for label, (default, _) in numbers.items() if "capacity" in label]
    for box in test.selectbox:
        assert box.options[box.proto.default] == box.value, box.label
    (plans,) = test.sidebar.multiselect
    assert [plans.options[place] for place in plans.proto.default] == plans.value
    ticks = [(t.proto.default, t.value) for t in test.sidebar.checkbox]
    assert all(default == value for default, value in ticks)


def test_an_address_that_cannot_be_used_is_said_in_words() -> None:
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.query_params["base"] = "no-such-thing"
    test.query_params["replications"] = "2"
    test.run()
    assert not test.exception
    assert "no-such-thing" in test.warning[0].value


def test_plans_of_another_period_are_refused_in_words() -> None:
    test = opened(plans=("winter-pressure",))
    assert not test.exception
    assert "only the same period can be compared" in test.error[0].value.replace("\\", "")


def test_a_plausible_set_is_offered_where_it_suits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "services.stit.capacity"
    table = pd.DataFrame({path: [8.0, 20.0], "weight": 1.0, "discrepancy": 1.0})
    Plausible("small", (path,), table, "").save(tmp_path / "my-set")
    assert "Uncertainty" not in [box.label for box in opened().selectbox]
    monkeypatch.setenv("FLOWSIM_PLAUSIBLE", str(tmp_path / "my-set"))
    test = opened(plausible="my-set")
    assert not test.exception
    box = next(box for box in test.selectbox if box.label == "Uncertainty")
    assert box.value == "my-set"
    for _ in range(40):
        if any("1 number fitted to data" in c.value for c in test.caption):
            break
        time.sleep(0.25)
        test.run()
    else:
        pytest.fail("the page does not say that bands carry the doubt about fitted numbers")


def test_where_a_set_does_not_suit_ones_own_plan_the_page_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member's value goes along with what a lever was moved to, and may come out as what no scenario can have."""
    path = "services.stit.capacity"
    table = pd.DataFrame({path: [8e8, 20.0], "weight": 1.0, "discrepancy": 1.0})
    Plausible("small", (path,), table, "", {path: 25.0}).save(tmp_path / "my-set")
    monkeypatch.setenv("FLOWSIM_PLAUSIBLE", str(tmp_path / "my-set"))
    fits = opened(plausible="my-set")
    assert not fits.warning
    moved = opened(plausible="my-set", levers={path: 1_000.0})
    assert not moved.exception
    assert ["does not suit your own plan" in w.value for w in moved.warning] == [True]


def _where() -> None:
    from flowsim.pages import where

    where.page()


def _orders_of_prices(monkeypatch: pytest.MonkeyPatch, **more: object) -> list[Order]:
    """What a visitor who asks for the price of each bottleneck has run."""
    asked: list[list[Order]] = []
    monkeypatch.setattr(where, "awaited", asked.append)
    test = AppTest.from_function(_where, default_timeout=60)
    for key, value in to_address(small_choice(shown=OWN_NAME, replications=2, **more)).items():
        test.query_params[key] = value
    test.session_state["priced"] = OWN_NAME
    assert not test.run().exception
    return asked[-1]


def test_visitors_whose_plans_have_one_name_see_each_their_own_prices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = "services.stit.capacity"
    for capacity in (9.0, 40.0):
        orders = _orders_of_prices(monkeypatch, levers={path: capacity})
        found = {order.scenario.services["stit"].capacity for order in orders}
        assert found == {capacity, capacity + 1}


def test_visitors_whose_files_differ_in_a_label_see_each_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    label = flowsim.load(ROOT / "tests" / "pages" / "small.toml").services["stit"].label
    assert f'"{label}"' in SMALL
    for other in ("Reablement of trust A", "Reablement of trust B"):
        text = SMALL.replace(f'"{label}"', f'"{other}"')
        orders = _orders_of_prices(monkeypatch, levers={"services.stit.capacity": 9.0}, file_text=text)
        assert {order.scenario.services["stit"].label for order in orders} == {other}


def test_what_a_page_keeps_for_all_visitors_is_told_apart_by_more_than_a_name() -> None:
    """Streamlit does not look at arguments that begin with an underscore, so a mark beside them has to say what is in them."""
    kept = [
        (f"{file.name}: {node.name}", {argument.arg for argument in node.args.args})
        for file in sorted((ROOT / "flowsim" / "pages").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and any("st.cache_" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]
    assert len(kept) > 5
    unseen = [name for name, names in kept if any(n.startswith("_") for n in names) and "mark" not in names]
    assert unseen == []


def test_several_complaints_are_told_apart_on_the_page() -> None:
    def complaining() -> None:
        from flowsim.errors import DataError
        from flowsim.pages.session import complain

        complain(DataError(["one is wrong", "another is too"]))

    (error,) = AppTest.from_function(complaining).run().error
    assert error.value == "one is wrong\n\nanother is too"


def test_with_sign_in_set_up_nobody_sees_anything_before() -> None:
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.secrets["auth"] = {"client_id": "x"}
    test.run()
    assert not test.exception
    assert [b.label for b in test.button] == ["Sign in"]
    assert not test.selectbox


def test_the_shipped_settings_are_safe() -> None:
    server = SETTINGS["server"]
    assert server["address"] == LOOPBACK
    assert server["enableXsrfProtection"] is server["enableCORS"] is True
    assert server["enableStaticServing"] is False
    assert server["maxUploadSize"] == 5
    assert SETTINGS["browser"]["gatherUsageStats"] is False
    # Streamlit's own advertisement would stand in front of the question, wherever a browser is opened.
    assert SETTINGS["logger"]["hideWelcomeMessage"] is True
    assert SETTINGS["client"]["showErrorDetails"] == "none"


def test_a_newcomer_is_asked_nothing_before_the_first_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit asks who has never used it for an e-mail address, and waits, unless it is told not to."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("BROWSER", "true")  # a program that does nothing, for a browser
    with served("--browser") as address:
        assert address


def test_the_app_starts_on_loopback_unless_told_otherwise() -> None:
    assert app_script() == ROOT / "app.py"
    command = app_command(8501, LOOPBACK, None, headless=True)
    assert command[:4] == [sys.executable, "-m", "streamlit", "run"]
    assert "--server.address=127.0.0.1" in command
    assert "--server.allowedHosts=flow.nhs.uk" in app_command(8501, "0.0.0.0", "flow.nhs.uk", headless=True)


def test_the_small_scenario_is_small_enough_for_an_address() -> None:
    assert "file" in to_address(small_choice(file_text=SMALL))
