"""The app: `streamlit run app.py`, or `flowsim app`."""

# Processes that a run starts read this file too, under another name; they draw no pages, and need not load them.
if __name__ == "__main__":
    from flowsim.pages.start import main

    main()
