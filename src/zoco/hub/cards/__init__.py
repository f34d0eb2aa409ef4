"""The card at a commit, as typed metadata."""
