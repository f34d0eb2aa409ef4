"""A first program for each task, that takes its model from this Hub."""

from __future__ import annotations

import json

_INPUTS = {
    "text-classification": '"Llegó antes de lo previsto y funciona muy bien."',
    "token-classification": '"Gabriela Mistral nació en Vicuña en 1889."',
    "zero-shot-classification": '"¿Cuándo abre la biblioteca?", candidate_labels=["horarios", "precios", "quejas"]',
    "fill-mask": 'f"El agua hierve a cien {pipe.tokenizer.mask_token}."',
    "text-generation": '"Era un día brillante y soleado", max_new_tokens=40',
    "feature-extraction": '"Un texto que se compara con otros"',
    "automatic-speech-recognition": '"entrevista.flac"',
    "audio-classification": '"canto.wav"',
    "text-to-speech": '"Buenos días a toda la clase."',
    "text-to-audio": '"lluvia sobre un techo de zinc"',
    "image-classification": '"hoja.jpg"',
    "object-detection": '"rebaño.jpg"',
    "image-segmentation": '"rio.png"',
    "depth-estimation": '"pasillo.jpg"',
    "image-feature-extraction": '"hoja.jpg"',
    "mask-generation": '"celulas.png"',
    "video-classification": '"gesto.mp4"',
    "zero-shot-image-classification": '"foto.jpg", candidate_labels=["llama", "alpaca", "vicuña"]',
    "zero-shot-object-detection": '"foto.jpg", candidate_labels=["llama", "sombrero"]',
    "image-text-to-text": 'images="grafico.png", text="¿Qué muestra este gráfico?"',
    "document-question-answering": '"factura.png", "¿Cuál es el total?"',
    "table-question-answering": '{"ciudad": ["Quito", "Lima"], "altitud": ["2850", "154"]}, "¿Cuál está más alta?"',
}
"""Tasks of the `pipeline` function of Transformers, each with something to give it."""

_PICTURES = frozenset(
    {"text-to-image", "image-to-image", "text-to-video", "image-to-video", "unconditional-image-generation"}
    | {"image-text-to-image", "image-text-to-video", "video-to-video", "text-to-3d", "image-to-3d"}
)
_VECTORS = frozenset({"sentence-similarity", "text-retrieval"})
_SEQUENCES = frozenset({"translation", "summarization", "text2text-generation", "table-to-text", "tabular-to-text"})
_TABLES = frozenset({"tabular-classification", "tabular-regression"})


def code_for(task: str, model: str, endpoint: str) -> str:
    """A whole program. `model` is one of this Hub, or an example of a name."""
    setting = f'import os\n\nos.environ["HF_ENDPOINT"] = {json.dumps(endpoint)}  # before the other imports\n\n'
    return setting + _code(task, json.dumps(model))


def _code(task: str, name: str) -> str:
    if task in _INPUTS:
        return (
            "from transformers import pipeline\n\n"
            f"pipe = pipeline({json.dumps(task)}, model={name})\nprint(pipe({_INPUTS[task]}))"
        )
    if task in _PICTURES:
        return f"from diffusers import DiffusionPipeline\n\npipe = DiffusionPipeline.from_pretrained({name})"
    if task in _VECTORS:
        return (
            f"from sentence_transformers import SentenceTransformer\n\nmodel = SentenceTransformer({name})\n"
            'vectors = model.encode(["¿Dónde está la biblioteca?", "¿Cómo llego a la biblioteca?"])\n'
            "print(model.similarity(vectors, vectors))"
        )
    if task == "text-ranking":
        return (
            f"from sentence_transformers import CrossEncoder\n\nmodel = CrossEncoder({name})\n"
            'print(model.rank("altitud de Quito", ["Quito está a 2850 metros.", "Lima está junto al mar."]))'
        )
    if task in _SEQUENCES:
        return (
            "from transformers import AutoModelForSeq2SeqLM, AutoTokenizer\n\n"
            f"name = {name}\n"
            "tokenizer = AutoTokenizer.from_pretrained(name)\nmodel = AutoModelForSeq2SeqLM.from_pretrained(name)\n"
            'tokens = tokenizer("El río baja crecido.", return_tensors="pt")\n'
            "print(tokenizer.decode(model.generate(**tokens)[0], skip_special_tokens=True))"
        )
    if task in _TABLES:
        return (
            "import joblib\nfrom huggingface_hub import hf_hub_download\n\n"
            "# joblib files can run code when loaded: only load those of people you trust\n"
            f'model = joblib.load(hf_hub_download({name}, "model.joblib"))'
        )
    return f"from huggingface_hub import snapshot_download\n\nfolder = snapshot_download({name})\nprint(folder)"
