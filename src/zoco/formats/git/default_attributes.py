"""Which files go by LFS in a new repository? The patterns huggingface.co gives it, and those of newer formats."""

from __future__ import annotations

from zoco.core.ids import RepoType

_WEIGHTS = (
    "*.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gguf *.gz *.h5 *.joblib *.keras *.lfs.* *.mlmodel *.model *.msgpack *.npy"
    " *.npz *.onnx *.ot *.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors saved_model/**/* *.tar.* *.tar"
    " *.tflite *.tgz *.wasm *.xz *.zip *.zst *tfevents*"
).split()

_DATA = "*.avro *.lz4 *.mds".split()

_MEDIA = {
    "Audio files - uncompressed": "*.pcm *.sam *.raw",
    "Audio files - compressed": "*.aac *.flac *.mp3 *.ogg *.wav",
    "Image files - uncompressed": "*.bmp *.gif *.png *.tiff",
    "Image files - compressed": "*.jpg *.jpeg *.webp",
    "Video files - compressed": "*.mp4 *.webm",
}


def _rule(pattern: str) -> str:
    return f"{pattern} filter=lfs diff=lfs merge=lfs -text\n"


def default_gitattributes(type: RepoType) -> str:
    if type is not RepoType.DATASET:
        return "".join(map(_rule, _WEIGHTS))
    text = "".join(map(_rule, sorted([*_WEIGHTS, *_DATA])))
    for heading, patterns in _MEDIA.items():
        text += f"# {heading}\n" + "".join(map(_rule, patterns.split()))
    return text
