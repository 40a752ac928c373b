"""`drp keys make`: the only way in which a key comes to be."""

from api.assembly import SYSTEM_CHANCE
from api.cli.declare import end
from api.keys import KeyIsThere, KeyName, make_key
from drp.settings import Settings


def make_one(name: str, lost: list[str] | None) -> None:
    """Make one key, where there is none, and say where it stands."""
    if name not in list(KeyName):
        end(f"There is no key called {name}. The keys are chain, signing and seal.")
    try:
        path = make_key(Settings(), KeyName(name), SYSTEM_CHANCE, lost or ())
    except KeyIsThere as refused:
        end(str(refused))
    except OSError as fault:
        end(f"{fault}: no key was made. Put that right, and run this again.")
    print(f"The {name} key is at {path}. Keep a copy of it away from the database's machine, and give it to every replica.")
