"""One wish in five wordings is one scene: the same things, numbers and colours, whoever words it and in whichever order."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.writers.calls import Desk
from agents.writers.scene import prepare_scene
from domain.context import StepContext
from domain.progress import CancelToken
from domain.scene import Scene, Setting
from domain.specs import PictureSpec

RED, BLUE, YELLOW, WHITE, GREEN = "#d32f2f", "#1976d2", "#fbc02d", "#f7f7f7", "#388e3c"

ENGLISH = {
    "foxes": (
        {("fox", 3, RED)},
        [
            "three red foxes in a snowy forest at night",
            "At night, in a snowy forest: 3 red foxes",
            "Please draw three red foxes standing in a snow-covered forest by night",
            "Night. A snowy forest. Three red foxes.",
            "I'd like an illustration of three foxes, red ones, in the woods on a snowy night",
        ],
    ),
    "cat": (
        {("cat", 1, ""), ("chair", 1, GREEN)},
        [
            "a cat sleeping on a green chair",
            "On a green chair, a cat is sleeping",
            "A sleeping cat on a chair painted green",
            "Show me one cat on a green chair, asleep",
            "a picture of a cat that is napping on top of a green chair",
        ],
    ),
    "bicycle": (
        {("bicycle", 1, BLUE), ("lantern", 2, "")},
        [
            "a blue bicycle and two lanterns in the city, evening",
            "Two lanterns and a blue bicycle, city at dusk",
            "city, dusk: a bicycle in blue, with two lanterns",
            "An image of two lanterns beside a blue bicycle in a city at sunset",
            "draw a blue bicycle next to 2 lanterns, downtown, at twilight",
        ],
    ),
    "knight": (
        {("knight", 1, ""), ("sword", 1, "#d4a017")},
        [
            "a knight holding a golden sword",
            "a knight with a golden sword",
            "a golden sword and a knight",
            "Knight carrying a golden sword, please",
            "A knight wields a golden sword",
        ],
    ),
    "astrolabe": (
        {("astrolabe", 1, "")},
        [
            "a brass astrolabe, close-up",
            "close-up of a brass astrolabe",
            "an astrolabe made of brass, macro shot",
            "brass astrolabe, close up",
            "Draw an old astrolabe in brass. Close-up.",
        ],
    ),
    "apples": (
        {("apple", 5, RED), ("basket", 1, "")},
        [
            "five red apples in a basket",
            "a basket with five red apples",
            "5 red apples inside a basket",
            "In a basket, five apples, red ones",
            "an illustration of a basket and five red apples",
        ],
    ),
    "owl": (
        {("owl", 1, WHITE), ("moon", 1, "")},
        [
            "a white owl flying in front of a moon, night",
            "at night, a white owl in front of the moon",
            "a moon behind a white owl at night",
            "night scene: a flying white owl and the moon",
            "The moon, and in front of it a white owl, at midnight",
        ],
    ),
    "accordion": (
        {("accordion", 1, ""), ("ukulele", 1, "")},
        [
            "an accordion and a ukulele",
            "accordion and ukulele",
            "a ukulele, an accordion",
            "one accordion with one ukulele",
            "picture of an accordion next to a ukulele",
        ],
    ),
}

CHINESE = {
    "狐狸": (
        {("fox", 3, RED)},
        [
            "三只红狐狸在雪地森林里，夜晚",
            "夜晚的森林里有三只红色的狐狸",
            "请画3只红狐狸，雪夜森林",
            "森林，夜里，三只红色狐狸站着",
            "雪夜，树林里站着三只红狐狸",
        ],
    ),
    "鸭子": (
        {("duck", 5, YELLOW)},
        [
            "五只黄色的小鸭子在湖面上游泳",
            "湖上有五只黄色小鸭子",
            "画5只小黄鸭子，在湖里游着",
            "湖面上，五只黄色的鸭子",
            "一幅插画：湖边，五只黄色小鸭子",
        ],
    ),
    "骑士": (
        {("knight", 1, ""), ("sword", 1, "")},
        [
            "骑士拿着一把剑",
            "一个骑士握着一把剑",
            "拿着剑的骑士",
            "一位骑士和一把剑",
            "请画一个骑士，手里拿着一把剑",
        ],
    ),
    "自行车": (
        {("bicycle", 1, BLUE), ("cat", 2, "")},
        [
            "城市里，一辆蓝色自行车和两只猫",
            "两只猫和一辆蓝色的自行车，城市",
            "一辆蓝色自行车旁边有两只猫，城市背景",
            "城市街景：两只猫在一辆蓝色自行车旁边",
            "都市，两只猫，一辆蓝色的自行车",
        ],
    ),
}


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def scene(desk: Desk, about: str) -> Scene:
    return prepare_scene(StepContext(spec=PictureSpec(about=about)), None, CancelToken(), desk)


def things(made: Scene) -> set[tuple[str, int, str]]:
    return {(s.what, s.count, s.colour) for s in (*made.subjects, *made.props)}


@pytest.mark.parametrize(
    ("wanted", "about"), [(wanted, about) for table in (ENGLISH, CHINESE) for wanted, wordings in table.values() for about in wordings]
)
def test_five_wordings_name_the_same_things(desk: Desk, wanted: set[tuple[str, int, str]], about: str) -> None:
    assert things(scene(desk, about)) == wanted


@pytest.mark.parametrize(
    ("about", "relation"),
    [
        ("a cat on a chair", ("cat", "on", "chair")),
        ("a rabbit behind a tree", ("rabbit", "behind", "tree")),
        ("a rabbit in front of a tree", ("tree", "behind", "rabbit")),
        ("a knight holding a sword", ("knight", "holding", "sword")),
        ("a dog looking at a goose", ("dog", "facing", "goose")),
        ("a bear under a tree", ("bear", "under", "tree")),
        ("a lamp beside a sofa", ("lamp", "beside", "sofa")),
        ("a goldfish in a bottle", ("goldfish", "in", "bottle")),
        ("一只猫坐在沙发上面", ("cat", "on", "sofa")),
        ("一只兔子在一棵树后面", ("rabbit", "behind", "tree")),
        ("沙发旁边有一只狗", ("dog", "beside", "sofa")),
        ("骑士拿着一把剑", ("knight", "holding", "sword")),
        ("拿着雨伞的女孩", ("girl", "holding", "parasol")),
    ],
)
def test_how_things_stand_to_one_another(desk: Desk, about: str, relation: tuple[str, str, str]) -> None:
    made = scene(desk, about)
    listed = (*made.subjects, *made.props)
    found = [(listed[r.of].what, r.kind, listed[r.to].what) for r in made.relations]
    assert found == [relation]


@pytest.mark.parametrize(
    ("about", "field", "value"),
    [
        ("close-up of a rose", "camera.distance", "close"),
        ("一朵玫瑰的特写", "camera.distance", "close"),
        ("bird's eye view of a village", "camera.angle", "high"),
        ("俯视的小镇和一辆车", "camera.angle", "high"),
        ("flat lay of a camera and a book", "camera.angle", "top"),
        ("low angle shot of a robot", "camera.angle", "low"),
        ("panorama with a lighthouse", "camera.distance", "wide"),
        ("icon of a sword", "form", "icon"),
        ("一把剑的图标", "form", "icon"),
        ("a sticker of a happy avocado", "form", "sticker"),
        ("可爱的猫贴纸", "form", "sticker"),
        ("isometric bakery oven", "form", "isometric"),
        ("character portrait of a wizard", "form", "portrait"),
        ("女巫头像", "form", "portrait"),
        ("item sheet of potions", "form", "sheet"),
        ("seamless pattern of lemons", "form", "tile"),
        ("spot illustration of a teapot", "form", "spot"),
        ("a parrot in a round frame", "frame", "circle"),
        ("a parrot with film grain", "texture", "grain"),
        ("a laptop, room for text on the left", "margin", "left"),
        ("一台笔记本电脑，左侧留白", "margin", "left"),
        ("a laptop with copy space at the top", "margin", "top"),
        ("右边放文字，一只狗", "margin", "right"),
        ("four penguins in a row", "arrangement", "row"),
        ("a crowd of penguins", "arrangement", "crowd"),
        ("pencils arranged in a circle", "arrangement", "circle"),
        ("a flat design of a teapot", "family", "flat"),
        ("a mascot called Momo, a panda character", "character", "Momo"),
    ],
)
def test_words_fill_the_whole_picture(desk: Desk, about: str, field: str, value: str) -> None:
    made: object = scene(desk, about)
    for name in field.split("."):
        made = getattr(made, name)
    assert made == value


def test_materials_sizes_poses_and_the_foreground(desk: Desk) -> None:
    made = scene(desk, "a huge glass bottle, a sitting dog and a crown made of gold, with a pumpkin in the foreground")
    told = {s.what: (s.size, s.material, s.pose) for s in (*made.subjects, *made.props)}
    assert told == {"bottle": ("large", "glass", ""), "dog": ("medium", "", "sitting"), "crown": ("medium", "gold", "")}
    assert [s.what for s in made.foreground] == ["pumpkin"]
    chinese = scene(desk, "一个巨大的玻璃瓶子和一只正在睡觉的猫")
    assert {(s.size, s.material, s.pose) for s in chinese.subjects} == {("large", "glass", ""), ("medium", "", "sleeping")}


def test_what_no_list_knows_is_a_thing_where_the_words_show_it(desk: Desk) -> None:
    assert [s.what for s in scene(desk, "a wombat eats a baguette").subjects] == ["wombat"]
    assert [s.what for s in scene(desk, "a vintage typewriter gathering dust").subjects] == ["typewriter"]
    assert [s.what for s in scene(desk, "一个黄铜量角尺放在木桌上").subjects] == ["量角尺"]
    assert scene(desk, "Payroll made easy").subjects == ()
    assert scene(desk, "the launch of a new collection this summer").subjects == ()


def test_no_people_and_no_dog_are_kept_out(desk: Desk) -> None:
    assert [s.what for s in scene(desk, "a cat without a dog, no people").subjects] == ["cat"]
    assert [s.what for s in scene(desk, "一只猫，不要狗，没有人").subjects] == ["cat"]


def test_places_set_the_setting_and_are_no_things(desk: Desk) -> None:
    places = desk.prompts("scene_words")["places"]
    for name in [name for name in places if name in set(Setting)]:
        word = next(word for word in places[name]["words"] if word.isascii())
        assert scene(desk, f"a teapot in a {word}").setting == Setting(name), word
    assert scene(desk, "a teapot in a kitchen").setting in ("kitchen", "interior")
    assert scene(desk, "a castle on a hill").subjects[0].what == "castle"


@pytest.mark.parametrize(
    ("about", "shown"),
    [
        ("Spring sale banner: a blue kite", {("kite", 1)}),
        ("Banner for a toy shop, two green drums", {("drum", 2)}),
        ("a red banner with a dragon", {("banner", 1), ("dragon", 1)}),
        ("a violin and a trumpet, concert season poster", {("violin", 1), ("trumpet", 1)}),
        ("candy-coloured piano", {("piano", 1)}),
        ("a glass full of juice and a plum", {("juice", 1), ("plum", 1)}),
        ("three mugs of tea", {("tea", 3)}),
        ("a lamp and 2 bowls of soup", {("lamp", 1), ("soup", 2)}),
        ("giant purple snail", {("snail", 1)}),
        ("blue kites, five of them", {("kite", 5)}),
        ("a kite in orange above the sea", {("kite", 1)}),
        ("an apple and an orange", {("apple", 1), ("orange", 1)}),
        ("a fox and a red planet", {("fox", 1), ("planet", 1)}),
        ("a monk in front of a temple", {("monk", 1)}),
        ("castle in the back, a knight in front", {("knight", 1)}),
        ("a shipwreck underwater", {("shipwreck", 1)}),
        ("一把吉他和一只猫，健身应用广告", {("guitar", 1), ("cat", 1)}),
        ("一双筷子和一个西瓜", {("chopsticks", 1), ("watermelon", 1)}),
        ("三面旗帜", {("flag", 3)}),
        ("一条绿色的龙守着一个宝箱", {("dragon", 1), ("treasure chest", 1)}),
    ],
)
def test_what_is_seen_and_how_many(desk: Desk, about: str, shown: set[tuple[str, int]]) -> None:
    made = scene(desk, about)
    assert {(s.what, s.count) for s in (*made.subjects, *made.props)} == shown


@pytest.mark.parametrize(
    ("about", "setting"),
    [
        ("a lamp on a desk in the office", "office"),
        ("a rowing boat on a lake, mountains behind", "lake"),
        ("a monk in front of a temple", "temple"),
        ("a penguin in the snow", "snowfield"),
        ("winter sale: a red coat", "gradient"),
        ("two dogs in the park, room for text on the left", "park"),
        ("a sea turtle in a laboratory", "laboratory"),
        ("厨房桌上的一个苹果", "kitchen"),
    ],
)
def test_the_place_that_is_named_outright(desk: Desk, about: str, setting: str) -> None:
    made = scene(desk, about)
    assert made.setting.value == setting or (setting == "gradient" and made.setting is not Setting.SNOWFIELD)


@pytest.mark.parametrize(
    ("about", "margin"),
    [
        ("a green kite, logo goes on top", "top"),
        ("a green kite, copy goes on the right", "right"),
        ("a green kite, text left", "left"),
        ("a hill with an eagle above, keep the bottom free for tips", "bottom"),
        ("a cat on top of a title page", "none"),
    ],
)
def test_room_is_left_on_the_side_that_is_nearest_to_the_word_for_it(desk: Desk, about: str, margin: str) -> None:
    assert scene(desk, about).margin == margin


@pytest.mark.parametrize(
    ("about", "things", "colours"),
    [
        ("cold brew coffee, deep blue and brick red", {"cold brew coffee"}, set()),
        ("a rose gold ring", {"ring"}, {"#d9a08f"}),
        ("一只砖红色的狐狸", {"fox"}, {"#a5402d"}),
    ],
)
def test_a_colour_of_two_words_is_no_thing(desk: Desk, about: str, things: set[str], colours: set[str]) -> None:
    drawn = scene(desk, about)
    assert {s.what for s in (*drawn.subjects, *drawn.props)} == things
    assert {*drawn.palette, *(s.colour for s in (*drawn.subjects, *drawn.props))} >= colours


@pytest.mark.parametrize(
    ("about", "wanted"),
    [
        ("a peach-coloured dress", {("dress", "peach")}),
        ("two lemon-yellow kites", {("kite", "lemon yellow")}),
        ("a pumpkin orange dress and a teapot", {("dress", "dark orange"), ("teapot", "")}),
        ("a plum red sofa", {("sofa", "red")}),
        ("a british racing green car", {("car", "dark green")}),
        ("red umbrella, navy blue boots", {("umbrella", "red"), ("boots", "navy blue")}),
        ("tavern: a candle, wine red; a bottle, emerald green", {("candle", "maroon"), ("bottle", "emerald green")}),
        ("a fox in burnt orange", {("fox", "dark orange")}),
        ("orange juice and an orange cat", {("orange juice", ""), ("cat", "orange")}),
        ("a chocolate cake and a strawberry", {("cake", ""), ("strawberry", "")}),
        ("a cup of mint tea", {("mint tea", "")}),
        ("yellow lemons and green leaves", {("lemon", "yellow"), ("leaf", "green")}),
        ("a white dove", {("dove", "white")}),
        ("portrait of a fox hero, orange fur, blue scarf", {("fox", "orange"), ("scarf", "blue")}),
        ("nine potions: four red, five blue", {("potion", "red"), ("potion", "blue")}),
        ("一条樱桃红的裙子", {("dress", "crimson")}),
        ("葡萄绿色的汽车和一只猫", {("car", "green"), ("cat", "")}),
        ("薄荷绿的沙发", {("sofa", "mint green")}),
        ("灰蓝色的鸟，藏青色帽子", {("bird", "slate blue"), ("hat", "navy blue")}),
        ("一只白狐", {("fox", "white")}),
        ("三面红旗", {("flag", "red")}),
        ("两只白天鹅，黎明的湖", {("swan", "white")}),
    ],
)
def test_a_colour_word_is_the_colour_of_its_thing_and_no_thing(desk: Desk, about: str, wanted: set[tuple[str, str]]) -> None:
    made = scene(desk, about)
    names = {value: name for name, value in desk.colours.names.items()}
    assert {(s.what, names.get(s.colour, s.colour)) for s in (*made.subjects, *made.props)} == wanted


@pytest.mark.parametrize(
    ("about", "things"),
    [
        ("isometric workplace with a desk, a computer and a blue chair", {"desk", "computer", "chair"}),
        ("a lamp on a desk in the office", {"lamp"}),
        ("a server and a lock among three clouds", {"server", "lock", "cloud"}),
        ("a juice glass and two lemons", {"juice", "lemon"}),
        ("两把椅子和一艘船", {"chair", "ship"}),
        ("a dragon fruit and a lamp", {"dragon fruit", "lamp"}),
        ("一套编钟", {"编钟"}),
    ],
)
def test_furniture_is_a_thing_where_nothing_stands_on_it(desk: Desk, about: str, things: set[str]) -> None:
    made = scene(desk, about)
    assert {s.what for s in (*made.subjects, *made.props)} == things
