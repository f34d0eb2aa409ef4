"""The datasets library loads CSV files from here, whole and as a stream, and pushes a dataset."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.clients.client_environments import python_with
from tests.clients.hf_client import api_of, environment, run
from tests.running import Server

pytestmark = pytest.mark.client

PACKAGES = ("datasets==5.2.0", "huggingface_hub==2.4.0")
ROWS = 300

STORY = """
import json, sys
from datasets import load_dataset

repo = sys.argv[1]
whole = load_dataset(repo)
stream = load_dataset(repo, split="train", streaming=True)
print(json.dumps({
    "splits": {name: split.num_rows for name, split in whole.items()},
    "first": whole["train"][0],
    "streamed": [row["n"] for row in stream],
}))
"""

PUSH = """
import json, sys
from datasets import Dataset, load_dataset

repo = sys.argv[1]
Dataset.from_dict({"word": ["uno", "dos", "tres"]}).push_to_hub(repo)
print(json.dumps(load_dataset(repo, split="train")["word"][:]))
"""


def test_a_dataset_of_csv_files_is_loaded_and_streamed(server: Server, tmp_path: Path) -> None:
    person = server.person("csv-ana")
    api = api_of(server, person)
    repo = api.create_repo(f"{person.name}/flowers", repo_type="dataset").repo_id
    for split, rows in (("train", ROWS), ("test", 7)):
        text = "n,name\n" + "".join(f"{number},flor {number}\n" for number in range(rows))
        api.upload_file(path_or_fileobj=text.encode(), path_in_repo=f"{split}.csv", repo_id=repo, repo_type="dataset")
    python = python_with("datasets", PACKAGES)
    told = run([str(python), "-c", STORY, repo], environment(server, tmp_path)).stdout
    assert json.loads(told.splitlines()[-1]) == {
        "splits": {"train": ROWS, "test": 7},
        "first": {"n": 0, "name": "flor 0"},
        "streamed": list(range(ROWS)),
    }


def test_a_private_dataset_is_pushed_and_loaded_with_the_token(server: Server, tmp_path: Path) -> None:
    person = server.person("push-ana")
    api_of(server, person).create_repo(f"{person.name}/words", repo_type="dataset", private=True)
    python = python_with("datasets", PACKAGES)
    env = environment(server, tmp_path, HF_TOKEN=person.token)
    told = run([str(python), "-c", PUSH, f"{person.name}/words"], env).stdout
    assert json.loads(told.splitlines()[-1]) == ["uno", "dos", "tres"]
