"""The words every room shares: ids, access, errors, events, pages. Pure: no I/O, no clock, no environment."""
