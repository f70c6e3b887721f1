"""Headings: their ids and the table of contents."""

from __future__ import annotations

import re

import pytest

from feeds.models import DIALECTS, Dialect
from feeds.sanitizer.markdown import markdown_to_html


@pytest.mark.parametrize("dialect", DIALECTS)
def test_headings_have_ids_once_each(dialect: Dialect) -> None:
    html = markdown_to_html("[to](#a)\n\n# A\n\n# A\n\n# `B` *c*, d!\n\n# 中文 e\n\n# !", dialect)
    assert re.findall(r"<h1 id=\"([^\"]*)\"", html) == ["a", "a-1", "b-c-d", "中文-e", "section"]
