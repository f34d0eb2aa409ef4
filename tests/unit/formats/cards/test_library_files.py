"""Files tell the library, the formats of the weights and what a model is for: one table each."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from zoco.formats.cards.libraries import LIBRARIES
from zoco.formats.cards.library_files import (
    FILE_KINDS,
    SIGNS,
    TASK_OF_ADAPTER,
    TASK_OF_LIBRARY,
    TASK_OF_PIPELINE,
    file_kinds,
    library_of_files,
    task_of_pipeline,
)
from zoco.formats.cards.tasks import TASKS

BERT = {"architectures": ["A"], "model_type": "a"}


@pytest.mark.parametrize(
    ("paths", "config", "library"),
    [
        (["model.safetensors", "config.json"], BERT, "transformers"),
        (["model.safetensors", "config.json"], {"model_type": "a"}, None),
        (["config.json"], {"model_type": "a", "auto_map": {"AutoModel": "m.M"}}, "transformers"),
        (["config.json", "tokenizer_config.json"], {"tokenizer_config": {}}, "transformers"),
        (["adapter_config.json", "adapter_model.safetensors"], {"peft": {"peft_type": "LORA"}}, "peft"),
        (["adapter_config.json"], {"adapter_transformers": {"model_class": "A"}}, "adapter-transformers"),
        (["model_index.json", "unet/config.json"], None, "diffusers"),
        (["modules.json", "config.json"], BERT, "sentence-transformers"),
        (["modules.json", "config_setfit.json", "config.json"], BERT, "setfit"),
        (["config.json", "model.safetensors"], {"model_type": "span-marker", "architectures": ["S"]}, "span-marker"),
        (["open_clip_config.json", "open_clip_model.safetensors"], None, "open_clip"),
        (["config.json", "model.safetensors"], {"architecture": "resnet50"}, "timm"),
        (["config.json", "model.pkl"], {"sklearn": {"task": "tabular-classification"}}, "sklearn"),
        (["meta.json", "config.cfg", "vocab/strings.json"], None, "spacy"),
        (["meta.yaml", "config.cfg"], None, "spacy"),
        (["meta.json"], None, "spacy"),
        (["meta.yaml", "exp/model.pth"], None, "espnet"),
        (["hyperparams.yaml", "model.ckpt"], None, "speechbrain"),
        (["ppo/_stable_baselines3_version", "ppo.zip"], None, "stable-baselines3"),
        (["model.pkl", "pyproject.toml"], None, "fastai"),
        (["model.pkl"], None, None),
        (["metadata.json", "task.json", "config.json"], None, "keras-hub"),
        (["stt_es.nemo"], None, "nemo"),
        # what the lesson uploads: `model.joblib`
        (["model.joblib"], None, "sklearn"),
        (["model.skops"], None, "sklearn"),
        (["m.gguf"], None, "gguf"),
        (["config.json", "m.gguf"], BERT, "transformers"),
        (["m.keras"], None, "keras"),
        (["model.onnx"], None, "onnx"),
        (["README.md"], None, None),
        (["folder/modules.json"], None, None),
        (["onnx"], None, None),
    ],
)
def test_files_tell_the_library(paths: list[str], config: Mapping[str, object] | None, library: str | None) -> None:
    assert library_of_files(paths, config) == library


def test_files_tell_the_formats_in_a_fixed_order() -> None:
    files = [
        "onnx/model.onnx",
        "model.safetensors",
        "tf_model.h5",
        "pytorch_model-00001-of-00002.bin",
        "runs/events.out.tfevents.1",
    ]
    assert file_kinds(files) == ["pytorch", "tf", "onnx", "safetensors", "tensorboard"]
    assert file_kinds(["data.bin", "notes.h5"]) == []


@pytest.mark.parametrize(
    ("pipeline", "task"),
    [
        ("StableDiffusionPipeline", "text-to-image"),
        ("StableDiffusionImg2ImgPipeline", "image-to-image"),
        ("StableVideoDiffusionPipeline", "image-to-video"),
        ("TextToVideoSDPipeline", "text-to-video"),
        ("AudioLDMPipeline", "text-to-audio"),
        ("DDPMPipeline", "unconditional-image-generation"),
        ("Something", None),
    ],
)
def test_a_pipeline_of_diffusers_tells_the_task(pipeline: str, task: str | None) -> None:
    assert task_of_pipeline(pipeline) == task


def test_the_tables_name_only_libraries_and_tasks_that_there_are() -> None:
    assert {sign.library for sign in SIGNS} | {tag for tag, _, _ in FILE_KINDS} <= LIBRARIES.keys()
    assert TASK_OF_LIBRARY.keys() <= LIBRARIES.keys()
    tasks = {*TASK_OF_LIBRARY.values(), *TASK_OF_ADAPTER.values(), *(task for _, task in TASK_OF_PIPELINE)}
    assert tasks <= TASKS.keys()
