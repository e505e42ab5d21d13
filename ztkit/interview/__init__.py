"""The interview: what to ask whom and in which order, what was said, and saving it without losing any of it."""
