"""A small Hub as a class would have it: people, an organisation, models, datasets, one private and one gated."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib

from zoco.core.access import Access, Actor, Gated, Role, Visibility
from zoco.core.ids import RepoId, RepoType, Sha256
from zoco.hub.accounts.orgs import create_org, set_member
from zoco.hub.accounts.users import create_user, get_user, update_profile
from zoco.hub.community.likes import like
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.upload import Lfs, Upload
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, CopyOp, DeleteFile, FileOp, LfsOp, Operation
from zoco.hub.repos.create import create_repo
from zoco.hub.repos.downloads import count_download, flush
from zoco.hub.repos.open import open_for_admin, open_for_reading, open_for_writing
from zoco.hub.repos.refs import create_branch, create_tag
from zoco.hub.repos.settings import change_settings
from zoco.surfaces.state import Hub

PASSWORD = "jacaranda-21"
IRIS = RepoId(RepoType.MODEL, "alba", "iris")
CARD = r"""---
license: mit
language: [es, en]
library_name: sklearn
pipeline_tag: tabular-classification
tags: [biología, curso-2026]
datasets: [alba/flores]
---
# Iris

Distingue tres especies de lirio por el largo y el ancho de sus pétalos y sépalos.

## Usos previstos y limitaciones

- Clases de introducción: un problema que cabe en una pizarra.
- No sirve para identificar flores *en el campo*: solo conoce tres especies.

> [!WARNING]
> Los datos son de 1936 y de una sola península.

## Cómo usarlo

```python
import joblib
from huggingface_hub import hf_hub_download

modelo = joblib.load(hf_hub_download("alba/iris", "model.joblib"))
print(modelo.predict([[5.1, 3.5, 1.4, 0.2]]))  # setosa
```

## Evaluación

| Conjunto | Partición | Exactitud | Macro-F1 |
|---|---|--:|--:|
| flores | test | 0,973 | 0,971 |
| flores | validación | 0,960 | 0,958 |

La pérdida es $$L = -\sum_{i} y_i \log p_i$$ y cada árbol vota por \\(\arg\max_k p_k\\)[^1].

- [x] entrenado
- [ ] calibrado

![Pétalos](img/petals.png)

[^1]: Con cien árboles.
"""
TRAIN = '''"""Entrena el clasificador y lo guarda."""

from pathlib import Path

import joblib
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

SEED = 7


def entrenar(arboles: int = 100) -> RandomForestClassifier:
    datos = load_iris()
    return RandomForestClassifier(n_estimators=arboles, random_state=SEED).fit(datos.data, datos.target)


if __name__ == "__main__":
    joblib.dump(entrenar(), Path("model.joblib"))
'''
_CUENTOS = "taller-cuentos"
OTHERS = (
    (
        "alba",
        "flores",
        RepoType.DATASET,
        "task_categories: [tabular-classification]\nlicense: cc-by-4.0\nlanguage: [es]\nsize_categories: [n<1K]",
        "Ciento cincuenta flores medidas a mano, con su especie.",
    ),
    (
        _CUENTOS,
        "gpt2-cuentos-es",
        RepoType.MODEL,
        (
            "pipeline_tag: text-generation\nlibrary_name: transformers\nlicense: apache-2.0\nlanguage: es\n"
            "base_model: openai-community/gpt2"
        ),
        "Continúa historias breves en español. Pequeño, rápido y hecho para el aula.",
    ),
    (
        _CUENTOS,
        "whisper-quechua-es",
        RepoType.MODEL,
        "pipeline_tag: automatic-speech-recognition\nlibrary_name: transformers\nlicense: mit\nlanguage: [qu, es]",
        "Transcribe entrevistas que mezclan quechua sureño y español.",
    ),
    (
        _CUENTOS,
        "beto-opiniones",
        RepoType.MODEL,
        "pipeline_tag: text-classification\nlibrary_name: transformers\nlicense: apache-2.0\nlanguage: es",
        "Clasifica reseñas en positivas, neutras y negativas. Entrenado con noventa mil opiniones de seis países.",
    ),
    (
        _CUENTOS,
        "plancton-vit",
        RepoType.MODEL,
        "pipeline_tag: image-classification\nlibrary_name: timm\nlicense: cc-by-4.0",
        "Distingue 87 especies de plancton en imágenes de microscopio.",
    ),
    (
        _CUENTOS,
        "alunizaje-ppo",
        RepoType.MODEL,
        "pipeline_tag: reinforcement-learning\nlibrary_name: stable-baselines3\nlicense: mit",
        "Agente que aterriza en LunarLander con 271 puntos de media.",
    ),
    (
        _CUENTOS,
        "mil-cuentos",
        RepoType.DATASET,
        "task_categories: [text-generation]\nlicense: cc0-1.0\nlanguage: [es]",
        "Mil relatos de dominio público reunidos por estudiantes.",
    ),
    (
        _CUENTOS,
        "finales-posibles",
        RepoType.SPACE,
        (
            "title: Finales posibles\nsdk: gradio\nlicense: mit\nemoji: 📖\ncolorFrom: green\ncolorTo: yellow\n"
            "models: [alba/iris]\ndatasets: [alba/flores]"
        ),
        "Propone tres finales para tu cuento.",
    ),
)

BROKEN = RepoId(RepoType.MODEL, "alba", "con-falla")
BROKEN_CARD = """---
 tags:
- es
- bert
datasets:
- alba/flores
- alba/aun-no
---
# Con falla

Copiada con un espacio de más.
"""
MANY = 36
"""Models that make a second page: `alba/serie-00` and on, all in Portuguese."""
_TASKS = ("summarization", "translation", "fill-mask", "object-detection", "text-to-speech", "any-to-any", "graph-ml")


def fill(hub: Hub) -> None:
    alba = _person(
        hub, "alba", "Alba Quiroga", "Profesora de biología. Me gustan las plantas y los árboles de decisión."
    )
    bruno = _person(hub, "bruno", "Bruno Ferrán", "")
    org = create_org(hub.db, alba, "taller-cuentos", "Taller de Cuentos", Visibility.PUBLIC)
    set_member(hub.db, alba, org.name, "bruno", Role.CONTRIBUTOR)
    alba = actor(hub, "alba", org.name)
    _iris(hub, alba)
    for owner, name, type, front, text in OTHERS:
        card = f"---\n{front}\n---\n# {name}\n\n{text}\n"
        repo = create_repo(
            hub.storage, alba, RepoId(type, owner, name), sdk="gradio" if type is RepoType.SPACE else None
        )
        _commit(hub, alba, repo.id, "Write the card", FileOp("README.md", card.encode()))
        like(hub.db, open_for_reading(hub.storage, repo.id, alba), alba)
    like(hub.db, open_for_reading(hub.storage, IRIS, bruno), bruno)
    create_repo(hub.storage, alba, RepoId(RepoType.MODEL, "alba", "secreto"), visibility=Visibility.PRIVATE)
    gated = create_repo(hub.storage, alba, RepoId(RepoType.MODEL, "alba", "notas-anonimas"), license="apache-2.0")
    change_settings(hub.storage, open_for_admin(hub.storage, gated.id, alba), alba, gated=Gated.MANUAL)


def fill_more(hub: Hub) -> None:
    """After `fill`: more models than a page has, with downloads, sizes and a base, and one whose card is broken."""
    alba = actor(hub, "alba", _CUENTOS)
    create_repo(hub.storage, alba, BROKEN)
    _commit(hub, alba, BROKEN, "A draft", FileOp("borrador.md", BROKEN_CARD.encode()))
    _commit(hub, alba, BROKEN, "Take the draft", CopyOp("README.md", "borrador.md"))  # a README itself is checked
    for number in range(MANY):
        id = RepoId(RepoType.MODEL, "alba", f"serie-{number:02}")
        front = (
            f"pipeline_tag: {_TASKS[number % len(_TASKS)]}\nlibrary_name: keras\nlanguage: pt\n"
            f"tags: [tanda-{number % 18}]\nbase_model: alba/iris\nlicense: bsd-3-clause"
        )
        create_repo(hub.storage, alba, id)
        text = f"---\n{front}\n---\n# Serie {number}\n\nUno de los muchos.\n"
        weights = [_stored(hub, alba, id, "model.safetensors", safetensors(number + 1))] if number % 3 == 0 else []
        _commit(hub, alba, id, "Write the card", FileOp("README.md", text.encode()), *weights)
        for _ in range(number % 5):
            count_download(open_for_reading(hub.storage, id, alba).key)
    flush(hub.db)


def safetensors(thousands: int) -> bytes:
    """Weights of so many thousand parameters, all zero."""
    size = 4000 * thousands
    head = json.dumps({"w": {"dtype": "F32", "shape": [1000, thousands], "data_offsets": [0, size]}}).encode()
    return struct.pack("<Q", len(head)) + head + bytes(size)


def actor(hub: Hub, name: str, *orgs: str) -> Actor:
    user = get_user(hub.db, name)
    roles = {name.lower(): Role.ADMIN, **{org.lower(): Role.ADMIN for org in orgs}}
    return Actor(user.id, user.name, roles, Access.ADMIN)


def _person(hub: Hub, name: str, full_name: str, bio: str) -> Actor:
    user = create_user(hub.db, name, full_name=full_name, email=f"{name}@example.org", password=PASSWORD)
    update_profile(hub.db, user.id, bio=bio)
    return actor(hub, name)


def _iris(hub: Hub, alba: Actor) -> None:
    create_repo(hub.storage, alba, IRIS, license="mit")
    config = json.dumps({"n_estimators": 100, "classes": ["setosa", "versicolor", "virginica"]}, indent=2) + "\n"
    _commit(hub, alba, IRIS, "Write the card", FileOp("README.md", CARD.encode()), FileOp("img/petals.png", picture()))
    _commit(
        hub,
        alba,
        IRIS,
        "Train the forest",
        FileOp("entrenar.py", TRAIN.encode()),
        FileOp("config.json", config.encode()),
        _lfs(hub, alba, "model.joblib", 1_730_000),
    )
    _commit(
        hub,
        alba,
        IRIS,
        "Fifty trees more",
        FileOp("config.json", config.replace("100", "150").encode()),
        _lfs(hub, alba, "model.joblib", 2_140_000),
        FileOp("viejo.txt", b"adios\n"),
    )
    _commit(hub, alba, IRIS, "Sweep up", DeleteFile("viejo.txt"))
    writable = open_for_writing(hub.storage, IRIS, alba)
    create_branch(hub.storage, writable, alba, "ensayo/b")
    create_tag(hub.storage, open_for_writing(hub.storage, IRIS, alba), alba, "v1.0", revision="main", message="First")


def _commit(hub: Hub, who: Actor, id: RepoId, summary: str, *operations: Operation) -> None:
    repo = open_for_writing(hub.storage, id, who)
    commit(hub.storage, repo, who, "main", CommitRequest(summary, operations), via="web")


def _lfs(hub: Hub, who: Actor, path: str, size: int) -> LfsOp:
    return _stored(hub, who, IRIS, path, hashlib.shake_128(path.encode()).digest(size))


def _stored(hub: Hub, who: Actor, id: RepoId, path: str, data: bytes) -> LfsOp:
    size = len(data)
    sha256 = Sha256(hashlib.sha256(data).hexdigest())
    with Upload(
        Lfs(hub.db, hub.blobs, LfsLimits(10**9)), open_for_writing(hub.storage, id, who), sha256, size, who.user_id
    ) as upload:
        upload.feed(data)
        upload.finish()
    return LfsOp(path, sha256, size)


def picture(side: int = 160) -> bytes:
    """A PNG of a few petals, made here."""
    rows = bytearray()
    for y in range(side):
        rows.append(0)
        for x in range(side):
            near = ((x - side / 2) ** 2 + (y - side / 2) ** 2) ** 0.5
            rows += bytes((120, 70, 190) if near < side / 4 + 20 * ((x * y) % 7 == 0) else (235, 242, 238))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    )
