"""Lines at the end of a body that only link back are removed."""

from __future__ import annotations

from feeds.sanitizer.boilerplate import compile_patterns, load_default_boilerplate, split_tail


def test_the_tail_of_a_body_is_address_and_navigation() -> None:
    patterns = compile_patterns(load_default_boilerplate())
    body = "text\n\n<https://a.example/x?infoCode=1>\n\n[返回甲](//a.example/b/)｜[返回首页](//a.example/)"
    assert split_tail(body, patterns, bool) == ("text", "https://a.example/x?infoCode=1")
    kept = "text\n\n<https://a.example/x?infoCode=1>"
    assert split_tail(body, patterns, lambda _: False) == (kept, "")
    assert split_tail("- a book\n  <https://a.example/>", patterns, bool)[1] == "", "it belongs to the list"
    assert split_tail("text\n\n<>\n\n[返回甲](../b/)\n[返回首页](../)", patterns, bool) == ("text", "")
    assert split_tail("only text", patterns, bool) == ("only text", "")
