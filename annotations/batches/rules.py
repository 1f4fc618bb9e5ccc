"""Set the rules of a batch. The model defines which values are valid."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from annotations.errors import Invalid
from annotations.models import Batch, Scorer

FIXED = ("order", "purpose", "control_share")  # after the first opening
COLUMNS = {"judges_maximum": "maximum"}
NOT_RULES = {"created_by", "current_guidelines"}


def set_rules(batch: Batch, rules: Mapping[str, Any]) -> None:
    """Set the name and rules of a batch and check them; Invalid names every wrong one.

    Rules: judges_required, judges_maximum (None follows judges_required), page_size,
    order, purpose, priority, cap, cap_share, deadline, shows_agreement, scorer,
    control_share, clear_beyond, audit_size.
    """
    for name, value in rules.items():
        setattr(batch, COLUMNS.get(name, name), value)
    errors = _errors_of(batch)
    # Only a new choice is checked, so that other rules of a batch can still change after
    # its scorer was removed from the settings.
    if rules.get("scorer"):
        errors |= _scorer_errors(batch.scorer)
    if errors:
        raise Invalid(errors)


def _errors_of(batch: Batch) -> dict[str, list[str]]:
    try:
        # The validators repeat the database's constraints, without a query for each.
        batch.full_clean(
            exclude=NOT_RULES, validate_unique=False, validate_constraints=False
        )
    except ValidationError as error:
        names = {column: name for name, column in COLUMNS.items()}
        return {
            names.get(field, field): messages
            for field, messages in error.message_dict.items()
        }
    return {}


def _scorer_errors(name: str) -> dict[str, list[str]]:
    active_scorers = Scorer.objects.filter(is_active=True).order_by("name")
    names = list(active_scorers.values_list("name", flat=True))
    if name in names:
        return {}
    return {"scorer": [f"Must be empty or an active scorer: {', '.join(names)}."]}
