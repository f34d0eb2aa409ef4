"""Lists as huggingface_hub asks for them: three ages of the client, every argument.

And «how many token-classification models in English?»: the number on the page, the rows and the API's total are one.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.clients.client_environments import node_with, python_with
from tests.clients.hf_client import api_of, environment, run
from tests.running import Person, Server

pytestmark = pytest.mark.client

MODELS = {
    "tok-en-small": "language: en\npipeline_tag: token-classification\n"
    "library_name: spacy\nlicense: mit\ndatasets: [ana/ner]",
    "tok-en-large": "language: [en, es]\npipeline_tag: token-classification\n"
    "library_name: transformers\nlicense: apache-2.0",
    "tok-es": "language: es\npipeline_tag: token-classification\nlibrary_name: transformers\nlicense: mit",
    "asr-es": "language: es\npipeline_tag: automatic-speech-recognition\nlibrary_name: speechbrain\ntags: [voces]",
    "wmt-da": "language: en\ntags: [da, wmt]\npipeline_tag: text-generation\nbase_model: ana/tok-en-large",
    "dansk": "language: da\npipeline_tag: text-generation\nlicense: other",
}
DATASETS = {
    "ner": "task_categories: [token-classification]\nlanguage: en\nsize_categories: [1K<n<10K]\n"
    "multilinguality: [monolingual]",
    "voz": "task_categories: [automatic-speech-recognition]\nlanguage: [es, qu]\nlanguage_creators: [crowdsourced]\n"
    "task_ids: [speech]\nlicense: cc-by-4.0",
}
SPACES = {"demo": "sdk: static\nmodels: [ana/tok-es]\ndatasets: [ana/ner]", "other": "sdk: static\ntags: [game]"}


@pytest.fixture(scope="module")
def catalogue(server: Server) -> Person:
    """The one whose repositories these are."""
    person = server.person("lister")
    api = api_of(server, person)
    for kind, cards in (("model", MODELS), ("dataset", DATASETS), ("space", SPACES)):
        for name, yaml in cards.items():
            mine = yaml.replace("ana/", f"{person.name}/")
            id_ = f"{person.name}/{name}"
            api.create_repo(id_, repo_type=kind, space_sdk="static" if kind == "space" else None)
            card = f"---\n{mine}\n---\n# {name}\n".encode()
            api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=id_, repo_type=kind)
    return person


MINE = {"author": "lister"}
QUESTIONS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("models", {"filter": "token-classification"}, ["tok-en-large", "tok-en-small", "tok-es"]),
    ("models", {"filter": ["token-classification", "en"]}, ["tok-en-large", "tok-en-small"]),
    ("models", {"pipeline_tag": "token-classification", "filter": "es"}, ["tok-en-large", "tok-es"]),
    ("models", {"filter": ["spacy", "license:mit"]}, ["tok-en-small"]),
    ("models", {"filter": "da"}, ["dansk", "wmt-da"]),
    ("models", {"filter": "language:da"}, ["dansk"]),
    ("models", {"filter": "base_model:lister/tok-en-large"}, ["wmt-da"]),
    ("models", {"filter": "base_model:finetune:lister/tok-en-large"}, ["wmt-da"]),
    ("models", {"trained_dataset": "lister/ner"}, ["tok-en-small"]),
    ("models", {"search": "TOK-EN"}, ["tok-en-large", "tok-en-small"]),
    ("models", {"search": "ister/tok"}, ["tok-en-large", "tok-en-small", "tok-es"]),
    ("models", {"search": "nothing-like-it"}, []),
    ("models", {"gated": True}, []),
    ("datasets", {"task_categories": "token-classification"}, ["ner"]),
    ("datasets", {"language": ["es", "qu"]}, ["voz"]),
    ("datasets", {"language": "en", "size_categories": "1K<n<10K"}, ["ner"]),
    ("datasets", {"multilinguality": "monolingual"}, ["ner"]),
    ("datasets", {"language_creators": "crowdsourced", "task_ids": "speech"}, ["voz"]),
    ("datasets", {"dataset_name": "vo", "search": "oz"}, ["voz"]),
    ("datasets", {"filter": "license:cc-by-4.0"}, ["voz"]),
    ("datasets", {"benchmark": "official"}, []),
    ("spaces", {"models": "lister/tok-es"}, ["demo"]),
    ("spaces", {"datasets": ["lister/ner"]}, ["demo"]),
    ("spaces", {"filter": "game", "linked": True}, ["other"]),
    ("spaces", {"search": "dem"}, ["demo"]),
]
STORY = """
import inspect, json, sys
from huggingface_hub import HfApi
api = HfApi()
told = []
for kind, asked, wanted in json.loads(sys.stdin.read()):
    call = getattr(api, "list_" + kind)
    if not set(asked) <= set(inspect.signature(call).parameters):
        told.append(None)
        continue
    told.append(sorted(item.id.split("/")[1] for item in call(author="lister", **asked)))
sorts = [None, "createdAt", "downloads", "lastModified", "likes"]
told.append([sorted(m.id.split("/")[1] for m in api.list_models(author="lister", sort=sort)) for sort in sorts])
told.append([m.id.split("/")[1] for m in api.list_models(author="lister", sort="createdAt", limit=2)])
print(json.dumps(told))
"""


@pytest.mark.parametrize("version", ["0.36", "1.10", "2.4"])
def test_every_argument_finds_what_it_names(server: Server, catalogue: Person, tmp_path: Path, version: str) -> None:
    python = (
        sys.executable if version == "2.4" else str(python_with(f"hub-{version}", (f"huggingface_hub=={version}.0",)))
    )
    env = environment(server, tmp_path)
    told = json.loads(run([python, "-c", STORY], env, input=json.dumps(QUESTIONS)).stdout.splitlines()[-1])
    *answers, by_sort, newest = told
    wrong = {
        f"{kind} {asked}": answer
        for (kind, asked, wanted), answer in zip(QUESTIONS, answers, strict=True)
        if answer is not None and answer != wanted
    }
    assert not wrong
    asked_for = sum(answer is not None for answer in answers)
    assert asked_for == len(QUESTIONS) if version == "2.4" else asked_for > len(QUESTIONS) - 3
    assert by_sort == [sorted(MODELS)] * 5
    assert newest == ["dansk", "wmt-da"]


JS_STORY = """
import { listDatasets, listModels, listSpaces } from "@huggingface/hub";
const [hubUrl] = process.argv.slice(2);
const owner = "lister";
const names = async (list) => {
  const found = [];
  for await (const one of list) found.push(one.name);
  return found.sort();
};
const told = [
  await names(listModels({ hubUrl, search: { owner, task: "token-classification" } })),
  await names(listModels({ hubUrl, search: { owner, query: "tok-en", tags: ["en", "license:mit"] } })),
  await names(listModels({ hubUrl, search: { owner }, sort: "createdAt", limit: 2, additionalFields: ["tags"] })),
  await names(listDatasets({ hubUrl, search: { owner, tags: ["language:qu"] }, additionalFields: ["tags", "author"] })),
  await names(listSpaces({ hubUrl, search: { owner, query: "dem" }, additionalFields: ["models", "datasets"] })),
];
console.log(JSON.stringify(told.map((found) => found.map((name) => name.split("/")[1]))));
"""


def test_the_javascript_client_lists_the_same(server: Server, catalogue: Person) -> None:
    home = node_with("js", ["@huggingface/hub@2.17.5"])
    (home / "lists.mjs").write_text(JS_STORY)
    told = json.loads(run(["node", str(home / "lists.mjs"), server.url], os.environ, cwd=home).stdout.splitlines()[-1])
    assert told == [
        ["tok-en-large", "tok-en-small", "tok-es"],
        ["tok-en-small"],
        ["dansk", "wmt-da"],
        ["voz"],
        ["demo"],
    ]


def test_a_push_of_metadata_is_in_the_very_next_answer(server: Server, catalogue: Person) -> None:
    api: HfApi = api_of(server, catalogue)
    for turn in range(5):
        card = f"---\ntags: [turn-{turn}]\n---\n".encode()
        api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=f"{catalogue.name}/dansk")
        assert [one.id for one in api.list_models(filter=f"turn-{turn}")] == [f"{catalogue.name}/dansk"]
        assert not list(api.list_models(filter=f"turn-{turn - 1}"))
    card = f"---\n{MODELS['dansk']}\n---\n".encode()
    api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=f"{catalogue.name}/dansk")


CHOICES = {
    "pipeline_tag": ("token-classification", "text-generation", "automatic-speech-recognition"),
    "language": ("es", "en", "da", "es,en"),
    "library": ("spacy", "transformers"),
    "license": ("mit", "apache-2.0"),
    "search": ("tok", "es", "TOK-EN", "lister/w", "x y"),
    "author": ("lister", "nobody-at-all"),
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.fixed_dictionaries({}, optional={name: st.sampled_from(v) for name, v in CHOICES.items()}))
def test_the_number_on_the_page_is_the_number_of_rows_and_the_apis_total(
    server: Server, catalogue: Person, asked: dict[str, str]
) -> None:
    with httpx.Client(base_url=server.url) as client:
        rows, total = rows_of_api(client, asked)
        page = client.get("/models", params=asked, headers={"Accept": "text/html", "Accept-Language": "en"})
        counted = client.get("/api/models-facets", params={**asked, "kind": ["task", "language"]}).json()
    found = re.search(r'<small class="num"[^>]*>\s*([\d,.\u202f\u00a0]+)', page.text)
    assert found, page.text[:2000]
    on_page = int(re.sub(r"\D", "", found[1]))
    assert on_page == rows == total == counted["total"]
    assert sum(one["count"] for one in counted["facets"]["task"]) <= total
    for one in counted["facets"]["language"]:
        with httpx.Client(base_url=server.url) as client:
            narrower = {**asked, "language": ",".join(filter(None, [asked.get("language"), one["value"]]))}
            assert rows_of_api(client, narrower)[0] == one["count"]


def rows_of_api(client: httpx.Client, asked: dict[str, str]) -> tuple[int, int]:
    """All pages, two rows each, and the total that every page told."""
    answer = client.get("/api/models", params={**asked, "limit": 2})
    ids = [item["id"] for item in answer.json()]
    totals = {answer.headers["X-Total-Count"]}
    while "next" in answer.links:
        answer = client.get(answer.links["next"]["url"])
        ids += [item["id"] for item in answer.json()]
        totals.add(answer.headers["X-Total-Count"])
    assert len(set(ids)) == len(ids)
    (total,) = totals
    return len(ids), int(total)
