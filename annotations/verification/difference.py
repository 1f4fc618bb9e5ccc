"""What verification finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """Something stored that is not what it should be."""

    where: str
    stored: object
    right: object
    is_mended: bool = False

    def __str__(self) -> str:
        mended = " (mended)" if self.is_mended else ""
        return f"{self.where}: {self.stored}, should be {self.right}{mended}"
