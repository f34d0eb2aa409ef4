"""A tiny transformers model, saved and pushed with git-lfs, is loaded by its id."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.clients.client_environments import python_with
from tests.clients.hf_client import api_of, environment, run
from tests.running import Person, Server

pytestmark = pytest.mark.client

PACKAGES = ("torch==2.13.0", "transformers==5.23.0", "huggingface_hub==2.4.0")

SAVE = """
import sys
import torch
from transformers import BertConfig, BertModel

torch.manual_seed(0)
sizes = dict(vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
BertModel(BertConfig(**sizes)).save_pretrained(sys.argv[1])
"""

LOAD = """
import json, sys
import torch
from transformers import AutoModel

model = AutoModel.from_pretrained(sys.argv[1])
with torch.no_grad():
    out = model(torch.arange(5)[None]).last_hidden_state
print(json.dumps({"class": type(model).__name__, "sum": round(float(out.abs().sum()), 4)}))
"""

PUSH = """
import sys
from transformers import AutoModel

AutoModel.from_pretrained(sys.argv[1]).push_to_hub(sys.argv[2])
"""


def git(folder: Path, home: Path, *arguments: str) -> None:
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0"}
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def pushed_by_git(server: Server, person: Person, repo: str, folder: Path, home: Path) -> None:
    address = server.url.replace("://", f"://{person.name}:{person.token}@")
    clone = home / "clone"
    git(home, home, "clone", f"{address}/{repo}", str(clone))
    git(clone, home, "lfs", "install", "--local")
    for file in folder.iterdir():
        (clone / file.name).write_bytes(file.read_bytes())
    git(clone, home, "add", ".")
    git(clone, home, "commit", "-m", "A tiny model")
    git(clone, home, "push")


def test_auto_model_loads_what_git_lfs_pushed(server: Server, tmp_path: Path) -> None:
    person = server.person("bert-ana")
    api = api_of(server, person)
    repo = api.create_repo(f"{person.name}/tiny-bert").repo_id
    python = str(python_with("transformers", PACKAGES))
    env = environment(server, tmp_path)
    saved = tmp_path / "saved"
    run([python, "-c", SAVE, str(saved)], env)
    pushed_by_git(server, person, repo, saved, tmp_path)
    entry = api.get_paths_info(repo, "model.safetensors")[0]
    assert entry.lfs is not None
    here = json.loads(run([python, "-c", LOAD, str(saved)], env).stdout.splitlines()[-1])
    there = json.loads(run([python, "-c", LOAD, repo], env).stdout.splitlines()[-1])
    assert there == here
    assert there["class"] == "BertModel"
    info = api.model_info(repo)
    assert info.config and info.config["model_type"] == "bert"
    assert info.safetensors and info.safetensors.total > 1000


def test_a_model_pushed_to_the_hub_is_loaded_from_it(server: Server, tmp_path: Path) -> None:
    person = server.person("push-bert-ana")
    repo = f"{person.name}/tiny-bert"
    python = str(python_with("transformers", PACKAGES))
    env = environment(server, tmp_path, HF_TOKEN=person.token)
    saved = tmp_path / "saved"
    run([python, "-c", SAVE, str(saved)], env)
    run([python, "-c", PUSH, str(saved), repo], env)
    entry = api_of(server, person).get_paths_info(repo, "model.safetensors")[0]
    assert entry.xet_hash, "it goes by Xet as it comes"
    here = json.loads(run([python, "-c", LOAD, str(saved)], env).stdout.splitlines()[-1])
    assert json.loads(run([python, "-c", LOAD, repo], env).stdout.splitlines()[-1]) == here
