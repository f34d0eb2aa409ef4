"""How is this repository used from code? Short programs of our own, always with this Hub's address."""

from __future__ import annotations

import json
from dataclasses import dataclass

from zoco.core.ids import RepoId, RepoType
from zoco.hub.catalog.info import RepoInfo


@dataclass(frozen=True, slots=True)
class Snippet:
    """`title` is a name of a library or program, and needs no translation."""

    title: str
    code: str


def snippets_for(info: RepoInfo, endpoint: str) -> tuple[Snippet, ...]:
    id = info.id
    by_library = _in_python(info)
    found = []
    if by_library:
        setting = f'import os\n\nos.environ["HF_ENDPOINT"] = {json.dumps(endpoint)}  # before the other imports\n\n'
        found.append(Snippet(by_library.title, setting + by_library.code))
    found += [Snippet("hf", hf_download(id, endpoint)), Snippet("git", git_clone(id, endpoint))]
    return tuple(found)


def hf_download(id: RepoId, endpoint: str) -> str:
    kind = "" if id.type is RepoType.MODEL else f" --repo-type {id.type.value}"
    return f"export HF_ENDPOINT={endpoint}\nhf download {id.full_name}{kind}"


def git_clone(id: RepoId, endpoint: str) -> str:
    return f"git lfs install\ngit clone {endpoint}/{id.path}"


def _in_python(info: RepoInfo) -> Snippet | None:
    name = json.dumps(info.id.full_name)
    if info.id.type is RepoType.DATASET:
        return Snippet("datasets", f"from datasets import load_dataset\n\ndataset = load_dataset({name})")
    if info.id.type is RepoType.SPACE:
        return None
    make = _BY_LIBRARY.get(info.library_name or "")
    return make(info, name) if make else None


def _transformers(info: RepoInfo, name: str) -> Snippet:
    auto = info.transformers.auto_model if info.transformers else "AutoModel"
    if info.pipeline_tag and info.pipeline_tag not in {"feature-extraction", "reinforcement-learning"}:
        code = f"from transformers import pipeline\n\npipe = pipeline({json.dumps(info.pipeline_tag)}, model={name})"
    else:
        code = (
            f"from transformers import AutoTokenizer, {auto}\n\n"
            f"tokenizer = AutoTokenizer.from_pretrained({name})\nmodel = {auto}.from_pretrained({name})"
        )
    return Snippet("Transformers", code)


def _sklearn(info: RepoInfo, name: str) -> Snippet:
    file = _pickle_of(info)
    code = (
        "import joblib\nfrom huggingface_hub import hf_hub_download\n\n"
        f"# joblib files can run code when loaded: only load those of people you trust\n"
        f"model = joblib.load(hf_hub_download({name}, {json.dumps(file)}))"
    )
    return Snippet("scikit-learn", code)


def _pickle_of(info: RepoInfo) -> str:
    paths = [sibling.path for sibling in info.siblings or ()]
    said = info.card.get("sklearn", {}) if isinstance(info.card.get("sklearn"), dict) else {}
    named = said.get("filename")
    if isinstance(named, str) and named in paths:
        return named
    return next((path for path in paths if path.endswith((".joblib", ".pkl", ".pickle"))), "model.joblib")


def _sentence_transformers(_info: RepoInfo, name: str) -> Snippet:
    return Snippet(
        "sentence-transformers",
        f"from sentence_transformers import SentenceTransformer\n\nmodel = SentenceTransformer({name})\n"
        'vectors = model.encode(["…"])',
    )


def _diffusers(_info: RepoInfo, name: str) -> Snippet:
    return Snippet(
        "Diffusers", f"from diffusers import DiffusionPipeline\n\npipe = DiffusionPipeline.from_pretrained({name})"
    )


def _peft(info: RepoInfo, name: str) -> Snippet:
    base = json.dumps(info.base_models[0].id) if info.base_models else '"…"'
    return Snippet(
        "PEFT",
        "from peft import PeftModel\nfrom transformers import AutoModelForCausalLM\n\n"
        f"base = AutoModelForCausalLM.from_pretrained({base})\nmodel = PeftModel.from_pretrained(base, {name})",
    )


def _timm(_info: RepoInfo, name: str) -> Snippet:
    hub_name = json.dumps(f"hf_hub:{json.loads(name)}")
    return Snippet("timm", f"import timm\n\nmodel = timm.create_model({hub_name}, pretrained=True)")


def _keras(_info: RepoInfo, name: str) -> Snippet:
    hub_name = json.dumps(f"hf://{json.loads(name)}")
    return Snippet("Keras", f"import keras\n\nmodel = keras.saving.load_model({hub_name})")


_BY_LIBRARY = {
    "transformers": _transformers,
    "sklearn": _sklearn,
    "sentence-transformers": _sentence_transformers,
    "diffusers": _diffusers,
    "peft": _peft,
    "timm": _timm,
    "keras": _keras,
}
