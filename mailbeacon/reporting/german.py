"""German: the second language of the page."""

from __future__ import annotations

from mailbeacon.reporting.texts import Texts

__all__ = ["GERMAN"]

_FRAME = {
    "Newsletter report": "Newsletter-Bericht",
    "Opens and clicks from {first} to {last} ({zone})": "Öffnungen und Klicks vom {first} bis {last} ({zone})",
    "made {moment}": "erstellt {moment}",
    "A message that was clicked counts as opened here.": "Eine angeklickte Nachricht gilt hier als geöffnet.",
    "What to do next": "Was jetzt zu tun ist",
    "Counts": "Zahlen",
    "What became of the mails": "Was aus den Mails wurde",
    "Over time": "Verlauf",
    "Links": "Links",
    "Click map": "Klickkarte",
    "Campaigns side by side": "Kampagnen im Vergleich",
    "Groups": "Gruppen",
    "Who reads with what": "Wer womit liest",
    "Experiment": "Experiment",
    "Who it was, and why we think so": "Wer es war, und woran wir es erkennen",
    "Notes": "Anmerkungen",
    "How each number is defined": "Wie jede Zahl definiert ist",
    "The click map of this newsletter cannot be drawn.": "Die Klickkarte dieses Newsletters lässt sich nicht zeichnen.",
    "The newsletter without its remote images; on each link its share of the messages in which people clicked. "
    "Every figure stands in the table of links too.": "Der Newsletter ohne seine nachgeladenen Bilder; an jedem Link sein "
    "Anteil an den Nachrichten, in denen Menschen klickten. Jede Zahl steht auch in der Tabelle der Links.",
    "The newsletter with each link’s share": "Der Newsletter mit dem Anteil jedes Links",
    "{low} to {high} %": "{low} bis {high} %",
    "{low} to {high}": "{low} bis {high}",
}
_CARDS = {
    "Delivered": "Zugestellt",
    "Open rate": "Öffnungsrate",
    "Click rate": "Klickrate",
    "Click-to-open rate": "Klicks je Öffnung",
    "Readers, seen or not": "Leser, gesehen oder nicht",
    "not known": "unbekannt",
    "messages": "Nachrichten",
    "so there are no rates": "darum gibt es keine Raten",
    "not measurable": "nicht messbar",
    "no deliveries, or no message can be told apart": "keine Zustellungen, oder keine Nachricht ist unterscheidbar",
    "{number} opened by people ({bounds})": "{number} von Menschen geöffnet ({bounds})",
    "{number} clicked by people ({bounds})": "{number} von Menschen angeklickt ({bounds})",
    "; {number} more are unknown (up to {most})": "; {number} weitere sind ungewiss (bis {most})",
    "{hits} of {total} {of} ({bounds})": "{hits} von {total} {of} ({bounds})",
    "opened by people": "von Menschen geöffnet",
    "delivered": "zugestellt",
    "sent": "versandt",
    "no answer": "keine Antwort",
    "not enough clicks": "zu wenige Klicks",
    "estimate, {low} to {high}": "geschätzt, {low} bis {high}",
    "about {number}": "etwa {number}",
    "This assumes that readers who click are seen opening as often as readers who do not click; where the keener readers "
    "also load images more often, it is too low.": "Das setzt voraus, dass klickende Leser ebenso oft beim Öffnen gesehen "
    "werden wie andere; wo die eifrigeren Leser auch öfter Bilder laden, ist es zu niedrig.",
    "Machines made {share} of {hits} raw opens.": "Maschinen machten {share} der {hits} rohen Öffnungen.",
    "Machines made {share} of {hits} raw clicks.": "Maschinen machten {share} der {hits} rohen Klicks.",
    "A tool that believes every hit would say {messages} messages, {share}.": "Ein Werkzeug, das jedem Abruf glaubt, würde "
    "{messages} Nachrichten melden, {share}.",
    "A tool that believes every hit would say 1 message, {share}.": "Ein Werkzeug, das jedem Abruf glaubt, würde "
    "1 Nachricht melden, {share}.",
    "{number} of the hits are opens counted together only: unique opens are {not_measurable}": "{number} der Abrufe sind "
    "nur gemeinsam gezählte Öffnungen: einzelne Öffnungen sind {not_measurable}",
    "{number} of the hits are clicks counted together only: unique clicks are {not_measurable}": "{number} der Abrufe sind "
    "nur gemeinsam gezählte Klicks: einzelne Klicks sind {not_measurable}",
}
_TABLES = {
    "people": "Menschen",
    "unknown": "ungewiss",
    "machines": "Maschinen",
    "total": "gesamt",
    "opened": "geöffnet",
    "clicked": "angeklickt",
    "machine hits": "Abrufe durch Maschinen",
    "rate": "Rate",
    "interval": "Intervall",
    "of": "von",
    "share": "Anteil",
    "links": "Links",
    "hits": "Abrufe",
    "opens": "Öffnungen",
    "clicks": "Klicks",
    "Opens": "Öffnungen",
    "Clicks": "Klicks",
    "Opens, messages": "Öffnungen, Nachrichten",
    "Opens, views": "Öffnungen, Blicke",
    "Opens, hits": "Öffnungen, Abrufe",
    "Clicks, messages": "Klicks, Nachrichten",
    "Clicks, views": "Klicks, Blicke",
    "Clicks, hits": "Klicks, Abrufe",
    "Sent": "Versandt",
    "Bounced (hard)": "Unzustellbar (hart)",
    "Deferred (soft bounce)": "Aufgeschoben (weich)",
    "Rejected by the provider": "Vom Anbieter abgewiesen",
    "Reported as spam": "Als Spam gemeldet",
    "Unsubscribed": "Abgemeldet",
    "Consent withdrawn": "Einwilligung widerrufen",
    "Subscribed": "Angemeldet",
    "Gmail asks for a complaint rate below {target}, and turns mail away from {limit} on.": "Gmail verlangt eine "
    "Beschwerderate unter {target} und weist Mail ab {limit} zurück.",
    "Link": "Link",
    "Destination": "Ziel",
    "Messages in which the link was clicked; share and bar are of all messages in which people clicked any link": "Nachrichten, "
    "in denen der Link angeklickt wurde; Anteil und Balken beziehen sich auf alle, in denen Menschen irgendeinen Link anklickten",
    "Destinations of several links, in hits: one message may have clicked more than one of them": "Ziele mehrerer Links, in "
    "Abrufen: in einer Nachricht können mehrere davon angeklickt sein",
    "Mail clients that opened": "Mailprogramme, die öffneten",
    "Browsers that clicked": "Browser, die klickten",
    "Messages, and hits by machines; one message may stand in several lines": "Nachrichten, und Abrufe durch Maschinen; eine "
    "Nachricht kann in mehreren Zeilen stehen",
    "; {number} more are not shown": "; {number} weitere sind nicht gezeigt",
    "other": "übrige",
    "By campaign": "Nach Kampagne",
    "By variant": "Nach Variante",
    "By link": "Nach Link",
    "By hour": "Nach Stunde",
    "By day": "Nach Tag",
    "By system": "Nach System",
    "By device": "Nach Gerät",
    "By country": "Nach Land",
    "By region": "Nach Region",
    "By city": "Nach Ort",
    "By channel": "Nach Teil der Mail",
    "By {name}": "Nach {name}",
    "open rate": "Öffnungsrate",
    "click rate": "Klickrate",
    "Variant": "Variante",
    "opens by people": "Öffnungen durch Menschen",
    "clicks by people": "Klicks durch Menschen",
    "Who": "Wer",
    "what": "was",
    "strongest reason": "stärkster Grund",
    "Hits by verdict, and the strongest signal that led to it": "Abrufe nach Urteil, mit dem stärksten Anzeichen dafür",
    "Judged with {versions}.": "Beurteilt mit {versions}.",
    "Campaign": "Kampagne",
    "unsubscribed": "abgemeldet",
    "complaints": "Beschwerden",
    "Rates as ranges from people to people and unknown; the change is of people, against the up to five campaigns before": "Raten "
    "als Spanne von Menschen bis Menschen und Ungewisse; die Änderung gilt für Menschen, gegen die bis zu fünf Kampagnen davor",
    "{points} points": "{points} Punkte",
    "{points} points; could be chance": "{points} Punkte; kann Zufall sein",
    "Open rate and click rate of people, campaign after campaign": "Öffnungs- und Klickrate von Menschen, Kampagne für Kampagne",
}
_CHARTS = {
    "Legend": "Legende",
    "Opens (views)": "Öffnungen (Blicke)",
    "Clicks (views)": "Klicks (Blicke)",
    "{name} in steps of {step}, from {first} to {last} ({zone})": "{name} in Schritten von {step}, vom {first} bis {last} ({zone})",
    "each row has its own scale": "jede Zeile hat ihren eigenen Maßstab",
    "{number} later ones are not drawn": "{number} spätere sind nicht gezeichnet",
    "{start}, {step}: {people} people, {unknown} unknown, {machines} machines": "{start}, {step}: {people} Menschen, "
    "{unknown} ungewiss, {machines} Maschinen",
    "an hour": "einer Stunde",
    "{number} hours": "{number} Stunden",
    "a day": "einem Tag",
    "{number} days": "{number} Tagen",
    "{said}; stretches without any are left out": "{said}; Abschnitte ohne Abrufe fehlen",
    "As a table": "Als Tabelle",
    "From, {step}": "Ab, {step}",
    "When people read": "Wann Menschen lesen",
    "Views by people, by weekday and hour ({zone}); the darker, the more": "Blicke von Menschen nach Wochentag und Stunde "
    "({zone}); je dunkler, desto mehr",
}
_ADVICE = {
    "{percent} % of the clicks were machines: judge by people, not by totals.": "{percent} % der Klicks kamen von Maschinen: "
    "urteilen Sie nach Menschen, nicht nach Summen.",
    "{percent} % of the opens were machines: judge by people, not by totals.": "{percent} % der Öffnungen kamen von Maschinen: "
    "urteilen Sie nach Menschen, nicht nach Summen.",
    "Of {percent} % of the possible opens nobody can know whether a person looked: decide by clicks.": "Bei {percent} % der "
    "möglichen Öffnungen kann niemand wissen, ob ein Mensch hinsah: entscheiden Sie nach Klicks.",
    "The complaint rate has reached 0.3 %, from which Gmail turns mail away: send to fewer, and only to who asked.": "Die "
    "Beschwerderate hat 0,3 % erreicht; ab dann weist Gmail Mail zurück: senden Sie an weniger, und nur an die, die darum baten.",
    "The complaint rate is above 0.1 %, which Gmail asks senders to stay below: make leaving easier.": "Die Beschwerderate liegt "
    "über den 0,1 %, unter denen Gmail sie sehen will: machen Sie das Abmelden leichter.",
    "{number} messages bounced for good: take these addresses off the list before the next mail.": "{number} Nachrichten waren "
    "unzustellbar: nehmen Sie diese Adressen vor der nächsten Mail von der Liste.",
    "Send {better} from now on: its lead is no chance.": "Senden Sie von nun an {better}: der Vorsprung ist kein Zufall.",
    "{number} subscribers have not been seen for long: ask them whether they want to stay.": "{number} Abonnenten sind lange "
    "nicht gesehen worden: fragen Sie, ob sie bleiben wollen.",
    "1 open of a mail older than the sender counts is in no figure.": "1 Öffnung einer Mail, die älter ist, als der Absender zählt, steht in keiner Zahl.",
    "1 click in a mail older than the sender counts is in no figure.": "1 Klick in einer Mail, die älter ist, als der Absender zählt, steht in keiner Zahl.",
    "1 open is of a mail that claims to be sent later than it was opened: is the time of sending in the right "
    "time zone? It is counted.": "1 Öffnung ist von einer Mail, die später versandt sein will, als sie geöffnet wurde: stimmt die Zeitzone der "
    "Versandzeit? Sie ist gezählt.",
    "1 click is in a mail that claims to be sent later than it was clicked: is the time of sending in the right "
    "time zone? It is counted.": "1 Klick ist in einer Mail, die später versandt sein will, als sie angeklickt wurde: stimmt die Zeitzone der "
    "Versandzeit? Er ist gezählt.",
    "1 open beyond those of one message in one day that are recorded is in no figure.": "1 Öffnung über die aufgezeichneten derselben Nachricht an einem Tag steht in keiner Zahl.",
    "1 click beyond those in one message in one day that are recorded is in no figure.": "1 Klick über die aufgezeichneten in derselben Nachricht an einem Tag steht in keiner Zahl.",
    "1 open is of no known recipient: it is a hit only.": "1 Öffnung ist von keinem bekannten Empfänger: sie zählt nur als Abruf.",
    "1 click is of no known recipient: it is a hit only.": "1 Klick ist von keinem bekannten Empfänger: er zählt nur als Abruf.",
    "1 open is of a mail without a time of sending: two mails of one campaign to one person count as one message "
    "there, unless each has its own id.": "1 Öffnung ist von einer Mail ohne Versandzeit: zwei Mails einer Kampagne an dieselbe Person gelten dort als "
    "eine Nachricht, wenn nicht jede ihre eigene id hat.",
    "1 click is in a mail without a time of sending: two mails of one campaign to one person count as one message "
    "there, unless each has its own id.": "1 Klick ist in einer Mail ohne Versandzeit: zwei Mails einer Kampagne an dieselbe Person gelten dort als "
    "eine Nachricht, wenn nicht jede ihre eigene id hat.",
    "1 message bounced and was opened or clicked by a person all the same: it counts as delivered too.": "1 Nachricht galt als unzustellbar und wurde doch von einem Menschen geöffnet oder angeklickt: auch sie gilt "
    "als zugestellt.",
    "1 message bounced for good: take this address off the list before the next mail.": "1 Nachricht war endgültig unzustellbar: nehmen Sie diese Adresse vor der nächsten Mail von der Liste.",
    "1 subscriber has not been seen for long: ask whether they want to stay.": "1 Abonnent ist lange nicht gesehen worden: fragen Sie, ob er bleiben will.",
    "{hits} opens of mails older than the sender counts are in no figure.": "{hits} Öffnungen von Mails, die älter sind, als der "
    "Absender zählt, stehen in keiner Zahl.",
    "{hits} clicks in mails older than the sender counts are in no figure.": "{hits} Klicks in Mails, die älter sind, als der "
    "Absender zählt, stehen in keiner Zahl.",
    "{hits} opens are of mails that claim to be sent later than they were opened: is the time of sending in the right time "
    "zone? They are counted.": "{hits} Öffnungen sind von Mails, die später versandt sein wollen, als sie geöffnet wurden: "
    "stimmt die Zeitzone der Versandzeit? Sie sind gezählt.",
    "{hits} clicks are in mails that claim to be sent later than they were clicked: is the time of sending in the right time "
    "zone? They are counted.": "{hits} Klicks sind in Mails, die später versandt sein wollen, als sie angeklickt wurden: stimmt "
    "die Zeitzone der Versandzeit? Sie sind gezählt.",
    "{hits} opens beyond those of one message in one day that are recorded are in no figure.": "{hits} Öffnungen über die aufgezeichneten derselben "
    "Nachricht an einem Tag stehen in keiner Zahl.",
    "{hits} clicks beyond those in one message in one day that are recorded are in no figure.": "{hits} Klicks über die aufgezeichneten in derselben "
    "Nachricht an einem Tag stehen in keiner Zahl.",
    "Every number is rounded down to a multiple of {minimum}, and smaller rows are added up or left out, so that no figure "
    "tells of a single person.": "Jede Zahl ist auf ein Vielfaches von {minimum} abgerundet, und kleinere Zeilen sind zusammengefasst "
    "oder weggelassen, damit keine Zahl von einer einzelnen Person erzählt.",
    "{hits} opens are of no known recipient: they are hits only.": "{hits} Öffnungen sind von keinem bekannten Empfänger: sie "
    "zählen nur als Abrufe.",
    "{hits} clicks are of no known recipient: they are hits only.": "{hits} Klicks sind von keinem bekannten Empfänger: sie "
    "zählen nur als Abrufe.",
    "{hits} opens are of mails without a time of sending: two mails of one campaign to one person count as one message there, "
    "unless each has its own id.": "{hits} Öffnungen sind von Mails ohne Versandzeit: zwei Mails einer Kampagne an dieselbe "
    "Person gelten dort als eine Nachricht, wenn nicht jede ihre eigene id hat.",
    "{hits} clicks are in mails without a time of sending: two mails of one campaign to one person count as one message there, "
    "unless each has its own id.": "{hits} Klicks sind in Mails ohne Versandzeit: zwei Mails einer Kampagne an dieselbe Person "
    "gelten dort als eine Nachricht, wenn nicht jede ihre eigene id hat.",
    "{number} messages bounced and were opened or clicked by people all the same: they count as delivered too.": "{number} "
    "Nachrichten galten als unzustellbar und wurden doch von Menschen geöffnet oder angeklickt: auch sie gelten als zugestellt.",
}
_SENTENCES = {
    "Opens decide, as asked.": "Es entscheiden die Öffnungen, wie verlangt.",
    "Clicks decide, as asked.": "Es entscheiden die Klicks, wie verlangt.",
    "Opens decide, for of them at most {percent} % are unknown.": "Es entscheiden die Öffnungen, denn höchstens {percent} % davon "
    "sind ungewiss.",
    "Clicks decide, for of the opens up to {percent} % are unknown (Apple's proxy).": "Es entscheiden die Klicks, denn von den "
    "Öffnungen sind bis zu {percent} % ungewiss (Apples Proxy).",
    "The variants cannot be compared: it is not known how many messages of {named} were delivered.": "Die Varianten lassen sich "
    "nicht vergleichen: es ist nicht bekannt, wie viele Nachrichten von {named} zugestellt wurden.",
    "The variants cannot be compared: more messages of {name} were seen ({seen}) than delivered.": "Die Varianten lassen sich "
    "nicht vergleichen: von {name} wurden mehr Nachrichten gesehen ({seen}) als zugestellt.",
    "1 message was seen, but only {delivered} said to be delivered: no rate is given.": "1 Nachricht wurde gesehen, aber nur "
    "{delivered} sollen zugestellt sein: darum keine Raten.",
    "{seen} messages were seen, but only {delivered} said to be delivered: no rate is given.": "{seen} Nachrichten wurden gesehen, "
    "aber nur {delivered} sollen zugestellt sein: darum keine Raten.",
    "It is not known how many messages of {named} were delivered: rates are of the other campaigns alone.": "Es ist nicht bekannt, "
    "wie viele Nachrichten von {named} zugestellt wurden: die Raten gelten nur für die anderen Kampagnen.",
    "1 message was seen of which the provider reported nothing: its events cover only a part.": "1 Nachricht wurde gesehen, von der "
    "der Anbieter nichts meldete: seine Ereignisse decken nur einen Teil ab.",
    "{number} messages were seen of which the provider reported nothing: its events cover only a part.": "{number} Nachrichten "
    "wurden gesehen, von denen der Anbieter nichts meldete: seine Ereignisse decken nur einen Teil ab.",
    "Only events from {since} on are counted. Mails could be opened before, so no rate of what was delivered is given.": "Gezählt "
    "sind nur Ereignisse ab {since}. Mails konnten schon vorher geöffnet werden, darum gibt es keine Raten der Zustellungen.",
}


def _of_both(pattern: str, said: str) -> dict[str, str]:
    """Return a sentence once for opens and once for clicks, by its English pattern."""
    return {
        pattern.format(kind=kind): said.format(kind=word)
        for kind, word in (("opens", "Öffnungen"), ("clicks", "Klicks"))
    }


_LEAD = "{{better}} leads {{other}} by {{points}} points in {kind} ({{low}} to {{high}})"
_FUEHRT = "{{better}} führt vor {{other}} um {{points}} Punkte bei {kind} ({{low}} bis {{high}})"
_MORE = " A lead of this size needs about {{needed}} messages per variant to be told from chance."
_MEHR = " Um einen solchen Vorsprung vom Zufall zu trennen, braucht es etwa {{needed}} Nachrichten je Variante."
_EXPERIMENT = {
    **_of_both(
        "{{better}} and {{other}} are level in {kind}.", "{{better}} und {{other}} liegen bei {kind} gleichauf."
    ),
    **_of_both(
        _LEAD + "; chance alone would rarely give as much (p = {{p}}).",
        _FUEHRT + "; der Zufall allein gäbe selten so viel (p = {{p}}).",
    ),
    **_of_both(_LEAD + "; that could be chance (p = {{p}}).", _FUEHRT + "; das kann Zufall sein (p = {{p}})."),
    **_of_both(
        _LEAD + "; that could be chance (p = {{p}})." + _MORE, _FUEHRT + "; das kann Zufall sein (p = {{p}})." + _MEHR
    ),
    **_of_both(
        "While it waits, each 1,000 messages sent with {{other}} in place of {{better}} cost about {{lost}} {kind} (between "
        "{{low}} and {{high}}).",
        "Solange gewartet wird, kosten je 1.000 Nachrichten mit {{other}} statt {{better}} etwa {{lost}} {kind} (zwischen {{low}} "
        "und {{high}}).",
    ),
}
_REASONS = {
    "a person": "ein Mensch",
    "a person, through an image proxy": "ein Mensch, über einen Bild-Proxy",
    "Apple's privacy proxy": "Apples Proxy",
    "a prefetch": "ein Vorabruf",
    "a security scanner": "ein Sicherheits-Scanner",
    "a link preview": "eine Linkvorschau",
    "a crawler": "ein Crawler",
    "a script": "ein Skript",
    "several links at once": "mehrere Links auf einmal",
    "a mail client": "ein Mailprogramm",
    "a mail provider's image proxy": "der Bild-Proxy eines Mailanbieters",
    "a security scanner's user agent": "die Kennung eines Sicherheits-Scanners",
    "a click from rented servers": "ein Klick von gemieteten Servern",
    "a link first, the pixel afterwards": "erst ein Link, danach der Pixel",
    "every link, faster than a person reads": "jeder Link, schneller als ein Mensch liest",
}
_MEANINGS = {
    "Hit": "Abruf",
    "One request for the pixel or for a link. Never a person, and never unique.": "Eine Anfrage nach dem Pixel oder einem Link. "
    "Nie ein Mensch, und nie einmalig.",
    "View": "Blick",
    "Hits of one message by one client (for clicks: on one link) with no pause of more than five minutes: several fetches of one "
    "look.": "Abrufe einer Nachricht durch ein Programm (bei Klicks: eines Links) ohne Pause von mehr als fünf Minuten.",
    "Message": "Nachricht",
    "One mail to one recipient. It counts once: as people's if a person was seen, else as unknown, else as the machines'.": "Eine "
    "Mail an einen Empfänger. Sie zählt einmal: für Menschen, wenn ein Mensch gesehen wurde, sonst als ungewiss, sonst für Maschinen.",
    "People": "Menschen",
    "A person's own mail client or browser, or a provider's image proxy that fetches when a person opens.": "Das eigene Programm "
    "eines Menschen, oder der Bild-Proxy eines Anbieters, der abruft, wenn ein Mensch öffnet.",
    "Unknown": "Ungewiss",
    "A person or nobody, which cannot be told: above all Apple's Mail Privacy Protection, which fetches every image whether or not "
    "anyone reads.": "Ein Mensch oder niemand, was sich nicht sagen lässt: vor allem Apples Mail-Datenschutz, der jedes Bild abruft, "
    "ob jemand liest oder nicht.",
    "Machines": "Maschinen",
    "Prefetches, security scanners, link previews, crawlers and scripts.": "Vorabrufe, Sicherheits-Scanner, Linkvorschauen, Crawler "
    "und Skripte.",
    "Mails that may be counted and did not bounce, as the sender said.": "Mails, die gezählt werden dürfen und nicht zurückkamen, "
    "nach Angabe des Absenders.",
    "A range: messages opened by people, to messages opened by people or unknown, of delivered messages. A click does not stand for "
    "an open unless the report says so.": "Eine Spanne: von Menschen geöffnete bis von Menschen oder Ungewissen geöffnete unter den "
    "zugestellten Nachrichten. Ein Klick gilt nicht als Öffnung, wenn der Bericht es nicht sagt.",
    "The same range for clicks.": "Dieselbe Spanne für Klicks.",
    "Messages that people both opened and clicked, of the messages people opened.": "Nachrichten, die Menschen öffneten und "
    "anklickten, unter denen, die Menschen öffneten.",
    "Share of a link": "Anteil eines Links",
    "Messages in which people clicked the link, of the messages in which people clicked any link.": "Nachrichten, in denen Menschen "
    "den Link anklickten, unter denen, in denen sie irgendeinen anklickten.",
    "Raw": "Roh",
    "What a tool that believes every hit would say: all audiences together.": "Was ein Werkzeug sagen würde, das jedem Abruf glaubt.",
    "An estimate of all messages read by people, from those who clicked: how many of them were also seen opening tells what share of "
    "readers is seen at all (Chapman's estimate, Sadinle's interval).": "Eine Schätzung aller von Menschen gelesenen Nachrichten aus "
    "denen, die klickten: wie viele von ihnen auch beim Öffnen gesehen wurden, sagt, welcher Teil der Leser überhaupt gesehen wird "
    "(Chapmans Schätzung, Sadinles Intervall).",
    "Bounce rate": "Unzustellbar-Rate",
    "Messages that bounced for good, of the messages sent; soft bounces are put off and stand apart.": "Endgültig unzustellbare unter "
    "den versandten Nachrichten; weiche sind aufgeschoben und stehen für sich.",
    "Unsubscribe and complaint rate": "Abmelde- und Beschwerderate",
    "Messages whose reader unsubscribed, or reported spam, of the messages delivered.": "Nachrichten, deren Leser sich abmeldeten oder "
    "Spam meldeten, unter den zugestellten.",
    "Interval": "Intervall",
    "Where the true share may lie: 95 of 100 such intervals hold it (Wilson for shares, Newcombe for differences).": "Wo der wahre "
    "Anteil liegen kann: 95 von 100 solchen Intervallen enthalten ihn (Wilson für Anteile, Newcombe für Unterschiede).",
}

GERMAN = Texts(
    language="de",
    words=_FRAME | _CARDS | _TABLES | _CHARTS | _ADVICE | _SENTENCES | _EXPERIMENT | _REASONS | _MEANINGS,
    thousands=".",
    point=",",
    day="%d.%m.%Y",
    minute="%d.%m.%Y %H:%M",
    weekdays=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
)
"""German, with its numbers and days."""
