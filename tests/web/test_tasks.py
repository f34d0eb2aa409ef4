"""Tasks and languages: a page for each task in both languages, numbers of this Hub, programs that are programs."""

from __future__ import annotations

import ast
import re

import pytest
from tests.web.conftest import Browser
from tests.web.sample import MANY, fill, fill_more

from zoco.formats.cards.tasks import TASKS
from zoco.surfaces.web import names
from zoco.surfaces.web.assets import DIST, manifest
from zoco.surfaces.web.i18n import languages
from zoco.surfaces.web.task_code import code_for
from zoco.surfaces.web.task_texts import texts_of

FILLS = (fill, fill_more)


def test_every_task_is_told_in_every_language() -> None:
    for code in languages():
        texts = texts_of(code)
        assert set(texts) == set(TASKS)
        for task, text in texts.items():
            assert text.what.endswith("."), task
            assert 2 <= len(text.uses) <= 4, task
            assert text.input, task
            assert text.output, task


def test_the_languages_say_different_things() -> None:
    english, spanish = texts_of("en"), texts_of("es")
    assert not [task for task in TASKS if english[task].what == spanish[task].what]


def test_every_task_has_a_page_in_every_language(visitor: Browser) -> None:
    for code in languages():
        for task in TASKS:
            assert visitor.open(f"/tasks/{task}?lang={code}").status_code == 200, task
    assert visitor.open("/tasks/nonsense").status_code == 404


def test_a_task_shows_what_of_this_hub_does_it(visitor: Browser) -> None:
    html = visitor.open("/tasks/summarization").text
    assert re.search(r'href="/alba/serie-\d\d"', html)
    assert 'href="/models?pipeline_tag=summarization"' in html
    assert "ROUGE" in visitor.text
    assert "HF_ENDPOINT" in visitor.text
    assert "http://hub.test" in visitor.text
    visitor.open("/tasks/robotics")
    assert "No models for this yet" in visitor.text
    visitor.open("/tasks/tabular-classification")
    assert "finales-posibles" in visitor.text  # a Space that uses a model for it
    assert "alba/ flores" in visitor.text


def test_the_tasks_are_listed_by_domain_with_numbers(visitor: Browser) -> None:
    html = visitor.open("/tasks").text
    for task in TASKS.values():
        assert (f'href="/tasks/{task.id}"' in html) == (task.for_models or task.for_datasets)
    assert "Natural Language Processing" in visitor.text
    assert "becomes" in visitor.text


@pytest.mark.parametrize("task", TASKS)
def test_the_first_program_of_a_task_is_python(task: str) -> None:
    code = code_for(task, 'ana/mo"delo', "http://hub.test")
    tree = ast.parse(code)
    assert isinstance(tree.body[0], ast.Import)
    assert "http://hub.test" in code


def test_every_icon_of_a_task_is_in_the_sprite() -> None:
    sprite = (DIST / manifest()["icons.svg"]).read_text("utf-8")
    for task in TASKS:
        assert f'<symbol id="{names.task_icon(task)}"' in sprite


def test_languages_by_use_with_their_own_names(visitor: Browser) -> None:
    html = visitor.open("/languages?lang=es").text
    table = re.findall(r'<th scope="row">([^<]+?)(?: <small lang="([^"]+)">([^<]+)</small>)?</th>', html)
    assert len(table) > 180
    assert table[0] == ("Portugués", "pt", "Português")
    assert f'<a class="lnk" href="/models?language=pt">{MANY}<' in html
    visitor.open("/languages?q=quechua&lang=en")
    assert "Runa Simi" in visitor.text
    assert "Portuguese" not in visitor.text
    visitor.open("/languages?q=nadie-lo-habla")
    assert "No language is called" in visitor.text
