"""The environment variables of `make run`. A wrong value stops the start with a message."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labeler.embedded.errors import WrongSetting

CHECKOUT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
POSTGRES_SCHEMES = ("postgres://", "postgresql://", "psql://", "pgsql://")
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


@dataclass(frozen=True)
class Config:
    """The settings of `make run`. An empty variable counts as unset."""

    port: int
    data: Path
    demo: bool
    password: str | None
    database_url: str | None
    redis_url: str | None

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Config":
        return cls(
            port=_port(environ.get("LABELER_PORT") or "8000"),
            data=_folder(environ.get("LABELER_DATA") or str(CHECKOUT / "var")),
            demo=_flag("LABELER_DEMO", environ.get("LABELER_DEMO") or "1"),
            password=environ.get("LABELER_DEMO_PASSWORD") or None,
            database_url=_url("DATABASE_URL", environ, POSTGRES_SCHEMES),
            redis_url=_url("REDIS_URL", environ, REDIS_SCHEMES),
        )


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise WrongSetting(f"LABELER_PORT is {text!r}. Set it to a number from 1 to 65535.")


def _folder(text: str) -> Path:
    # Children run in other folders, so a relative path is made absolute here.
    return Path(text).expanduser().absolute()


def _flag(name: str, text: str) -> bool:
    if text not in ("0", "1"):
        raise WrongSetting(f"{name} is {text!r}. Set it to 1 (yes) or 0 (no).")
    return text == "1"


def _url(name: str, environ: Mapping[str, str], schemes: tuple[str, ...]) -> str | None:
    text = environ.get(name) or None
    if text and not text.startswith(schemes):
        raise WrongSetting(
            f"{name} does not begin with one of {', '.join(schemes)}. Set it to such an address, or unset it to use the embedded server."
        )
    return text
