"""Structured output."""

from shop.tickets import Ticket, make_ticket

from scout_adapters.testing.replay.cassette_session import CassetteSession


def test_a_letter_becomes_a_ticket(scout_cassette: CassetteSession):
    assert isinstance(make_ticket("My parcel is wet, and I leave in an hour!"), Ticket)
    assert [request.host for request in scout_cassette.requests] == ["api.groq.com"]
