"""Who someone is, what a token may, which organisations they belong to."""
