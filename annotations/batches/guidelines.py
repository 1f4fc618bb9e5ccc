"""The versions of a batch's guidelines."""

from django.core.exceptions import ValidationError

from annotations.errors import Invalid
from annotations.models import Batch, GuidelinesVersion, User


def add_version(batch: Batch, text: str, *, by: User) -> None:
    """Store the text as the current version; the caller saves the batch."""
    version = GuidelinesVersion(batch=batch, text=text, created_by=by)
    version.version = batch.guidelines_version + 1 if batch.current_guidelines else 1
    try:
        version.clean_fields(exclude={"batch", "created_by"})
    except ValidationError as error:
        raise Invalid({"guidelines": error.messages}) from error
    version.save()
    batch.current_guidelines = version
