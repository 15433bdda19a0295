"""Signing in, with a provider of our own: nobody sees anything before, and everything after."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from typer.testing import CliRunner

import browser as tools
from flowsim.cli.app import app
from tests.pages.provider import CLIENT, SECRET, provided
from tests.pages.visitors import Visitor, address_of, small_choice

pytestmark = pytest.mark.uncounted  # so is the server


def test_who_has_not_signed_in_sees_nothing(chromium: Browser, tmp_path: Path) -> None:
    port, file = tools.free_port(), tmp_path / "sign-in.toml"
    with provided() as provider:
        file.write_text(
            f"""[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "a long word only for this test"
client_id = "{CLIENT}"
client_secret = "{SECRET}"
server_metadata_url = "{provider}/.well-known/openid-configuration"
""",
            encoding="utf-8",
        )
        with tools.served("--sign-in", str(file), port=port) as server:
            visitor = Visitor(chromium.new_context(), server)
            page = visitor.page
            page.goto(server + "/" + address_of(small_choice()))
            button = page.get_by_role("button", name="Sign in")
            expect(button).to_be_visible()
            assert page.locator("p.answer").count() == 0
            assert page.get_by_text("Where people wait").count() == 0
            button.click()
            page.get_by_role("link", name="I am analyst@example.nhs.uk").click()
            page.wait_for_selector("p.answer")
            page.get_by_role("button", name="Sign out").click()
            expect(page.get_by_role("button", name="Sign in")).to_be_visible()
            visitor.page.context.close()


def test_a_sign_in_file_that_is_not_there_is_said() -> None:
    said = CliRunner().invoke(app, ["app", "--sign-in", "none.toml"])
    assert said.exit_code == 2
    assert "none.toml" in said.output
