"""One module for each group of pages: a frozen dataclass per page, the function that builds it, its route."""
