"""The Hub's HTTP API, as huggingface_hub and its siblings speak it."""
