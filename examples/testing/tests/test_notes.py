"""Answers from notes: embeddings and a model of two providers on one cassette."""

import pytest
from shop.notes import answer


@pytest.mark.scout_cassette
def test_the_answer_is_from_the_nearest_notes():
    assert "within 30 days" in answer("A parcel may be returned within 30 days?")
