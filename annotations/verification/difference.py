"""A finding of verification."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored value that differs from the right one."""

    where: str
    stored: object
    right: object
    is_mended: bool = False

    def __str__(self) -> str:
        mended = " (mended)" if self.is_mended else ""
        return f"{self.where}: {self.stored}, should be {self.right}{mended}"
