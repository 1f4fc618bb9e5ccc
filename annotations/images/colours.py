"""Colours as browsers show them: embedded colour profiles are converted to sRGB."""

import functools
import io

import PIL.Image
from PIL import ImageCms

# Modes of a picture in which the colours of each kind of profile can be.
MODES = {"RGB ": ("RGB", "RGBA"), "GRAY": ("L",), "CMYK": ("CMYK",)}
# Colours of a profile whose description starts so are not converted.
STANDARD = "sRGB"
PROFILES_KEPT = 16


def to_srgb(picture: PIL.Image.Image, profile: object) -> PIL.Image.Image:
    """Convert the colours from an ICC profile to sRGB.

    Browsers ignore damaged profiles and those of another colour space. So does this.
    """
    if not isinstance(profile, bytes) or not profile:
        return picture
    target = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        transform = _transform(profile, picture.mode, target)
        return picture if transform is None else transform.apply(picture)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture


@functools.lru_cache(maxsize=PROFILES_KEPT)
def _transform(
    profile: bytes, mode: str, target: str
) -> ImageCms.ImageCmsTransform | None:
    """Return the conversion of pictures in a mode; None if there is nothing to do.

    Safe in threads. Pictures of one source share a profile, and it is slow to build.
    """
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if mode not in MODES.get(source.profile.xcolor_space, ()):
        return None
    if (source.profile.profile_description or "").startswith(STANDARD):
        return None
    standard = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return ImageCms.ImageCmsTransform(source, standard, mode, target)
