"""The tables of accounts, one module for each noun: all SQL about them is here."""
