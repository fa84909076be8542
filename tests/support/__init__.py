"""What the black-box tests share: a server to talk to and a client that hides nothing."""

from . import surroundings

surroundings.settle()
