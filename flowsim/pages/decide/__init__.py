"""The page that answers what people decide about: one question at a time, worked out in the background."""
