"""Which repositories? Lists, filters, sorting."""
