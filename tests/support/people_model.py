"""Which names a block holds for, said plainly: all links that stand, and no more than that."""

NAMES_MAX = 8


def is_member(name):
    return name.startswith("AC")


class People:
    """The names of a workspace's people. A link has the number of the change that made it."""

    def __init__(self):
        self.links = {}  # number: (member id, name)
        self.seen = {}  # of each pair: its first number that stands, and the latest
        self.conflicts = {}  # number: a pair that could be no link and is none since

    def pairs(self):
        return set(self.seen)

    def together(self, names, pairs):
        """All that hangs together with these names by these pairs."""
        found, before = set(names), None
        while found != before:
            before = set(found)
            for pair in pairs:
                if found & set(pair):
                    found |= set(pair)
        return found

    def joins_nobody(self, name):
        ids = [member[:5] for member, other in self.pairs() if other == name]
        return len(ids) > len(set(ids))

    def last(self, name):
        """The pair by which the name was seen last."""
        return max((pair for pair in self.pairs() if pair[1] == name),
                   key=lambda pair: max(self.seen[pair]), default=None)

    def asked(self, name):
        """Names whose blocks hold for this one."""
        of = name if is_member(name) else (self.last(name) or (name,))[0]
        person = self.together([of], [pair for pair in self.pairs()
                                      if not self.joins_nobody(pair[1])])
        return {name} | person | {other for member, other in self.pairs() if member in person}

    def would_conflict(self, pair):
        return pair not in self.seen and len(self.together(pair, self.pairs())) > NAMES_MAX

    def listed(self):
        """The conflicts, latest first."""
        return list(self.conflicts.values())[::-1]

    def link(self, number, member, name):
        """What becomes of it: linked, known or a conflict."""
        pair = member, name
        if pair in self.seen:
            if not self.joins_nobody(name) or self.last(name) == pair:
                return "known"
            self.seen[pair] = [self.seen[pair][0], number]
        elif self.would_conflict(pair):
            if pair not in self.conflicts.values():
                self.conflicts[number] = pair
            return "conflict"
        else:
            self.seen[pair] = [number]
        self.links[number] = pair
        self.conflicts = {at: other for at, other in self.conflicts.items() if other != pair}
        return "linked"

    def end(self, number):
        """Takes a link back, if it still counts, or a conflict."""
        self.conflicts.pop(number, None)
        pair = self.links.pop(number, None)
        if pair is None or number not in self.seen.get(pair, ()):
            return False
        self.seen[pair].remove(number)
        if not self.seen[pair]:
            del self.seen[pair]
        return True
