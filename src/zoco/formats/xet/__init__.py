"""The Xet protocol (huggingface.co/docs/xet): bytes and values. Pure."""
