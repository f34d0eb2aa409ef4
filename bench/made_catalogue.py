"""A catalogue as large as one likes, and as uneven as real ones: a few tags are everywhere, most are nearly nowhere.

Task, library, language, licence, base model and size hang together: a picture generator is seldom a scikit-learn model
in Quechua. Rows go straight into the tables, in batches (`load`); nothing of it is in git.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from zoco.adapters.db.changes import Change
from zoco.adapters.db.engine import Database
from zoco.adapters.db.tables import card, change, namespace, repo
from zoco.core.ids import RepoType
from zoco.formats.cards.tasks import TASKS

BATCH = 5000
DAY_MS = 86_400_000
NOW_MS = 1_800_000_000_000

BASES = (
    *("bert", "roberta", "distilbert", "gpt2", "llama-3", "mistral", "qwen2", "gemma", "t5", "bart", "deberta-v3"),
    *("whisper", "wav2vec2", "vit", "clip", "sam", "sdxl", "flux", "resnet50", "yolov8", "phi-3", "falcon", "bloom"),
)
USES = ("sentiment", "ner", "qa", "chat", "instruct", "summary", "embed", "toxicity", "legal", "medical", "code")
FORMS = ("base", "large", "small", "tiny", "7b", "13b", "1b", "gguf", "lora", "awq", "v1", "v2", "finetuned", "spanish")
LIBRARIES = ("transformers", "peft", "diffusers", "sentence-transformers", "timm", "sklearn", "gguf", "keras", "spacy")
LANGUAGES = ("en", "zh", "es", "fr", "de", "ja", "pt", "ru", "ar", "ko", "it", "hi", "vi", "da", "sv", "ca", "eu", "qu")
LICENSES = ("apache-2.0", "mit", "other", "cc-by-4.0", "llama3", "openrail", "cc-by-nc-4.0", "gpl-3.0", "bsd-3-clause")
MODALITIES = ("text", "image", "audio", "tabular", "video", "timeseries")
FORMATS = ("parquet", "json", "csv", "imagefolder", "webdataset", "arrow")
SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M")
SDKS = ("gradio", "static", "docker", "streamlit")
FILE_TAGS = ("safetensors", "pytorch", "tensorboard", "onnx", "tf")


@dataclass(frozen=True)
class Made:
    key: int
    type: RepoType
    owner: int
    name: str
    is_public: bool
    tags: list[tuple[str, str]]
    description: str
    downloads: int
    likes: int
    trending: int
    created_at: int
    updated_at: int
    parameters: int | None


class Maker:
    def __init__(self, owners: int, datasets: int, models: int, seed: int = 1) -> None:
        self._rng = np.random.default_rng(seed)
        self.owners = owners
        self._datasets = max(datasets, 10)
        self._models = max(models, 10)
        self._tasks = list(TASKS)
        self._free = max(models // 10, 200)
        self._made: Counter[int] = Counter()
        """by owner: a number makes names unique, and as words they are shared"""

    def batch(self, type: RepoType, first_key: int, size: int) -> Iterator[Made]:
        rng = self._rng
        task, library, language = (self._zipf(size, a, n) for a, n in ((1.3, 45), (1.5, 9), (1.4, 18)))
        licence, base, use, form = (
            self._zipf(size, a, n) for a, n in ((1.5, 9), (1.1, 23), (1.1, len(USES)), (1.05, 14))
        )
        owner = self._zipf(size, 1.05, self.owners)
        frees = self._zipf((size, 4), 1.25, self._free)
        dataset = self._zipf((size, 2), 1.2, self._datasets)
        parent = self._zipf(size, 1.2, self._models)
        chance = rng.random((size, 8))
        downloads = np.minimum(rng.pareto(0.6, size) * 3, 10**9).astype(np.int64)
        likes = np.minimum(rng.pareto(0.8, size) * 0.5, 10**6).astype(np.int64)
        age = rng.integers(0, 1500 * DAY_MS, size)
        seen = (age * rng.random(size)).astype(np.int64)
        parameters = (10 ** rng.normal(8.7, 0.9, size)).astype(np.int64)
        for i in range(size):
            said = f"A {USES[use[i]]} model trained on pages about {FORMS[form[i]]}." if chance[i, 1] < 0.5 else ""
            tags = self._tags(
                type, task[i], library[i], language[i], licence[i], frees[i], dataset[i], parent[i], chance[i]
            )
            self._made[int(owner[i])] += 1
            name = f"{BASES[base[i]]}-{USES[use[i]]}-{FORMS[form[i]]}-{self._made[int(owner[i])]}"
            yield Made(
                key=first_key + i,
                type=type,
                owner=int(owner[i]),
                name=name,
                is_public=chance[i, 0] < 0.95,
                tags=tags,
                description=said,
                downloads=int(downloads[i]),
                likes=int(likes[i]),
                trending=int(likes[i]) % 50 if chance[i, 2] < 0.05 else 0,
                created_at=NOW_MS - int(age[i]),
                updated_at=NOW_MS - int(seen[i]),
                parameters=int(parameters[i]) if type is RepoType.MODEL and chance[i, 3] < 0.6 else None,
            )

    def _zipf(self, shape: Any, a: float, values: int) -> Any:  # Any: numpy's shapes and arrays
        """Ranks from 0, below `values`."""
        uniform = self._rng.random(shape)
        exponent = 1.0 / (1.0 - a) if a != 1 else 1.0
        top = float(values) ** (1.0 - a)
        return np.minimum(((top - 1.0) * uniform + 1.0) ** exponent - 1.0, values - 1).astype(np.int64)

    def _tags(
        self, type: RepoType, task: int, library: int, language: int, licence: int,
        frees: Sequence[int], dataset: Sequence[int], parent: int, chance: Sequence[float],
    ) -> list[tuple[str, str]]:  # fmt: skip
        tags: list[tuple[str, str]] = []
        if type is RepoType.SPACE:
            tags.append(("sdk", SDKS[min(licence, 3)]))
        elif type is RepoType.DATASET:
            tags.append(("task", self._tasks[task]))
            tags.append(("modality", MODALITIES[min(library, 5)]))
            tags.append(("format", FORMATS[min(licence, 5)]))
            tags.append(("size", SIZES[language % 6]))
        else:
            library = (task + (0 if chance[4] < 0.8 else library)) % 9 if chance[4] < 0.95 else library
            tags += [("library", LIBRARIES[0 if chance[4] < 0.55 else library]), ("task", self._tasks[task])]
            tags += [("library", FILE_TAGS[int(chance[5] * 9) % 5]), ("region", "us")]
            if chance[6] < 0.5:
                tags += [("base_model", f"o{parent % self.owners}/m{parent}")]
                tags += [("base_model", f"finetune:o{parent % self.owners}/m{parent}")]
            tags += [("dataset", f"o{one % self.owners}/d{one}") for one in dataset[: int(chance[7] * 3)]]
        if chance[5] < 0.6:
            tags.append(("language", LANGUAGES[language]))
        if chance[6] < 0.7:
            tags.append(("license", LICENSES[licence]))
        tags += [("other", f"tag-{one}") for one in frees[: int(chance[4] * 5)]]
        return list(dict.fromkeys(tags))


@dataclass(frozen=True)
class Size:
    models: int
    datasets: int
    spaces: int

    @property
    def total(self) -> int:
        return self.models + self.datasets + self.spaces


CAMPUS = Size(30_000, 7_500, 7_500)
HUB = Size(2_000_000, 500_000, 500_000)


def everything(size: Size, seed: int = 1) -> Iterator[Made]:
    maker = Maker(max(size.total // 20, 5), size.datasets, size.models, seed)
    key = 1
    wanted = ((RepoType.MODEL, size.models), (RepoType.DATASET, size.datasets), (RepoType.SPACE, size.spaces))
    for type, count in wanted:
        while count > 0:
            part = min(count, BATCH)
            yield from maker.batch(type, key, part)
            key, count = key + part, count - part


def load(db: Database, size: Size, seed: int = 1) -> float:
    """Into an empty, migrated database; the seconds it took. One row in the log stands for all."""
    started = time.monotonic()
    owners = max(size.total // 20, 5)
    with db.write() as write:
        for at in range(0, owners, BATCH):
            write.execute(namespace.insert(), [_owner(n) for n in range(at, min(at + BATCH, owners))])
    made = everything(size, seed)
    while batch := list(islice(made, BATCH)):
        with db.write() as write:
            write.execute(repo.insert(), [_repo(one) for one in batch])
            write.execute(card.insert(), [_card(one) for one in batch])
    with db.write() as write:
        write.execute(change.insert(), [{"repo_id": 1, "kind": int(Change.NUMBERS), "at": NOW_MS}])
    return time.monotonic() - started


def _owner(number: int) -> dict[str, Any]:  # Any: columns
    name = f"o{number}"
    values = {"public_id": f"{number:024x}", "name": name, "name_key": name, "kind": "user", "created_at": NOW_MS}
    return {"id": number + 1, **values}


def _repo(one: Made) -> dict[str, Any]:
    return {
        "id": one.key,
        "public_id": f"{one.key:024x}",
        "type": one.type.value,
        "namespace_id": one.owner + 1,
        "name": one.name,
        "name_key": one.name,
        "visibility": "public" if one.is_public else "private",
        "downloads": one.downloads,
        "likes": one.likes,
        "trending": one.trending,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }


def _card(one: Made) -> dict[str, Any]:
    return {
        "repo_id": one.key,
        "commit_oid": f"{one.key:040x}",
        "data": {"license": "mit"},
        "description": one.description,
        "tags": one.tags,
        "links": [f"dataset:{value}" for kind, value in one.tags if kind == "dataset"],
        "pipeline_tag": next((value for kind, value in one.tags if kind == "task"), None),
        "library_name": next((value for kind, value in one.tags if kind == "library"), None),
        "parameters": one.parameters,
        "rules": 10**6,
    }
