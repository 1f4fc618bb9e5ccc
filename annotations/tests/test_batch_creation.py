"""The choice of a batch's entities by list, filter or sample, and their order."""

import math
import random
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations import batches, erasure, queue, sampling
from annotations.batches.choice import Choice
from annotations.batches.filters import Filter
from annotations.errors import Invalid
from annotations.models import Batch, BatchEntity, Entity

from .desk import batch_of, say
from .factories import CandidateFactory, EntityFactory

REPEATED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PROFESSIONS = ["actor", "singer", "runner", "poet"]
COUNTRIES = ["NO", "KE", "PE"]
BIRTHS = ["", "1950-02-03", "1961", "c. 1950", "0099-01-01", "195", "1975-13-99"]


@pytest.fixture
def people(db):
    """Fifty entities with random properties."""
    generator = random.Random(5)
    entities = [
        Entity(
            key=f"m.p{n}",
            frequency=generator.choice([None, 0, 1, 7, 7, 7, 300, 10**6]),
            gender=generator.choice(["", "female", "male"]),
            birth_date=generator.choice(BIRTHS),
            professions=generator.sample(PROFESSIONS, generator.randrange(3)),
            countries=generator.sample(COUNTRIES, generator.randrange(3)),
        )
        for n in range(50)
    ]
    Entity.objects.bulk_create(entities)
    for entity in Entity.objects.filter(pk__in=[e.pk for e in entities][::3]):
        CandidateFactory(entity=entity)
    return list(Entity.objects.order_by("pk"))


def queued(batch):
    """Return the keys of a batch in the order of its queue."""
    rows = BatchEntity.objects.filter(batch=batch).order_by("-priority", "entity")
    return list(rows.values_list("entity__key", flat=True))


def by_frequency(people):
    return sorted(
        people, key=lambda e: (e.frequency is None, -(e.frequency or 0), e.pk)
    )


def passes(entity, people, conditions):
    """Apply a filter in plain Python."""
    ranked = [e.pk for e in by_frequency(people) if e.frequency is not None]
    rank = ranked.index(entity.pk) + 1 if entity.pk in ranked else None
    year = re.match("[0-9]{4}", entity.birth_date)
    born = int(year[0]) if year else None
    has_candidates = entity.candidates.exists()
    return all(
        {
            "rank_from": lambda v: rank is not None and rank >= v,
            "rank_to": lambda v: rank is not None and rank <= v,
            "genders": lambda v: not v or entity.gender in v,
            "professions": lambda v: not v or set(v) & set(entity.professions),
            "countries": lambda v: not v or set(v) & set(entity.countries),
            "born_from": lambda v: born is not None and born >= v,
            "born_to": lambda v: born is not None and born <= v,
            "has_candidates": lambda v: not v or has_candidates,
            "never_judged": lambda v: True,
        }[name](value)
        for name, value in conditions.items()
    )


def some_of(values):
    return st.lists(st.sampled_from(values), max_size=2)


filters = st.fixed_dictionaries(
    {},
    optional={
        "rank_from": st.integers(1, 30),
        "rank_to": st.integers(30, 60),
        "genders": some_of(["female", "male", "other"]),
        "professions": some_of(PROFESSIONS),
        "countries": some_of(COUNTRIES),
        "born_from": st.sampled_from([0, 99, 1950, 1960]),
        "born_to": st.sampled_from([1960, 1975, 9999]),
        "has_candidates": st.booleans(),
        "never_judged": st.booleans(),
    },
)


@REPEATED
@given(conditions=filters)
def test_a_filter_chooses_as_plain_python_does(people, admin, conditions):
    expected = [e.key for e in by_frequency(people) if passes(e, people, conditions)]
    if not expected:
        with pytest.raises(Invalid) as caught:
            batches.create(by=admin, name="b", filter=conditions)
        assert "filter" in caught.value.errors
        return
    batch = batches.create(by=admin, name="b", filter=conditions)
    assert queued(batch) == expected
    assert batch.filter == {
        n: v for n, v in conditions.items() if v != [] and v is not False
    }


@REPEATED
@given(
    conditions=filters,
    size=st.integers(1, 60),
    seed=st.integers(0, 2**31),
    exponent=st.sampled_from([0, sampling.EXPONENT, 1]),
)
def test_a_sample_within_a_filter_is_drawn_as_in_plain_python(
    people, admin, conditions, size, seed, exponent
):
    costly = ("has_candidates", "never_judged")
    cheap = {name: value for name, value in conditions.items() if name not in costly}
    population = [
        (e, float(e.frequency))
        for e in people
        if e.frequency and passes(e, people, cheap)
    ]
    in_order = sampling.sample(population, len(people), seed, exponent)
    expected = [e.key for e in in_order if passes(e, people, conditions)][:size]
    if not expected:
        return
    sample = {"size": size, "seed": seed, "exponent": exponent}
    batch = batches.create(by=admin, name="b", sample=sample, filter=conditions)
    assert queued(batch) == expected
    assert batch.sample == sample


@REPEATED
@given(positions=st.lists(st.integers(0, 49), min_size=1, max_size=80))
def test_a_list_is_queued_in_order_without_duplicates(people, admin, positions):
    keys = [f"m.p{n}" for n in positions]
    batch = batches.create(by=admin, name="b", entities=keys)
    assert queued(batch) == list(dict.fromkeys(keys))
    assert batch.filter is batch.sample is None


def test_an_empty_filter_chooses_all_but_erased_entities(people, admin):
    erasure.erase_entity(key=people[7].key, by=admin)
    batch = batches.create(by=admin, name="b", filter={})
    remaining = [p for p in people if p.pk != people[7].pk]
    assert queued(batch) == [e.key for e in by_frequency(remaining)]
    assert batch.filter == {}


def test_an_entity_that_was_judged_in_any_batch_is_not_never_judged(
    judge, other_judge, admin
):
    batch = batch_of(judge, other_judge, entities=3, order="rank")
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes")
    queue.release(assignment_id=page.pk, judge=judge)
    queue.lease(judge=other_judge)  # without a verdict
    EntityFactory()
    new_batch = batches.create(by=admin, name="new", filter={"never_judged": True})
    keys = set(queued(new_batch))
    assert page.entity.key not in keys
    assert len(keys) == batch.batchentity_set.count() - 1 + 1


def test_an_entity_with_withdrawn_marks_only_was_never_judged(judge, admin):
    batch_of(judge, judges_required=1)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes")
    say(judge, page, 0, None)
    new_batch = batches.create(by=admin, name="new", filter={"never_judged": True})
    assert queued(new_batch) == [page.entity.key]


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({}, "entities"),
        ({"entities": ["m.p1"], "filter": {}}, "entities"),
        ({"entities": ["m.p1"], "sample": {"size": 1}}, "entities"),
        ({"entities": []}, "entities"),
        ({"filter": {"height": 3}}, "filter.height"),
        ({"filter": {"rank_from": 9, "rank_to": 8}}, "filter.rank_to"),
        ({"filter": {"born_from": 1990, "born_to": 1980}}, "filter.born_to"),
        ({"filter": {"rank_from": 9000}}, "filter"),
        ({"sample": {"size": 0}}, "sample.size"),
        ({"sample": {"size": 5}, "filter": {"genders": ["none"]}}, "sample"),
    ],
)
def test_a_wrong_choice_is_refused_with_its_field(people, admin, choice, field):
    with pytest.raises(Invalid) as caught:
        batches.create(by=admin, name="b", **choice)
    assert list(caught.value.errors) == [field]
    assert not Batch.objects.exists()


def test_every_wrong_line_of_a_list_is_named(people, admin):
    text = "# keys\nm.p1\textra\n\nm.none\na b\nm.p1\n/m/p2\nm.nobody\n"
    keys = batches.KeyList.read(text.splitlines())
    assert keys.doubles.first == ["Line 6: m.p1 is also in line 2."]
    with pytest.raises(Invalid) as caught:
        batches.create(by=admin, name="b", entities=keys)
    sentences = caught.value.errors["entities"]
    assert [s.partition(":")[0] for s in sentences] == ["Line 5", "Line 4", "Line 8"]


def test_of_many_wrong_lines_the_first_are_named(people, admin):
    with pytest.raises(Invalid) as caught:
        batches.create(by=admin, name="b", entities=[f"m.x{n}" for n in range(500)])
    sentences = caught.value.errors["entities"]
    assert len(sentences) == 21
    assert sentences[0] == "Entry 1: there is no entity m.x0."
    assert sentences[-1] == "… and 480 more."


def test_the_same_seed_makes_the_same_batch(people, admin):
    first = batches.create(by=admin, name="a", sample={"size": 9, "seed": 3})
    second = batches.create(by=admin, name="b", sample={"size": 9, "seed": 3})
    third = batches.create(by=admin, name="c", sample={"size": 9, "seed": 4})
    assert queued(first) == queued(second) != queued(third)


def test_ten_thousand_draws_fit_the_papers_weights(db):
    frequencies = [10**6, 1000, 30, 10, 1]
    keys = {
        EntityFactory(key=f"m.{f}", frequency=f).pk: n
        for n, f in enumerate(frequencies)
    }
    weights = [f ** (1 / math.sqrt(5)) for f in frequencies]
    shares = [w / sum(weights) for w in weights]
    assert shares == pytest.approx([0.9408, 0.0428, 0.0089, 0.0055, 0.0020], abs=5e-5)
    counts = [0] * 5
    for seed in range(10_000):
        [entity_id] = Choice.of(sample={"size": 1, "seed": seed}).draw()
        counts[keys[entity_id]] += 1
    expected = [10_000 * share for share in shares]
    chi_square = sum((f - e) ** 2 / e for f, e in zip(counts, expected, strict=True))
    assert chi_square < 18.47  # 0.999 quantile, 4 degrees of freedom


def test_a_draft_can_change_its_order_and_change_back(people, admin):
    keys = ["m.p9", "m.p3", "m.p30", "m.p1", "m.p2", "m.p8", "m.p7"]
    batch = batches.create(by=admin, name="b", entities=keys, order="random")
    shuffled = queued(batch)
    assert sorted(shuffled) == sorted(keys)
    batches.update(batch=batch, by=admin, order="rank")
    assert queued(batch) == keys
    batches.update(batch=batch, by=admin, order="random")
    assert queued(batch) == shuffled


def test_creation_needs_the_same_number_of_statements_at_any_size(admin):
    def statements(**choice):
        with CaptureQueriesContext(connection) as captured:
            batches.create(by=admin, name="b", **choice)
        return len(captured)

    EntityFactory.create_batch(3)
    before = statements(filter={})
    EntityFactory.create_batch(40)
    assert statements(filter={}) == before


def test_erased_entities_pass_no_filter(people, admin):
    where = Filter.of({}).where()
    assert "e.key IS NOT NULL" in where.whole
