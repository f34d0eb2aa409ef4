"""One numbered file for each step; its docstring says why, and what it costs on a big table."""
