"""The app: six pages over the public surface; it shows and asks, and does no arithmetic of its own."""
