"""Words that say nothing by themselves, in four languages. Negations are not among them: "not working" says a lot."""

_EN = """
a about after all also am an and any are as at be because been before being but by can could did do does doing for from
get go got had has have having he her here him his how i i'm i've if in into is it it's its just like me more most my
of off on one only or other our out over really she so some than that that's the their them then there these they this
those to too up us very was we were what when where which while who why will with would you your
"""
_DE = """
aber alle als also am an auch auf aus bei beim bin bis bitte da damit dann das dass dem den der des die dies diese
dieser dieses doch dort du durch ein eine einem einen einer eines einfach er es etwas euch für hab habe haben hat hatte
hatten hier ich ihm ihn ihnen ihr ihre im immer in ins ist ja jetzt kann können man mein meine meinem meinen meiner
mich mir mit nach noch nun nur ob oder schon sehr sein sich sie sind so und uns unser unsere vom von vor war waren was
weil wenn werden wie wir wird wo worden wurde wurden zu zum zur über
"""
_DA = """
af alle alt altså anden at blev blevet blive bliver da de dem den denne der deres det dette dig din disse dog du efter
eller en end er et for fra få får har havde have hele helt her hos hun hvad hvis hvor i igen ind jeg jer jo kan kom
kun kunne lige man mange med meget men mig min mit mod mon må nu når nogle noget og også om op os over på selv sig
sin skal skulle som så til ud under var ved vi vil ville vor være været
"""
_PL = """
a aby ale albo bardzo bez bo być był była było były by co czy dla do gdy gdzie go i ich ile im ja jak jako je jego jej
jest jestem jeszcze już kiedy która które który którzy lub ma mam mi mnie moja moje mój może można mu my na nad nam nas
od on ona one oni oraz po pod przed przez przy są się ta tak także tam te tego tej ten to tu tutaj tylko tym też u w
wam was we więc wszystko z za ze że żeby
"""
STOPWORDS = {
    language: frozenset(words.split()) for language, words in {"en": _EN, "de": _DE, "da": _DA, "pl": _PL}.items()
}
ALL = frozenset().union(*STOPWORDS.values())


def stopwords(locale: str | None) -> frozenset[str]:
    """Those of a comment's language; of all four when it is not known."""
    return STOPWORDS.get((locale or "")[:2].lower(), ALL)
