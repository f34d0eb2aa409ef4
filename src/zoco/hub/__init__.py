"""What the Hub means: one room for each noun."""
