"""The app: `streamlit run app.py`, or `flowsim app`."""

from flowsim.pages.start import main

# Processes that a run starts read this file too, under another name; they must not draw pages.
if __name__ == "__main__":
    main()
