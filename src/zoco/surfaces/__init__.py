"""Who calls us: one room for each wire."""
