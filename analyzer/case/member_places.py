"""Where members lie in what was given, for whoever reads a line of one again."""

from dataclasses import replace

from analyzer.bundle.member import ConcreteMember
from analyzer.case.gather import BundleContent
from analyzer.model.places import MemberPlace, ReportPlaces


def place_of(member: ConcreteMember) -> MemberPlace:
    """Return where a member lies."""
    entry = member.entry
    if entry is None:  # it is the input
        return MemberPlace(path=member.path, stored="")
    return MemberPlace(
        path=member.path,
        stored=entry.name,
        start=entry.start,
        size=entry.size,
        plain=member.plain,
    )


def places_of(content: BundleContent) -> ReportPlaces:
    """Return where the members of a report lie, with the marks of its logs."""
    places = dict(content.places)
    for log in content.logs:
        place = places.get(log.member)
        if place is not None and place.plain:
            places[log.member] = replace(place, marks=log.stats.marks)
    return ReportPlaces(
        bundle=content.name,
        given=content.given,
        blocks=content.blocks,
        members=tuple(places.values()),
    )
