"""Repository cards: front matter and its meaning."""
