"""The app: `streamlit run app.py`, or `flowsim app`."""

from flowsim.pages.start import main

main()
