"""Which question fits which scale: a scale's answers are words, and a question asks for some of them. Pure.

rated   "How satisfied are you with ...?"         stars, csat, smiley, points from poor to excellent
agree   "It was easy to ..."                      ces, agree5, agree7: from strongly disagree to strongly agree
likely  "How likely are you to recommend ...?"    nps
yes     "Was this page useful?"                   thumbs, yes_no
"""

import re
from collections.abc import Mapping

from app.errors import Place
from app.touchpoints.catalogue import QUESTIONS, Kind
from app.touchpoints.scales import SCALES, Scale

_ANSWERS = {
    "rated": "poor to excellent, or very dissatisfied to very satisfied",
    "agree": "strongly disagree to strongly agree",
    "likely": "not at all likely to extremely likely",
    "yes": "no or yes",
}
_MENDS = {
    "rated": "Ask how good it was or how satisfied somebody is, or choose another scale.",
    "agree": 'Make a statement to agree with, such as "It was easy to order.", or choose another scale.',
    "likely": "Ask how likely somebody is to recommend it, or choose another scale.",
    "yes": "Ask what yes or no answers, or choose another scale.",
}
# By language: how likely; questions to be answered with yes or no; how good or how easy; statements.
_LIKELY = {
    "en": r"\b(how likely|recommend)\b",
    "de": r"(wie wahrscheinlich|empfehlen\b)",
    "da": r"(hvor sandsynlig|\banbefale\b)",
    "pl": r"(jak prawdopodobne|\bpolec(ą|i|isz|ił))",
}
_YES = {
    "en": r"(is|are|was|were|do|does|did|have|has|had|can|could|will|would)\b",
    "de": r"(ist|sind|war|waren|hat|haben|konnten?|können|finden|fanden|wurden?|würden|pass(t|en)|enthält|gab|gibt)\b",
    "da": r"(er|var|har|havde|kan|kunne|synes|fandt|hjalp|gav|passer|vil|ville|fik|blev)\b",
    "pl": r"czy\b",
}
_RATED = {
    "en": r"(how|what do you think|what is your impression)\b",
    "de": r"wie\b",
    "da": r"(hvor|hvordan|hvad synes)\b",
    "pl": r"jak\b",
}
_EASY = {"en": r"\beas", "de": r"\b(einfach|leicht)", "da": r"\b(nemt|let)\b", "pl": r"\b(łatw|ułatwi)"}


def question_for(kind: Kind | None, scale: Scale) -> Mapping[str, str]:
    """The catalogue's question by language for a kind (None: something of one's own) on a scale."""
    form = scale.asks
    if kind and form == SCALES[kind.scale].asks:
        return kind.question
    return kind.rated if kind and kind.rated and form == "rated" else QUESTIONS[form]


def form_of(text: str, language: str) -> str | None:
    """What a question asks for, as far as its first words tell; None when they do not, or nobody here reads it."""
    said, language = text.strip().casefold(), language.partition("-")[0].lower()
    if language not in _LIKELY:
        return None
    if re.search(_LIKELY[language], said):
        return "likely"
    if not said.endswith("?"):
        return "agree" if re.search(_EASY[language], said) else None
    if re.match(_YES[language], said):
        return "yes"
    return "rated" if re.match(_RATED[language], said) else "asked"


def misfits(question: Mapping[str, str], scale: Scale) -> list[Place]:
    """A warning for each language whose question asks for something else than the scale's answers."""
    form = scale.asks
    unsaid = {form} if form == "agree" else {form, "asked"}  # with a question mark at its end nothing can be agreed to
    return [
        Place(
            place=f"body.question.{language}",
            message=f"does not fit the scale {scale.name}, which is answered with {_ANSWERS[form]}",
            mend=_MENDS[form],
        )
        for language, text in question.items()
        if (asks := form_of(text, language)) and asks not in unsaid
    ]
