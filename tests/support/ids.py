"""Numbers of leads, steps and variants, as ids show them (src/store/row_number.h)."""

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def shown(number):
    """What follows the prefix: a count and an epoch, or of a row of an earlier version its number."""
    if number < 1 << 62:
        return str(number)
    epoch = "".join(ALPHABET[number >> shift & 31] for shift in range(25, -1, -5))
    return f"{number >> 30 & 0xffffffff}_{epoch}"


def stored(text):
    """The number that is shown so."""
    count, _, epoch = text.partition("_")
    if not epoch:
        return int(count)
    number = 1 << 32 | int(count)
    for character in epoch:
        number = number << 5 | ALPHABET.index(character)
    return number
