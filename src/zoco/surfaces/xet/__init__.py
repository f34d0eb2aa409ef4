"""The content-addressed store that hf-xet speaks to."""
