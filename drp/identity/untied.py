"""Whoever lost what tied them to the service loses what lets them in, for good: a post that comes back brings no session back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import col

from drp.database.account_tables import SessionRow, SignInRow, TokenRow
from drp.database.scope import select_of
from drp.identity import sessions, sign_in, tokens
from workflows.model.authority import Authority


def end_untied(connection: Connection, authority: Authority, now: datetime) -> int:
    """End sessions, tokens and links of everybody whom nothing ties to the service today. Returns how many people that were."""
    let_in = {
        UUID(str(person))
        for people in (
            select_of(SessionRow, authority.key, SessionRow.person).where(col(SessionRow.ended_at).is_(None)),
            select_of(TokenRow, authority.key, TokenRow.person).where(col(TokenRow.revoked_at).is_(None)),
            select_of(SignInRow, authority.key, SignInRow.person).where(
                col(SignInRow.used_at).is_(None), col(SignInRow.person).is_not(None)
            ),
        )
        for person in connection.execute(people.distinct()).scalars()
    }
    untied = [person for person in sorted(let_in, key=str) if not _is_tied(connection, authority, person, now)]
    for person in untied:
        for end in (sessions.end_sessions_of, tokens.revoke_tokens, sign_in.end_links_of):
            end(connection, authority.key, person, now)
    return len(untied)


def _is_tied(connection: Connection, authority: Authority, person: UUID, now: datetime) -> bool:
    try:
        return tokens.has_a_place(connection, tokens.principal_of(connection, authority, person, now), now)
    except tokens.NotSigned:
        return False
