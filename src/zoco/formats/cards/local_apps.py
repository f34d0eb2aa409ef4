"""Which models can a program on somebody's own machine run? By the tags a model must have: one of each group."""

from __future__ import annotations

_GGUF = (("gguf",),)
_CHAT = ("text-generation", "image-text-to-text", "conversational")
_SERVED = (("transformers",), _CHAT)
_PICTURES = (("diffusers",), ("text-to-image", "image-to-image"))

LOCAL_APPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "backyard-ai": _GGUF,
    "diffusionbee": _PICTURES,
    "docker-model-runner": _GGUF,
    "drawthings": _PICTURES,
    "invoke": _PICTURES,
    "jan": _GGUF,
    "jellybox": _GGUF,
    "joyfusion": _PICTURES,
    "koboldcpp": _GGUF,
    "llama.cpp": _GGUF,
    "lmstudio": _GGUF,
    "mlx-lm": (("mlx",), _CHAT),
    "msty": _GGUF,
    "node-llama-cpp": _GGUF,
    "ollama": _GGUF,
    "ramalama": _GGUF,
    "recursechat": _GGUF,
    "sanctum": _GGUF,
    "sglang": _SERVED,
    "tgi": _SERVED,
    "vllm": _SERVED,
}
