"""Zoco: a self-hosted Hub for models, datasets and demos."""

__version__ = "0.1.0"
