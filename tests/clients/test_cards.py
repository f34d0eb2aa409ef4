"""Cards as people write them, by every road: the API checks before, a push is never lost."""

from __future__ import annotations

from pathlib import Path

import huggingface_hub.constants
import pytest
import yaml
from huggingface_hub import EvalResultEntry, HfApi, ModelCard, eval_result_entries_to_yaml
from huggingface_hub.errors import HfHubHTTPError
from tests.clients.git_work import git_in, url_of
from tests.clients.hf_client import api_of
from tests.gguf_maker import gguf
from tests.running import Person, Server

pytestmark = [
    pytest.mark.client,
    pytest.mark.usefixtures("at_home"),
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),  # the client's own, in its LFS upload
]

LESSON = "---\n tags:\n- es \u00a0# idioma\n- bert\n- text-classification\ndatasets:\n- llamas\n---\n# Mi modelo\n"
"""As a printed lesson has it: a space before the first key, a no-break space before a comment."""


@pytest.fixture
def api(server: Server, person: Person) -> HfApi:
    return api_of(server, person)


def test_the_lessons_card_is_told_its_repair_by_the_api(api: HfApi, person: Person) -> None:
    repo = api.create_repo(f"{person.name}/lesson").repo_id
    with pytest.raises(ValueError, match="Remove the space before the first key"):
        api.upload_file(path_or_fileobj=LESSON.encode(), path_in_repo="README.md", repo_id=repo)
    assert api.model_info(repo).tags == []


def test_the_lessons_card_pushed_by_git_is_kept_and_read(
    server: Server, api: HfApi, person: Person, tmp_path: Path
) -> None:
    repo = api.create_repo(f"{person.name}/pushed").repo_id
    work = git_in(tmp_path / "work").clone(url_of(server, repo, person), "card")
    work.commit({"README.md": LESSON}, "Card")
    work("push")
    info = api.model_info(repo)
    assert info.pipeline_tag == "text-classification"
    assert {"es", "bert", "dataset:llamas"} <= set(info.tags or ())
    assert [model.id for model in api.list_models(author=person.name, filter=["es", "text-classification"])] == [repo]


def test_model_card_validates_as_on_the_public_hub(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", server.url)
    card = ModelCard("---\nlicense: mit\nlanguage: es\n---\n# Card\n")
    card.validate()
    card.data.license = "asdf"
    with pytest.raises(ValueError, match='- Error: "license" must be one of'):
        card.validate()


def test_parameters_are_counted_and_listed(api: HfApi, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    header = b'{"w":{"dtype":"F32","shape":[6000,1000],"data_offsets":[0,24000000]}}'
    repo = api.create_repo(f"{person.name}/net").repo_id
    data = len(header).to_bytes(8, "little") + header
    api.create_commit(
        repo_id=repo,
        operations=[huggingface_hub.CommitOperationAdd("model.safetensors", data)],
        commit_message="Weights",
    )
    totals = api.model_info(repo).safetensors
    assert totals
    assert totals.total == 6_000_000
    assert [one.id for one in api.list_models(author=person.name, num_parameters="min:5M,max:6M")] == [repo]
    assert not list(api.list_models(author=person.name, num_parameters="min:7M"))


def test_a_gguf_file_and_results_of_evaluations_are_told(api: HfApi, person: Person) -> None:
    repo = api.create_repo(f"{person.name}/llama").repo_id
    said: dict[str, object] = {
        "general.architecture": "llama",
        "llama.context_length": 4096,
        "tokenizer.ggml.tokens": ["<unk>", "<s>", "</s>"],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.chat_template": "{{ messages }}",
    }
    weights = gguf(said, [("w", (3000, 1000), 12)]) + bytes(12_000_000)
    result = EvalResultEntry(dataset_id="cais/hle", task_id="default", value=20.9, notes="no-tools")
    api.upload_file(path_or_fileobj=weights, path_in_repo="llama-Q4_K.gguf", repo_id=repo)
    api.upload_file(
        path_or_fileobj=yaml.safe_dump(eval_result_entries_to_yaml([result])).encode(),
        path_in_repo=".eval_results/hle.yaml",
        repo_id=repo,
    )
    info = api.model_info(repo, expand=["gguf", "evalResults", "tags", "pipeline_tag"])
    assert info.gguf == {
        "total": 3_000_000,
        "architecture": "llama",
        "context_length": 4096,
        "chat_template": "{{ messages }}",
        "bos_token": "<s>",
        "eos_token": "</s>",
    }
    assert info.eval_results == [result]
    assert (info.pipeline_tag, "conversational" in (info.tags or ())) == ("text-generation", True)
    assert [one.id for one in api.list_models(author=person.name, num_parameters="min:2M,max:4M")] == [repo]


def test_a_readme_in_a_wrong_encoding_is_read_as_it_was(
    server: Server, api: HfApi, person: Person, tmp_path: Path
) -> None:
    """A copy of the lesson came so, with all its other faults."""
    repo = api.create_repo(f"{person.name}/garbled").repo_id
    work = git_in(tmp_path / "work").clone(url_of(server, repo, person), "card")
    work.commit({"README.md": f"{LESSON}¿Qué sabe la niña? Español.\n".encode().decode("mac_roman")}, "Card")
    work("push")
    info = api.model_info(repo)
    assert info.pipeline_tag == "text-classification"
    assert {"es", "bert", "dataset:llamas"} <= set(info.tags or ())


def test_models_are_found_by_the_program_that_can_run_them(api: HfApi, person: Person) -> None:
    chatty, picture = f"{person.name}/chatty", f"{person.name}/picture"
    for repo, card in (
        (chatty, "library_name: gguf\npipeline_tag: text-generation"),
        (picture, "library_name: diffusers\npipeline_tag: text-to-image"),
    ):
        api.create_repo(repo)
        readme = f"---\n{card}\n---\n# It\n".encode()
        api.upload_file(path_or_fileobj=readme, path_in_repo="README.md", repo_id=repo)
    assert [one.id for one in api.list_models(author=person.name, apps=["llama.cpp", "ollama"])] == [chatty]
    assert [one.id for one in api.list_models(author=person.name, apps="drawthings")] == [picture]
    assert not list(api.list_models(author=person.name, apps="vllm"))
    with pytest.raises(HfHubHTTPError, match=r"must be one of \[.*ollama"):
        list(api.list_models(apps="no-such-app"))
