"""How the camera sees a drawn setting: from higher or lower, nearer, mirrored. Moves the backdrop and the floor it left as one."""

from __future__ import annotations

from dataclasses import replace

from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import number

#: angle -> how far the horizon moves, as a share of the height.
ANGLES = {"eye": 0.0, "high": -0.16, "low": 0.13, "top": -0.34}
ZOOMS = {"close": 1.18, "medium": 1.0, "wide": 1.0}
#: A backdrop is never blown up more than this: its details would look coarse.
MOST = 2.0


def look(stage: Stage, floor: Floor) -> Floor:
    """Wraps what the backdrop layer holds, answers the floor as it is seen now. Abstract grounds and podiums stay as they are."""
    camera, rng = stage.scene.camera, stage.chance("view")
    wide, high = stage.width, stage.canvas.height
    mirrored = rng.random() < 0.5 and stage.scene.margin in ("none", "top", "bottom")
    swing = rng.uniform(-0.035, 0.035)
    if floor.footing == "none" or floor.spot is not None:
        return floor
    level = floor.far / high
    asked = camera.horizon or level + ANGLES[camera.angle] + (swing if camera.angle == "eye" else 0.0)
    goal = min(max(asked, 0.12), 0.86)
    scale = min(max(ZOOMS[camera.distance], (1 - goal) / max(1 - level, 0.05), goal / max(level, 0.05)), MOST)
    down = min(max(goal * high - scale * level * high, high - scale * high), 0.0)
    middle = stage.area.centre[0]
    across = min(max(middle * (1 - scale), wide - scale * wide), 0.0)
    flip = f"translate({number(wide)} 0)scale(-1 1)" if mirrored else ""
    move = f"{flip}translate({number(across)} {number(down)})scale({scale:.5g})"
    stage.canvas.wrap(f'transform="{move}"')
    front = [f'<g transform="{move}">{markup}</g>' for markup in floor.front]
    near = min(scale * floor.near + down, high * 0.955)
    sun = (1 - floor.sun) if mirrored else floor.sun
    water = (scale * floor.water[0] + down, scale * floor.water[1] + down) if floor.water else None
    return replace(floor, water=water, far=min(scale * floor.far + down, near), near=near, sun=sun, front=front)
