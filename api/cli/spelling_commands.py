"""`drp directory spellings` and `drp directory join`: one child under two spellings of a number is found, and joined by name."""

from api.assembly import Service
from api.cli.declare import end, rules_in_force
from drp.directory.spellings import HeldBySpelling, list_spellings, people_spelt_alike
from drp.staffing.joining_children import NotJoined, join_children
from workflows.calendar.working_days import so_many

MEANS = {
    "alike": "read alike: perhaps one child",
    "near": "differ by zeros at the beginning alone: perhaps one child",
}


def list_all_spellings(service: Service, authority: str) -> None:
    """Print what reads alike and is written in several ways."""
    rules_in_force(service, authority)
    with service.store.snapshot(authority) as connection:
        found, people = list_spellings(connection, authority), people_spelt_alike(connection, authority)
    for kind, ones in found:
        print(f"{' and '.join(one.number for one in ones)} {MEANS[kind]}")
        for one in ones:
            print(f"  {_in_words(one)}")
    for keys in people:
        print(f"{' and '.join(keys)} read alike: perhaps one person. Put the directory's files right.")
    if not found and not people:
        print("Every number and key is written in one way.")


def _in_words(one: HeldBySpelling) -> str:
    where = "" if one.child else ", in no directory"
    held = f"{so_many(one.items, 'items')}, {so_many(one.posts, 'posts')}, {so_many(one.lines, 'lines')} brought in"
    return f"{one.number}: {held}{where}"


def join_two(service: Service, authority: str, number: str, into: str, why: str, by: str) -> None:
    """Join two spellings, and print what moved."""
    rules_in_force(service, authority)
    try:
        done = join_children(service.casework, authority, number, into, why, by, service.clock())
    except NotJoined as refused:
        end(f"{refused} Nothing was joined.")
    print(
        f"{so_many(done.items, 'items')} and {so_many(done.lines, 'lines')} of {number} are {into}'s now. It stands on "
        f"{so_many(done.timelines, 'timelines')}. Have the case system write one number: {number} stays in the directory, empty."
    )
