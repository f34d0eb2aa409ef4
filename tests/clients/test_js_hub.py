"""@huggingface/hub in Node: create, upload, list, read, history, delete."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.clients.client_environments import node_with
from tests.clients.hf_client import api_of, run
from tests.running import Server

pytestmark = pytest.mark.client

STORY = """
import {
  checkRepoAccess, commit, countCommits, createBranch, createRepo, deleteBranch, deleteFile, deleteRepo, downloadFile,
  fileDownloadInfo, fileExists, listCommits, listFiles, listModels, modelInfo, oauthLoginUrl, pathsInfo, repoExists,
  uploadFile, uploadFiles, whoAmI,
} from "@huggingface/hub";

const [hubUrl, accessToken, name, file] = process.argv.slice(2);
const at = { hubUrl, accessToken, repo: { type: "model", name } };
const told = {};
const all = async (list) => { const found = []; for await (const one of list) found.push(one); return found; };

told.me = (await whoAmI({ hubUrl, accessToken })).name;
const files = [{ path: "hello.txt", content: new Blob(["hello"]) }];
told.created = (await createRepo({ ...at, license: "mit", files })).repoUrl;
await uploadFile({ ...at, file: { path: "dir/a b.txt", content: new Blob(["text ñ"]) }, commitTitle: "one" });
await uploadFiles({ ...at, files: [
  { path: "x.txt", content: new Blob(["x"]) }, { path: "y.txt", content: new Blob(["y"]) },
] });
told.text = await (await downloadFile({ ...at, path: "dir/a b.txt" })).text();
told.files = (await all(listFiles({ ...at, recursive: true, expand: true })))
  .map(({ type, path, size, lastCommit }) => [type, path, size, lastCommit.title]);
told.paths = (await pathsInfo({ ...at, paths: ["missing", "x.txt"], expand: true })).map((one) => one.path);
const info = await fileDownloadInfo({ ...at, path: "x.txt" });
told.info = [info.size, info.etag];
told.missing = [await fileDownloadInfo({ ...at, path: "missing" }), await fileExists({ ...at, path: "missing" })];
told.there = await fileExists({ ...at, path: "x.txt" });
told.commits = (await all(listCommits(at))).map((one) => one.title);
told.count = await countCommits({ ...at, revision: "main" });
await createBranch({ ...at, branch: "a/b" });
await uploadFile({ ...at, branch: "a/b", file: { path: "branch.txt", content: new Blob(["b"]) } });
told.branch = await (await downloadFile({ ...at, path: "branch.txt", revision: "a/b" })).text();
await deleteBranch({ ...at, branch: "a/b" });
await commit({ ...at, title: "gone", operations: [{ operation: "delete", path: "y.txt" }] });
await deleteFile({ ...at, path: "x.txt" });
told.left = (await all(listFiles({ ...at, recursive: true }))).map((one) => one.path);
told.model = (await modelInfo({ hubUrl, accessToken, name, additionalFields: ["sha", "author"] })).author;
const search = { owner: name.split("/")[0] };
told.listed = (await all(listModels({ hubUrl, accessToken, search }))).map((one) => one.name);
await checkRepoAccess(at);
told.refused = await checkRepoAccess({ ...at, repo: { type: "model", name: name + "-missing" } })
  .catch((error) => [error.statusCode, Boolean(error.requestId)]);
await deleteRepo(at);
told.exists = await repoExists(at);
console.log(JSON.stringify(told));
"""


def test_a_repository_lives_and_dies_by_the_javascript_client(server: Server, tmp_path: Path) -> None:
    person = server.person("js-ana")
    home = node_with("js", ["@huggingface/hub@2.17.5"])
    script = home / "story.mjs"
    script.write_text(STORY)
    name = f"{person.name}/iris"
    command = ["node", str(script), server.url, person.token, name, str(tmp_path)]
    told = json.loads(run(command, os.environ, cwd=home).stdout.splitlines()[-1])
    assert told == {
        "me": person.name,
        "created": f"{server.url}/{name}",
        "text": "text ñ",
        "files": [
            ["directory", "dir", 0, "one"],
            ["file", "dir/a b.txt", 7, "one"],
            ["file", ".gitattributes", told["files"][2][2], "initial commit"],
            ["file", "README.md", told["files"][3][2], "initial commit"],
            ["file", "hello.txt", 5, "initial commit"],
            ["file", "x.txt", 1, "Add 2 files"],
            ["file", "y.txt", 1, "Add 2 files"],
        ],
        "paths": ["x.txt"],
        "info": [1, told["info"][1]],
        "missing": [None, False],
        "there": True,
        "commits": ["Add 2 files", "one", "initial commit"],
        "count": 3,
        "branch": "b",
        "left": ["dir", "dir/a b.txt", ".gitattributes", "README.md", "hello.txt"],
        "model": person.name,
        "listed": [name],
        "refused": [404, True],
        "exists": False,
    }
    assert not api_of(server, person).repo_exists(name)
