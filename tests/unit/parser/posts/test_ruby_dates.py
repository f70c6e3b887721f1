"""Dates in Liquid, as Ruby writes them."""

from datetime import datetime

import pytest

from feeds.parser.posts.ruby_dates import format_ruby_date


# What Ruby 3.1 writes.
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("%Y-%m-%d %H:%M:%S %z", "2024-02-06 03:04:05 -0800"),
        ("%s", "1707217445"),
        ("%-d.%-m.%y %-I:%M %P", "6.2.24 3:04 am"),
        ("%e|%k|%l|%_d|%02H|%0e", " 6| 3| 3| 6|03|06"),
        ("%b %^b %B %^A %#p", "Feb FEB February TUESDAY am"),
        ("%:z %::z", "-08:00 -08:00:00"),
        ("%L %N %-L", "000 000000000 000"),
        ("%j %U %V %G %u %w %C", "037 05 06 2024 2 2 20"),
        ("%D %F %T %R %v", "02/06/24 2024-02-06 03:04:05 03:04  6-FEB-2024"),
        ("%5d %10A %n%t%%", "00006    Tuesday \n\t%"),
        ("%E %q %:d 100%", "%E %q %:d 100%"),
    ],
)
def test_a_pattern_of_ruby_is_written(pattern: str, expected: str) -> None:
    assert format_ruby_date(datetime.fromisoformat("2024-02-06T03:04:05-08:00"), pattern) == expected
