"""What sheets of an earlier register said of a child: their lines, in the words of the authority's files."""

from uuid import UUID

from api.exports.sar_export.contents import LineHeld
from api.exports.sar_export.gatherer import SarGatherer
from api.presenters.wording import moment_in_words
from drp.data_protection import subject_data
from drp.directory import lookup


def lines_held(desk: SarGatherer, number: str, child: UUID | None) -> list[LineHeld]:
    """Every line brought in from a sheet that is about the child, by number or by identity."""
    found = subject_data.imported_lines(desk.connection, desk.authority, number, child)
    if not found:
        return []
    words, teams, services = (
        desk.words,
        *(subject_data.unit_names(desk.connection, desk.authority, kind) for kind in ("team", "service")),
    )
    rules = desk.procedures.current(desk.connection, desk.authority)
    stages = {stage.key: stage.label for one in rules for stage in one.ladder.stages}
    names = lookup.names_of(desk.connection, desk.authority, {str(one.raiser) for one in found if one.raiser})
    return [
        LineHeld(
            reference=one.reference,
            sheet=one.sheet,
            brought_in=moment_in_words(one.at),
            raised_on=one.raised_on,
            ended_on=one.ended_on,
            kind=words.label(one.item_type),
            stage=stages.get(one.stage, one.stage),
            reasons=[words.reason(key).label if words.has_reason(key) else key for key in one.reasons],
            status=words.label(one.status) if one.status else "",
            team=teams.get(one.team, one.team),
            service=services.get(one.service, one.service),
            outcome=words.label(one.outcome) if one.outcome else "",
            impact=one.impact,
            raised_by=names.get(str(one.raiser), "") if one.raiser else "",
        )
        for one in found
    ]
