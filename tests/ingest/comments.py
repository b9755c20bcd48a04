"""Comments as customers and spammers write them, in four languages; `shop.example` is the touchpoint's own site."""

HONEST = {
    "en": (
        "Everything arrived on time, thank you!",
        "My order https://shop.example/orders/88123 has been 'in transit' for nine days. Nobody answers the phone.",
        "Tracking says delivered, it is not: https://www.dhl.com/track?id=JD0146000123. Please call me.",
        "You charge 49.90 for the lamp and www.amazon.co.uk has it for 31. I bought it there in the end, sorry.",
        "The coupon from shop.example/spring does not work at checkout, I tried three times on my phone.",
        "See the photo of the broken cup: https://imgur.com/a/x8Qz1 - second time this year. And your form at"
        " https://shop.example/returns asks for a number that is printed nowhere.",
        "I compared before buying: https://www.idealo.co.uk/lamp shows 29 and "
        "https://www.ebay.co.uk/itm/99182 shows 33 with free delivery, while you want 49 and another 6 for "
        "the parcel. I like buying in a real shop and the staff were lovely, but that is a lot of money for "
        "being friendly, so please look at it.",
        "Write me at jane.doe@mail.example or call, I am not angry. Just tell me when it comes.",
        "http://shop.example/orders/1 http://shop.example/orders/2 http://shop.example/orders/3 all three wrong size",
        "Was fine.Com\u00ading again next week.",
        "The invoice shows VAT twice, see https://shop.example/invoices/2026-118.pdf page 2.",
    ),
    "de": (
        "Schnelle Lieferung, gerne wieder.",
        "Seit zwei Wochen steht unter https://www.dhl.de/de/privatkunden/pakete-empfangen.html?id=00340434 "
        "nur 'in Zustellung'. Was ist da los?",
        "Die Bestellung https://shop.example/konto/bestellungen/4711 wurde storniert, ohne dass ich etwas "
        "gemacht habe!",
        "Bei www.otto.de kostet dieselbe Pfanne 12 Euro weniger. Schade.",
        "Der Link in eurer Mail (https://shop.example/rechnung/77) führt ins Leere: Fehler 404.",
        "Ich habe bei Stiftung Warentest nachgelesen (www.test.de/Staubsauger-im-Test) und auch auf "
        "https://www.heise.de/tests/staubsauger, dort steht überall, dass der Filter waschbar ist. Auf Ihrer "
        "Seite steht das Gegenteil, und der Mitarbeiter an der Hotline wusste es auch nicht. Was gilt denn "
        "nun?",
        "Bitte melden Sie sich unter max.muster@mail.example, die Nummer steht in der Bestellung.",
        "Alles gut.Danke.Bis bald.",
        "Foto vom Schaden: https://photos.example.net/s/abc123 Karton war offen, zwei Gläser kaputt.",
        "Nie wieder. Drei Mal angerufen, drei Mal eine andere Auskunft bekommen, und am Ende war die Ware ausverkauft.",
    ),
    "da": (
        "Super hurtig levering, tak!",
        "Pakken er ikke kommet, men https://www.postnord.dk/track?id=00370 siger afleveret. Hvor er den?",
        "Min ordre https://shop.example/ordrer/9912 mangler to varer.",
        "På www.elgiganten.dk koster den 400 kr. mindre, så næste gang køber jeg der.",
        "Billede af skaden: https://ibb.co/7yTq - glasset var knust, da jeg åbnede kassen.",
        "Rabatkoden fra shop.example/sommer virker ikke i kassen.",
        "Skriv til mig på hanne@mail.example, jeg vil gerne bytte den.",
        "Jeg har læst på https://www.taenk.dk/test/cykler og set på www.pricerunner.dk, og begge steder står "
        "der, at den har hydrauliske bremser. Den I sendte har mekaniske. Jeg vil gerne beholde cyklen, men "
        "så skal prisen passe til det, jeg faktisk har fået med hjem.",
        "Personalet var søde, men køen var alt for lang. Tredive minutter for en returvare.",
    ),
    "pl": (
        "Szybka dostawa, polecam.",
        "Paczka stoi od tygodnia: https://inpost.pl/sledzenie-przesylek?number=6200. Proszę o kontakt.",
        "Zamówienie https://shop.example/zamowienia/551 przyszło bez faktury.",
        "Na www.allegro.pl ten sam czajnik jest o 40 zł tańszy, szkoda.",
        "Zdjęcie uszkodzenia: https://zapodaj.net/abc.jpg.html pudełko było otwarte.",
        "Link z maila shop.example/oplata/12 nie działa, błąd 500.",
        "Proszę pisać na adres jan.kowalski@mail.example, telefon mam zepsuty.",
        "Porównałem na https://www.ceneo.pl/123 i na https://www.skapiec.pl/buty i wszędzie piszą, że "
        "podeszwa jest szyta, a w tej parze, którą dostałem, jest klejona i po dwóch tygodniach odchodzi. "
        "Pani w sklepie powiedziała, że to normalne, ale dla mnie to nie jest normalne przy tej cenie.",
        "Obsługa miła, ale czekałem w kolejce czterdzieści minut i nikt nie otworzył drugiej kasy.",
    ),
}

SPAM = {
    "en": (
        'Great site! <a href="http://cheap-pills.example.ru">buy pills</a>',
        "[url=https://casino-bonus.example.top]best casino[/url] free spins today",
        "[Best SEO services](https://rank-you.example.biz) first page guaranteed",
        "Earn $500 a day http://easy-cash.example.com http://work-home.example.net",
        "Replica watches www.rolex-4u.ru www.bags-4u.ru www.shoes-4u.ru only today",
        "<script src=//evil.example.xyz/x.js></script>",
        "Hot singles: meet-now.club date-tonight.vip",
        "Visit crypto-double.io and coin-fast.net and win-btc.vip and lucky-spin.bet to double your coins, "
        "many people like you already did so this month and everybody was paid within an hour, ask for our "
        "references if you do not believe it, we have been in this business for more than ten years and are "
        "known for it",
    ),
    "de": (
        '<a href="https://kredit-sofort.example.de">Sofortkredit ohne Schufa</a>',
        "Jetzt Geld verdienen: http://reich-schnell.de http://bitcoin-profi.com",
        "[URL=http://potenz.example.ru]Potenzmittel rezeptfrei[/URL]",
        "Billige Uhren www.uhren-replik.com www.taschen-replik.com",
        "Führerschein kaufen ohne Prüfung! papiere-kaufen.com fuehrerschein-legal.net",
        "[Online Casino mit Bonus](https://casino-de.example.bet) 200 Freispiele",
    ),
    "da": (
        '<a href="http://hurtigt-laan.example.dk">Lån 50.000 uden sikkerhed</a>',
        "Tjen penge hjemmefra http://let-tjent.dk http://krypto-guld.com",
        "[url=http://kasino.example.com]Danmarks bedste casino[/url]",
        "Billige mærketasker www.tasker-kopi.com www.ure-kopi.com",
        "[Køb følgere her](https://likes.example.club) 1000 for 20 kr",
    ),
    "pl": (
        '<a href="http://chwilowka.example.pl">Chwilówka bez BIK</a>',
        "Zarabiaj w domu http://latwa-kasa.pl http://krypto-zysk.com",
        "[url=http://kasyno.example.com]Najlepsze kasyno[/url]",
        "Tanie podróbki www.torebki-kopie.com www.zegarki-kopie.com",
        "[Pozycjonowanie stron](https://seo-top.example.biz) pierwsza strona w tydzień",
    ),
}

# What a machine sends ten times over, each under an id of its own: one foreign address, or a long text.
REPEATED = (
    "Best prices for tyres at https://tyres.example.com, tell your friends",
    "Günstige Reifen nur bei https://reifen-billig.de, weitersagen",
    "Billige dæk på https://daek-billigt.dk, sig det videre",
    "Tanie opony na https://opony-tanio.pl, powiedz znajomym",
    "This company is a fraud and its owner should be in prison, do not buy anything here, take your money elsewhere.",
)
