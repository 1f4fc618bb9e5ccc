"""Actions of a form, with the result as a message on the next page."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest

from annotations.errors import LabelerError


def perform(request: HttpRequest, action: Callable[[], object], success: str) -> bool:
    """Run `action` and queue a message: `success`, or the error's own sentence.

    "{}" in `success` stands for the action's result. Return whether it succeeded.
    """
    try:
        result = action()
    except LabelerError as error:
        messages.error(request, error.detail)
        return False
    messages.success(request, success.replace("{}", str(result)))
    return True
