"""The people of a run: numbers with a name, some with a member id, and the many spellings of both.

Everything follows from the number, so that processes agree about people without talking to each
other.
"""

import base64
import hashlib
import unicodedata
from urllib.parse import quote


def name_of(number):
    """The canonical public identifier."""
    if number % 5 == 0:
        return f"josé-garcía-{number}"
    if number % 7 == 0:
        return f"ångström_{number}"
    return f"lead-{number}"


def number_of(name):
    """The number of the person with this public identifier."""
    return int(name.replace("_", "-").rsplit("-", 1)[1])


def member_of(number):
    """The member id that this person has on LinkedIn, whoever knows it."""
    digest = hashlib.blake2b(str(number).encode(), digest_size=24).digest()
    return "ACoAA" + base64.urlsafe_b64encode(digest).decode()


def has_member(number):
    """Is the member id given when the lead is added?"""
    return number % 2 == 0


def learns_member(number):
    """Is the member id given when the lead is added again?"""
    return number % 4 == 1


def has_alias(number):
    """Is the person linked with another public identifier, through a member id of no lead?"""
    return number % 4 == 3


def alias_of(number):
    return f"alias-{number}"


def other_name_of(number):
    """The name that a link gives the person, where there is one."""
    return alias_of(number) if has_alias(number) else name_of(number)


def company_of(number):
    """Where the person works, with three others."""
    return f"Company {number // 4}"


def all_known(name, member):
    """Does a lead that is shown so have no other name, and will it learn none?"""
    if name.startswith("ACoAA"):
        return False
    number = number_of(name)
    if has_alias(number):
        return False
    return member is not None or not (has_member(number) or learns_member(number))


def _other_case(rng, name):
    return rng.choice([str.upper, str.title, str.capitalize])(name)


def _in_url(rng, name):
    host = rng.choice(["www.linkedin.com", "linkedin.com", "LinkedIn.com", "de.linkedin.com"])
    end = rng.choice(["", "/", "/en", "/?trk=people", "#about", "/details/experience/"])
    scheme = rng.choice(["https://", "http://", "HTTPS://", ""])
    return f"{scheme}{host}/in/{quote(name)}{end}"


def spell(rng, name):
    """One of the spellings that stand for this canonical name or member id."""
    if not name.startswith("ACoAA"):
        if rng.random() < 0.4:
            name = _other_case(rng, name)
        if rng.random() < 0.3:
            name = unicodedata.normalize("NFD", name)
    choice = rng.random()
    if choice < 0.4:
        return name
    if choice < 0.6:
        return quote(name)
    if choice < 0.65:
        return f"  {name}\t"
    if choice < 0.7:
        return f"in/{name}"
    return _in_url(rng, name)


def profile_url(name):
    return f"https://www.linkedin.com/in/{quote(name)}/"
