"""The frame of the app: signing in where that is set up, the pages, and the address."""

from __future__ import annotations

import streamlit as st

from flowsim.pages import compare, method, people, scenario, where
from flowsim.pages.decide.page import page as decide
from flowsim.pages.parts import STYLE
from flowsim.pages.session import choice, escaped, hold_in_address, say_what_the_address_got_wrong


def main() -> None:
    """Draw the page that was asked for."""
    st.set_page_config(page_title="flowsim", layout="wide", initial_sidebar_state="auto")
    st.html(STYLE)
    if not _may_come_in():
        return
    choice()  # before anything else: it reads the address
    pages = [
        st.Page(compare.page, title="Compare", url_path="compare", default=True),
        st.Page(where.page, title="Where people wait", url_path="where"),
        st.Page(people.page, title="People", url_path="people"),
        st.Page(decide, title="Decide", url_path="decide"),
        st.Page(scenario.page, title="Scenario", url_path="scenario"),
        st.Page(method.page, title="Method", url_path="method"),
    ]
    page = st.navigation(pages, position="top")
    # Whoever has several tabs open, or hears titles read out, tells the pages apart by this.
    st.set_page_config(page_title=f"{page.title} - flowsim")
    say_what_the_address_got_wrong()
    page.run()
    # Only on a narrow screen, where the line of pages at the top is folded away.
    with st.container(key="other-pages"):
        for other in pages:
            st.page_link(other)
    hold_in_address()
    if _sign_in_is_set_up():
        _sign_out()


def _may_come_in() -> bool:
    """Whether the visitor is signed in, or nobody has to be; else the way to sign in."""
    if not _sign_in_is_set_up():
        return True
    if getattr(st.user, "is_logged_in", False):
        return True
    st.title("flowsim")
    st.markdown("Please sign in with your organisation's account.")
    st.button("Sign in", on_click=st.login, type="primary")
    return False


def _sign_out() -> None:
    with st.sidebar:
        st.markdown(
            f"Signed in as {escaped(str(st.user.get('email') or st.user.get('name') or 'somebody'))}."
        )
        st.button("Sign out", on_click=st.logout)


def _sign_in_is_set_up() -> bool:
    """Whether the server's secrets name an OIDC provider (docs/app.md)."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False
