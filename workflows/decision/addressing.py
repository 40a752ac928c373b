"""To whom a stage is addressed and copied: the ladder's lists, its conditions, and what the sender chose."""

from collections.abc import Collection, Iterable

from workflows.model.authority import Authority, Edition, HeldFor, Rules
from workflows.model.challenge import Challenge, Party
from workflows.model.events import Chosen
from workflows.model.ladder import EVERYONE_ABOVE, Choice, LadderCondition, Stage, StageCopy, Term
from workflows.model.refusals import Unfit


def condition_holds(condition: LadderCondition | None, challenge: Challenge, authority: Authority, chosen: bool = False) -> bool:
    """Is a copy's condition true for this challenge? `chosen`: did the sender tick this copy?"""
    if condition is None:
        return True
    return any(all(_term(term, challenge, authority, chosen) for term in terms) for terms in condition.alternatives)


def _term(term: Term, challenge: Challenge, authority: Authority, chosen: bool) -> bool:
    facts = challenge.facts
    known: dict[str, Collection[str]] = {
        "status": [status.value for status in facts.statuses],
        "fact": facts.facts | {*challenge.item_facts},
        "priority": (challenge.priority,),
        "reason": challenge.reasons,
        "item": (challenge.item_type.value,),
        "raised_by": (challenge.raiser_role,),
        "theme": {authority.reason(reason).theme for reason in challenge.reasons if authority.has_reason(reason)},
    }
    found = {"plo": facts.in_plo, "proceedings": facts.in_proceedings, "chosen": chosen}.get(term.kind)
    if found is None:
        found = term.value in known[term.kind]
    return found is not term.negated


def needs_choice(stage: Stage) -> bool:
    """Must the sender choose a recipient or a date before this stage can be sent? Then it is never entered by itself."""
    chooses = stage.to is not None and stage.to.how in (Choice.ONE, Choice.CHOSEN)
    return chooses or stage.respond_within.set_by_raiser


def needs_agency(authority: Authority, challenge: Challenge, stage: Stage) -> bool:
    """Is the stage addressed to somebody outside, by role, and it was never said in which agency?"""
    if challenge.agency or stage.to is None or stage.to.how not in (Choice.ALL, Choice.ANY):
        return False
    return any(authority.role(role).held_for is HeldFor.AGENCY for role in stage.to.roles)


def recipients_of_stage(
    authority: Authority, challenge: Challenge, stage: Stage, chosen: tuple[Chosen, ...]
) -> tuple[Party, ...]:
    """The stage's recipients. Raises Unfit if somebody must be chosen and is not, or is not among the permitted."""
    assert stage.to is not None
    permitted = ", ".join(stage.to.roles)
    if stage.to.how in (Choice.ALL, Choice.ANY):
        if chosen:
            said = f"{stage.label} is addressed by the procedure itself."
            raise Unfit(said, "Leave the choice of recipient out.", "to")
        parties = tuple(Party(role) for role in stage.to.roles)
    else:
        if not chosen:
            raise Unfit(f"At {stage.label} somebody must be chosen to answer.", f"Choose from: {permitted}.", "to")
        if stage.to.how is Choice.ONE and len(chosen) > 1:
            raise Unfit(f"{stage.label} goes to one of them.", f"Choose one from: {permitted}.", "to")
        parties = tuple(dict.fromkeys(Party.of(choice) for choice in chosen))
    for party in parties:
        if party.role not in stage.to.roles:
            raise Unfit(f"`{party.role}` may not be asked at {stage.label}.", f"Choose from: {permitted}.", "to")
        outside = authority.role(party.role).held_for is HeldFor.AGENCY
        if outside and not party.person and not challenge.agency:
            said = f"{authority.role(party.role).title} is somebody in another agency, and it is not said which agency."
            raise Unfit(said, "Name the agency (`agency`), or the person (`to`), from the directory.", "agency")
    return parties


def copies_of_stage(
    rules: Rules, challenge: Challenge, stage: Stage, to: tuple[Party, ...], chosen: tuple[str, ...]
) -> tuple[Party, ...]:
    """Who is copied at a stage. Nobody is copied at a stage where they are the recipient."""
    optional = [copy.role for copy in stage.copies if _is_choice(copy)]
    for role in chosen:
        if role not in optional:
            listed = f"Choose from: {', '.join(optional)}." if optional else "This stage leaves no copy to choose."
            raise Unfit(f"`{role}` is not a copy that may be chosen at {stage.label}.", listed, "copies")
    found: list[Party] = []
    for copy in stage.copies:
        if condition_holds(copy.when, challenge, rules.authority, copy.role in chosen):
            found += everyone_above(rules, challenge, stage) if copy.role == EVERYONE_ABOVE else [Party(copy.role)]
    return without_parties(with_a_holder(rules, challenge, found), to)


def with_a_holder(rules: Rules, challenge: Challenge, parties: Iterable[Party]) -> list[Party]:
    """Parties without those whose role is held for a child, where the item is about none: nobody could be told."""
    if challenge.about_child or rules.edition is Edition.FIRST:
        return list(parties)
    words = rules.authority
    return [
        one for one in parties if one.person or not words.has_role(one.role) or words.role(one.role).held_for is not HeldFor.CHILD
    ]


def everyone_above(rules: Rules, challenge: Challenge, stage: Stage) -> tuple[Party, ...]:
    """The people of every stage that comes before one in the procedure's own order (its table's rows above).

    Of a stage that it passed through: whoever was told and copied then. Of one that it did not, for it was entered higher:
    its fixed recipients, and the copies whose condition holds; of recipients who are chosen, nobody. Nobody of a higher stage
    after a jump down; observers are not among them. Under the first edition: everybody told so far.
    """
    if rules.edition is Edition.FIRST:
        return challenge.everyone_told()
    found: list[Party] = []
    exist = rules.ladder.stages_for(challenge.item_type)
    for before in exist[: exist.index(stage) if stage in exist else 0]:
        visits = [visit for visit in challenge.visits if visit.stage == before.key and visit.sent]
        if visits:
            found += [party for visit in visits for party in (*visit.told, *visit.copied)]
        elif not before.referral:
            found += _fixed_parties(rules.authority, challenge, before)
    return tuple(dict.fromkeys(found))


def _fixed_parties(authority: Authority, challenge: Challenge, stage: Stage) -> list[Party]:
    """Whom a stage would tell whoever sends it there: nobody who is chosen, and nobody of an agency that was not named."""
    fixed = stage.to is not None and stage.to.how in (Choice.ALL, Choice.ANY)
    asked = stage.roles_to() if fixed and not needs_agency(authority, challenge, stage) else ()
    copied = [
        copy.role
        for copy in stage.copies
        if copy.role != EVERYONE_ABOVE and not _is_choice(copy) and condition_holds(copy.when, challenge, authority)
    ]
    return [Party(role) for role in (*asked, *copied)]


def observers_of_stage(rules: Rules, challenge: Challenge, stage: Stage, told: Collection[Party]) -> tuple[Party, ...]:
    """Who is told, beside those asked and copied (`told`), that an item has come to a stage; nothing is asked of them."""
    observers = [Party(role) for role in (*rules.ladder.observers, *stage.observers)]
    return without_parties(with_a_holder(rules, challenge, observers), told)


def without_parties(parties: Collection[Party], excluded: Collection[Party]) -> tuple[Party, ...]:
    """Parties in order, once each, leaving out those excluded by person or by role."""
    roles = {party.role for party in excluded if not party.person}
    return tuple(p for p in dict.fromkeys(parties) if p not in excluded and (p.person or p.role not in roles))


def _is_choice(copy: StageCopy) -> bool:
    return copy.when is not None and any(term.kind == "chosen" for term in copy.when.terms())
