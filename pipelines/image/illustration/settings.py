"""Which setting is drawn by whom, and what the composer must know of it."""

from __future__ import annotations

from collections.abc import Callable

from domain.scene import Setting
from pipelines.image.illustration import (
    abstract,
    beyond,
    built,
    depths,
    fields,
    halls,
    lakes,
    land,
    old,
    podium,
    rooms,
    shops,
    town,
    water,
    wild,
    works,
)
from pipelines.image.illustration.stage import Floor, Stage

SETTINGS: dict[Setting, Callable[[Stage], Floor]] = {
    Setting.PLAIN: abstract.plain,
    Setting.GRADIENT: abstract.gradient,
    Setting.PATTERN: abstract.pattern,
    Setting.STUDIO: podium.studio,
    Setting.MEADOW: land.meadow,
    Setting.HILLS: land.hills,
    Setting.MOUNTAINS: land.mountains,
    Setting.FOREST: land.forest,
    Setting.DESERT: land.desert,
    Setting.BEACH: water.beach,
    Setting.SEA: water.sea,
    Setting.CITY: built.city,
    Setting.STREET: built.street,
    Setting.INTERIOR: rooms.interior,
    Setting.SPACE: beyond.space,
    Setting.CAVE: beyond.cave,
    Setting.DUNGEON: old.dungeon,
    Setting.CASTLE: old.castle,
    Setting.THRONE_ROOM: old.throne_room,
    Setting.TAVERN: old.tavern,
    Setting.UNDERWATER: depths.underwater,
    Setting.ALIEN_PLANET: depths.alien_planet,
    Setting.CONCERT: halls.concert,
    Setting.STADIUM: halls.stadium,
    Setting.MUSEUM: halls.museum,
    Setting.LABORATORY: works.laboratory,
    Setting.FACTORY: works.factory,
    Setting.SPACESHIP: works.spaceship,
    Setting.SHOP: shops.shop,
    Setting.CAFE: shops.cafe,
    Setting.OFFICE: rooms.office,
    Setting.KITCHEN: shops.kitchen,
    Setting.BEDROOM: rooms.bedroom,
    Setting.CLASSROOM: rooms.classroom,
    Setting.LIBRARY: rooms.library,
    Setting.ROOFTOP: town.rooftop,
    Setting.HARBOUR: town.harbour,
    Setting.MARKET: town.market,
    Setting.FESTIVAL: town.festival,
    Setting.CHINESE_GARDEN: town.chinese_garden,
    Setting.TEMPLE: town.temple,
    Setting.PODIUMS: podium.podiums,
    Setting.FARM: fields.farm,
    Setting.GARDEN: fields.garden,
    Setting.PARK: fields.park,
    Setting.VILLAGE: fields.village,
    Setting.GRAVEYARD: fields.graveyard,
    Setting.BATTLEFIELD: fields.battlefield,
    Setting.JUNGLE: wild.jungle,
    Setting.LAKE: lakes.lake,
    Setting.RIVER: lakes.river,
    Setting.SNOWFIELD: wild.snowfield,
    Setting.VOLCANO: wild.volcano,
    Setting.CLOUDS: wild.clouds,
}
#: How strongly the margin is veiled: little where the setting is calm by itself. Others get 0.84.
VEILS = {
    Setting.PLAIN: 0.2,
    Setting.GRADIENT: 0.3,
    Setting.STUDIO: 0.25,
    Setting.PODIUMS: 0.25,
    Setting.INTERIOR: 0.5,
    Setting.DESERT: 0.5,
    Setting.SEA: 0.5,
    Setting.SNOWFIELD: 0.5,
    Setting.CLOUDS: 0.5,
    Setting.UNDERWATER: 0.5,
}
_ROOFED = {
    Setting.PLAIN, Setting.GRADIENT, Setting.PATTERN, Setting.STUDIO, Setting.PODIUMS, Setting.INTERIOR, Setting.SPACE, Setting.CAVE,
    Setting.UNDERWATER, Setting.SHOP, Setting.CAFE, Setting.OFFICE, Setting.KITCHEN, Setting.BEDROOM, Setting.CLASSROOM, Setting.LIBRARY,
    Setting.CONCERT, Setting.MUSEUM, Setting.LABORATORY, Setting.FACTORY, Setting.SPACESHIP, Setting.ALIEN_PLANET, Setting.DUNGEON,
    Setting.THRONE_ROOM, Setting.TAVERN,
}  # fmt: skip
#: Settings under the open sky, where weather falls and the sun casts shadows.
OUTDOORS = frozenset(SETTINGS) - _ROOFED
