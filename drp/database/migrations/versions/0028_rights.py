"""What the service's role may do on PostgreSQL, table by table and column by column; restores written down; documents found.

The role changes columns and never a whole table, and takes rows out through one function: so it can lock no table. What
belongs to an item is written together with it: a row that somebody puts in by itself is refused, before it is in the way of
every later decision. The test of this list gives each right's reason (tests/store/test_rights.py).
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0028"
down_revision = "0027"

RESTORED = ("restored_at", "restored_to")
DOCUMENTS = sa.text("kind = 'document_attached'")

READ_ONLY = ("alembic_version", "erasure", "hold", "kept_child")
CHANGES = {
    "account": "ended_at bound_by bound_at seal",
    "administered": "",
    "assumption": "person at verdict",
    "attempt": "count",
    "authority": (
        "last_tick directory_day brake brake_by brake_why brake_since brake_until standing_order files_left_out is_live live_since "
        "label_pack witnessed_at witness_fault verify_day verified_at verify_fault head_day passed_over condition condition_at"
    ),
    "challenge": (
        "version child raiser raiser_role item_type ladder ladder_hash authority_hash stage phase is_open sequence highest_stage "
        "priority thanked quote team service raised_at quarter last_at referral reasons rest entries head told"
    ),
    "checkpoint": "",
    "child": (
        "number number_folded initials born statuses in_plo in_proceedings facts team last_review next_review conferences"
    ),
    "cover": "of by since until is_delegate made_here given_by by_standing_order appointed_at told_at",
    "delivery": "mail mailed_at sent_as error read_at opened_at",
    "document": "is_current",
    "draft": "changed_at said",
    "entry": "",
    "idempotency": "",
    "involved": "as_to",
    "link": "",
    "notification": "released state attempts next_at sent_at error",
    "person": "key key_folded name name_folded email email_folded agency left_on suspended_at",
    "population": "",
    "post": "role held_for key person since until",
    "register": "child",
    "report_copy": "told_at read_at",
    "report_due": "first last due",
    "report_example": "state why said_by said_at",
    "report_file": "",
    "report_request": "",
    "review": "decisions_agreed_on record_out_on care_plan_ratified_on pathway_plan_due_on pathway_plan_made_on",
    "review_decision": "child state state_on looked_on item",
    "saved_view": "",
    "session": "seen_at ended_at seal",
    "sheet": "",
    "sign_in": "hash used_at seal",
    "standing": "",
    "stay": "",
    "token": "revoked_at confirm_by seal",
    "unit": "name name_folded within",
    "voice": "words",
    "window": (
        "parent owner_role owner_person due closes_at acts_at opened_at closed_at closed_as held_since acknowledged_at answered_at "
        "on_close answer times_told climb_waits asked promise"
    ),
    "words": "",
    "written_report": "version contents edits released_at released_by",
}
"""Into each of these the role may put rows, and of each change these columns."""

TAKEN_OUT = {
    "account": "issuer text, subject text",
    "attempt": "source text, began_at timestamptz",
    "draft": "id uuid",
    "population": "quarter text, status text",
    "register": "id uuid",
    "report_copy": "report uuid, person uuid",
    "report_due": "kind text, every text",
    "report_example": "report uuid, n integer",
    "review": "child uuid, held_on date",
    "saved_view": "person uuid, name text",
    "session": "hash text",
    "sign_in": "id uuid",
    "standing": "challenge uuid",
    "stay": "id uuid",
}
"""From these the service takes rows out, by their key; of the register the lines of items, never those of a sheet."""

FUNCTIONS = (
    "drp_take_out(text, jsonb)", "drp_with_its_item()", "drp_with_its_entries()", "drp_not_yet_in_force()", "drp_next_number()",
)
WITH_ITS_ITEM = ("entry", "notification", "window")
"""Of these a row that somebody puts in by itself is in the way of a later decision, or cannot be read by one."""

BEFORE = {
    **dict.fromkeys(CHANGES, "SELECT, INSERT, UPDATE"),
    **dict.fromkeys(
        (*TAKEN_OUT, "review_decision", "voice"), "SELECT, INSERT, UPDATE, DELETE"
    ),
    **dict.fromkeys(("administered", "checkpoint", "document", "entry", "report_file", "report_request", "sheet"), "SELECT, INSERT"),
    "account": "SELECT, INSERT, UPDATE",
    "alembic_version": "SELECT, INSERT, UPDATE",
    "erasure": "SELECT", "hold": "SELECT", "kept_child": "SELECT",
}
"""What the migrations before this one gave."""


def upgrade() -> None:
    instant = sqlmodel.sql.sqltypes.UTCDateTime
    for name in RESTORED:
        op.add_column("authority", sa.Column(name, instant(), nullable=True))
    op.create_index("ix_entry_document", "entry", ["authority"], sqlite_where=DOCUMENTS, postgresql_where=DOCUMENTS)
    if op.get_bind().dialect.name != "postgresql":
        return
    _functions()
    given = {table: "SELECT" for table in READ_ONLY} | {table: "SELECT, INSERT" for table in CHANGES}
    statements = [f'REVOKE ALL ON public."{table}" FROM drp_app; GRANT {may} ON public."{table}" TO drp_app' for table, may in given.items()]
    for table, names in CHANGES.items():
        if names:
            columns = ", ".join(f'"{name}"' for name in names.split())
            statements.append(f'GRANT UPDATE ({columns}) ON public."{table}" TO drp_app')
    _for_the_role([*statements, "GRANT EXECUTE ON FUNCTION public.drp_take_out(text, jsonb) TO drp_app"])


def _functions() -> None:
    taking = "\n".join(
        f"""WHEN '{table}' THEN DELETE FROM public.{table} t USING jsonb_to_recordset(keys) AS k({key})
            WHERE t.authority = current_setting('drp.authority')
            AND {" AND ".join(f"t.{name} = k.{name}" for name in (part.split()[0] for part in key.split(", ")))}
            {"AND t.sheet = ''" if table == "register" else ""};"""
        for table, key in TAKEN_OUT.items()
    )
    op.execute(
        f"""
        CREATE FUNCTION public.drp_take_out(what text, keys jsonb) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE gone bigint;
        BEGIN
          CASE what
            {taking}
            ELSE RAISE EXCEPTION 'the service takes nothing out of %', what USING ERRCODE = 'insufficient_privilege';
          END CASE;
          GET DIAGNOSTICS gone = ROW_COUNT;
          RETURN gone;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION public.drp_with_its_item() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE item record;
        BEGIN
          SELECT c.entries, c.head INTO item FROM public.challenge c
          WHERE c.authority = NEW.authority AND c.id = NEW.challenge AND c.xmin = pg_catalog.pg_current_xact_id()::pg_catalog.xid;
          IF NOT FOUND THEN
            RAISE EXCEPTION 'a row of % is written with its item, and not by itself', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
          END IF;
          IF TG_TABLE_NAME = 'entry' THEN
            IF NEW.number > item.entries OR (NEW.number = item.entries AND NEW.hash <> item.head) THEN
              RAISE EXCEPTION 'entry % is not one that its item counts', NEW.number USING ERRCODE = 'insufficient_privilege';
            END IF;
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION public.drp_next_number() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE last bigint;
        BEGIN
          IF TG_TABLE_NAME = 'administered' THEN
            SELECT coalesce(max(a.number), 0) INTO last FROM public.administered a WHERE a.authority = NEW.authority;
            IF NEW.number <> last + 1 THEN
              RAISE EXCEPTION 'the next change is number %', last + 1 USING ERRCODE = 'insufficient_privilege';
            END IF;
          ELSE
            SELECT coalesce(max(c.number), 0) INTO last FROM public.checkpoint c WHERE c.authority = NEW.authority;
            IF NEW.number > last + 100000 THEN  -- after a restore it goes on from the newest file's
              RAISE EXCEPTION 'checkpoint % is too far from the last one', NEW.number USING ERRCODE = 'insufficient_privilege';
            END IF;
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION public.drp_with_its_entries() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NOT EXISTS (
            SELECT FROM public.entry e WHERE e.authority = NEW.authority AND e.challenge = NEW.id AND e.hash = NEW.head
          ) THEN
            RAISE EXCEPTION 'an item is written with its entries, and not by itself' USING ERRCODE = 'insufficient_privilege';
          END IF;
          RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION public.drp_not_yet_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.is_current THEN
            RAISE EXCEPTION 'a text is stored first, and then in force' USING ERRCODE = 'insufficient_privilege';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION public.{function} FROM PUBLIC")
    for table in WITH_ITS_ITEM:
        op.execute(
            f'CREATE TRIGGER with_its_item BEFORE INSERT ON public."{table}" FOR EACH ROW EXECUTE FUNCTION public.drp_with_its_item()'
        )
    op.execute(
        "CREATE CONSTRAINT TRIGGER with_its_entries AFTER INSERT ON public.challenge DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION public.drp_with_its_entries()"
    )
    op.execute(
        "CREATE TRIGGER not_yet_in_force BEFORE INSERT ON public.document FOR EACH ROW "
        "EXECUTE FUNCTION public.drp_not_yet_in_force()"
    )
    for table in ("administered", "checkpoint"):
        op.execute(
            f"CREATE TRIGGER next_number BEFORE INSERT ON public.{table} FOR EACH ROW EXECUTE FUNCTION public.drp_next_number()"
        )


def _for_the_role(statements: list[str]) -> None:
    """What the role is given, where there is one."""
    op.execute(
        f"""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
            {"; ".join(statements)};
          END IF;
        END $$
        """
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("administered", "checkpoint"):
            op.execute(f"DROP TRIGGER next_number ON public.{table}")
        for table in WITH_ITS_ITEM:
            op.execute(f'DROP TRIGGER with_its_item ON public."{table}"')
        op.execute("DROP TRIGGER with_its_entries ON public.challenge")
        op.execute("DROP TRIGGER not_yet_in_force ON public.document")
        for function in FUNCTIONS:
            op.execute(f"DROP FUNCTION public.{function}")
        statements = [f'REVOKE ALL ON public."{table}" FROM drp_app; GRANT {may} ON public."{table}" TO drp_app' for table, may in BEFORE.items()]
        _for_the_role([*statements, "GRANT UPDATE (is_current) ON public.document TO drp_app"])
    op.drop_index("ix_entry_document", "entry")
    for name in reversed(RESTORED):
        op.drop_column("authority", name)
