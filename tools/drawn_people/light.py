"""Light on a relief: key light, fill light, sky, cast shadows and shine."""

import cv2
import numpy as np

from tools.drawn_people.canvas import SCALE, Array, soften
from tools.drawn_people.person import Light, Moment


def direction(moment: Moment) -> Array:
    """Return the direction of the key light in the coordinates of the turned head."""
    light = moment.light
    ray = np.array([light.x, light.y, 0.75], np.float32)
    direction_in_head = turn(moment).T @ (ray / np.linalg.norm(ray))
    return np.asarray(direction_in_head, np.float32)


def turn(moment: Moment) -> Array:
    """Return the rotation matrix of the head (yaw, then pitch)."""
    yaw, pitch = np.radians([moment.yaw, moment.pitch])
    about_y = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    about_x = [
        [1, 0, 0],
        [0, np.cos(pitch), np.sin(pitch)],
        [0, -np.sin(pitch), np.cos(pitch)],
    ]
    return np.asarray(np.array(about_x) @ np.array(about_y), np.float32)


def normals(height: Array) -> Array:
    """Return the unit normals of a relief."""
    dx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=SCALE / 8)
    dy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=SCALE / 8)
    normal = np.dstack([-dx, -dy, np.ones_like(dx)])
    return (normal / np.linalg.norm(normal, axis=2, keepdims=True)).astype(np.float32)


def shadow(height: Array, ray: Array) -> Array:
    """Return the share of light that each point loses to higher points before it."""
    small = cv2.resize(height, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    rows, cols = small.shape
    shade_map = np.zeros_like(small)
    flat = max(0.35, float(ray[2]))
    for step in range(1, 15):
        reach = 0.055 * step
        off_x, off_y = (-part / flat * reach * SCALE / 2 for part in ray[:2])
        shift = np.array([[1, 0, off_x], [0, 1, off_y]], np.float32)
        before = cv2.warpAffine(
            small, shift, (cols, rows), borderMode=cv2.BORDER_REPLICATE
        )
        shade_map = np.maximum(
            shade_map, np.clip((before - small - reach) / 0.09, 0, 1)
        )
    shade_map = cv2.resize(
        shade_map, height.shape[::-1], interpolation=cv2.INTER_LINEAR
    )
    return soften(shade_map, 0.03)


def shade(
    albedo: Array,
    height: Array,
    light: Light,
    ray: Array,
    *,
    shadows: Array,
    gloss: Array | float,
    flesh: bool = False,
) -> Array:
    """Light a coloured relief. In flesh, red light scatters past the edge of a shadow."""
    normal = normals(height)
    facing = normal @ ray
    bleed = np.array([0.34, 0.16, 0.1] if flesh else [0.08] * 3, np.float32)
    key = np.clip((facing[..., None] + bleed) / (1 + bleed), 0, 1)
    dark = np.array([0.72, 0.86, 0.9] if flesh else [0.8] * 3, np.float32)
    direct = 1 - shadows[..., None] * dark
    warm = np.array([1 + 0.12 * light.warmth, 1, 1 - 0.16 * light.warmth], np.float32)
    away = np.array([-ray[0], 0.1, 0.7], np.float32)
    fill = np.clip(normal @ (away / np.linalg.norm(away)), 0, 1)[..., None]
    sky = (0.62 - 0.38 * normal[..., 1])[..., None]
    hollow = np.clip(1 - 2.2 * (soften(height, 0.16) - height), 0.45, 1.15)[..., None]
    soft = np.array([0.95, 1, 1.1], np.float32) * (0.34 * sky + 0.26 * fill) * hollow
    hard = light.hardness
    lit = albedo * (
        key * direct * warm * (0.6 + 0.62 * hard) + soft * (1.25 - 0.7 * hard)
    )
    shine = gleam(normal, ray) * (1 - shadows) * gloss
    return (lit + shine[..., None] * warm).astype(np.float32)


def gleam(normal: Array, ray: Array) -> Array:
    """Return the shine of a relief towards the viewer: a sharp and a broad highlight."""
    half = ray + np.array([0, 0, 1], np.float32)
    shine = np.clip(normal @ (half / np.linalg.norm(half)), 0, 1)
    return shine**22 * 0.7 + shine**6 * 0.12
