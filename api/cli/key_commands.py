"""`drp keys make`: the only way in which a key comes to be. `drp keys seal`: what was there before seals were."""

from datetime import timedelta

from api.assembly import SYSTEM_CHANCE, Service
from api.cli.declare import end, read_settings
from api.keys import KeyIsThere, KeyName, make_key
from drp.data_protection.admin_audit_log import note_admin_change, operator_of
from drp.identity import accounts, tokens

CONFIRM_WITHIN = timedelta(days=14)
"""How long a token that was made before tokens were sealed goes on without an administrator's word."""


def make_one(name: str, lost: list[str] | None) -> None:
    """Make one key, where there is none, and say where it stands."""
    if name not in list(KeyName):
        end(f"There is no key called {name}. The keys are chain, signing and seal.")
    try:
        path = make_key(read_settings(), KeyName(name), SYSTEM_CHANCE, lost or ())
    except KeyIsThere as refused:
        end(str(refused))
    except OSError as fault:
        end(f"{fault}: no key was made. Put that right, and run this again.")
    print(f"The {name} key is at {path}. Keep a copy of it away from the database's machine, and give it to every replica.")


def seal_once(service: Service) -> None:
    """Seal the accounts and tokens that were made before there were seals, and print each token."""
    now = service.clock()
    for authority in service.store.authorities():
        with service.store.write(authority) as connection:
            sealed = accounts.seal_accounts(connection, service.seal, authority)
            listed = tokens.seal_tokens(connection, service.seal, authority, now + CONFIRM_WITHIN, now)
            note_admin_change(
                connection, service.casework, operator_of(authority), now, "sealed", accounts=sealed, tokens=len(listed)
            )
        print(f"{authority}: {sealed} accounts and {len(listed)} tokens were sealed")
        for one in listed:
            print(f"  {one.name}, as {one.of}: ends {one.confirm_by:%Y-%m-%d} unless an administrator confirms it")
    print("Read the list: whoever could write the database could have put one in. Administration, Who may come in, has it too.")
