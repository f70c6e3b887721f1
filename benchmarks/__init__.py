"""How long the three jobs take: a full build, an unchanged one, one new post."""
