"""Emoji by their short names: most are the Unicode name, the rest stand in a table."""

import unicodedata
from functools import lru_cache

EMOJI_STYLE = "\N{VARIATION SELECTOR-16}"

SHORT_NAMES = {
    "+1": "THUMBS UP SIGN",
    "-1": "THUMBS DOWN SIGN",
    "alarm_clock": "ALARM CLOCK",
    "arrow_down": "DOWNWARDS BLACK ARROW",
    "arrow_right": "BLACK RIGHTWARDS ARROW",
    "arrow_up": "UPWARDS BLACK ARROW",
    "arrows_counterclockwise": "ANTICLOCKWISE DOWNWARDS AND UPWARDS OPEN CIRCLE ARROWS",
    "bangbang": "DOUBLE EXCLAMATION MARK",
    "boom": "COLLISION SYMBOL",
    "bulb": "ELECTRIC LIGHT BULB",
    "chart": "CHART WITH UPWARDS TREND AND YEN SIGN",
    "checkered_flag": "CHEQUERED FLAG",
    "clap": "CLAPPING HANDS SIGN",
    "computer": "PERSONAL COMPUTER",
    "construction": "CONSTRUCTION SIGN",
    "date": "CALENDAR",
    "email": "ENVELOPE",
    "euro": "BANKNOTE WITH EURO SIGN",
    "exclamation": "HEAVY EXCLAMATION MARK SYMBOL",
    "green_circle": "LARGE GREEN CIRCLE",
    "heart": "HEAVY BLACK HEART",
    "hourglass_flowing_sand": "HOURGLASS WITH FLOWING SAND",
    "mag": "LEFT-POINTING MAGNIFYING GLASS",
    "moneybag": "MONEY BAG",
    "no_bell": "BELL WITH CANCELLATION STROKE",
    "office": "OFFICE BUILDING",
    "ok": "SQUARED OK",
    "orange_circle": "LARGE ORANGE CIRCLE",
    "pause_button": "DOUBLE VERTICAL BAR",
    "pray": "PERSON WITH FOLDED HANDS",
    "question": "BLACK QUESTION MARK ORNAMENT",
    "raised_hands": "PERSON RAISING BOTH HANDS IN CELEBRATION",
    "red_circle": "LARGE RED CIRCLE",
    "repeat": "CLOCKWISE RIGHTWARDS AND LEFTWARDS OPEN CIRCLE ARROWS",
    "robot": "ROBOT FACE",
    "rotating_light": "POLICE CARS REVOLVING LIGHT",
    "satellite": "SATELLITE ANTENNA",
    "shield": "SHIELD",
    "smile": "SMILING FACE WITH OPEN MOUTH AND SMILING EYES",
    "star": "WHITE MEDIUM STAR",
    "tada": "PARTY POPPER",
    "thinking": "THINKING FACE",
    "thumbsdown": "THUMBS DOWN SIGN",
    "thumbsup": "THUMBS UP SIGN",
    "tools": "HAMMER AND WRENCH",
    "unlock": "OPEN LOCK",
    "warning": "WARNING SIGN",
    "wave": "WAVING HAND SIGN",
    "white_check_mark": "WHITE HEAVY CHECK MARK",
    "x": "CROSS MARK",
    "yellow_circle": "LARGE YELLOW CIRCLE",
    "zap": "HIGH VOLTAGE SIGN",
}


@lru_cache(maxsize=1024)
def find_emoji(short_name: str) -> str | None:
    """The character for `white_check_mark`; None when there is none of that name."""
    unicode_name = SHORT_NAMES.get(short_name, short_name.replace("_", " ").upper())
    try:
        character = unicodedata.lookup(unicode_name)
    except KeyError:
        return None
    # Letters and digits have names too (`:digit_one:`), and are no emoji.
    if unicodedata.category(character) not in ("So", "Po", "Sm"):
        return None
    return character + EMOJI_STYLE if character < "\U0001f000" else character
