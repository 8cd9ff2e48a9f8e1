"""The words of the pages for leaving, in the languages they come in; a host may put its own in their place.

Holds no HTML: the words are escaped where a page is made of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mailbeacon.model import Action, LeaveText

__all__ = ["TEXTS", "choose_text"]

_RANGE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*\s*(?:;\s*[qQ]\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?\Z")
_MOST_RANGES = 20


TEXTS: Mapping[str, Mapping[Action, LeaveText]] = {
    "en": {
        Action.UNSUBSCRIBE: LeaveText(
            title="Unsubscribe?",
            text="Press the button to get no more of these mails. Nothing happens before you do.",
            button="Unsubscribe",
            done_title="You are unsubscribed",
            done_text="You will get no more of these mails. You can close this page.",
        ),
        Action.STOP_TRACKING: LeaveText(
            title="Stop measuring?",
            text="You go on getting these mails. Press the button, and it is no longer recorded whether you open them or "
            "which links you follow, in mails you already have too.",
            button="Stop measuring",
            done_title="Measuring has stopped",
            done_text="You still get these mails. Opens and clicks of yours are no longer recorded. You can close this page.",
        ),
    },
    "de": {
        Action.UNSUBSCRIBE: LeaveText(
            title="Abmelden?",
            text="Mit dem Knopf bestellen Sie diese Mails ab. Vorher geschieht nichts.",
            button="Abmelden",
            done_title="Sie sind abgemeldet",
            done_text="Sie bekommen diese Mails nicht mehr. Sie können die Seite schließen.",
        ),
        Action.STOP_TRACKING: LeaveText(
            title="Messung beenden?",
            text="Sie bekommen diese Mails weiterhin. Mit dem Knopf legen Sie fest, dass nicht mehr aufgezeichnet wird, ob "
            "Sie sie öffnen oder welchen Links Sie folgen, auch bei Mails, die Sie schon haben.",
            button="Messung beenden",
            done_title="Die Messung ist beendet",
            done_text="Sie bekommen die Mails weiterhin. Ihr Öffnen und Ihre Klicks werden nicht mehr aufgezeichnet. Sie "
            "können die Seite schließen.",
        ),
    },
    "fr": {
        Action.UNSUBSCRIBE: LeaveText(
            title="Se désabonner ?",
            text="Appuyez sur le bouton pour ne plus recevoir ces messages. Rien ne se passe avant.",
            button="Se désabonner",
            done_title="Vous êtes désabonné(e)",
            done_text="Vous ne recevrez plus ces messages. Vous pouvez fermer cette page.",
        ),
        Action.STOP_TRACKING: LeaveText(
            title="Arrêter la mesure ?",
            text="Vous continuez à recevoir ces messages. Appuyez sur le bouton pour que vos ouvertures et vos clics ne "
            "soient plus enregistrés, y compris dans les messages que vous avez déjà reçus.",
            button="Arrêter la mesure",
            done_title="La mesure est arrêtée",
            done_text="Vous recevez toujours ces messages. Vos ouvertures et vos clics ne sont plus enregistrés. Vous "
            "pouvez fermer cette page.",
        ),
    },
    "it": {
        Action.UNSUBSCRIBE: LeaveText(
            title="Annullare l'iscrizione?",
            text="Premi il pulsante per non ricevere più questi messaggi. Prima non succede nulla.",
            button="Annulla l'iscrizione",
            done_title="Iscrizione annullata",
            done_text="Non riceverai più questi messaggi. Puoi chiudere questa pagina.",
        ),
        Action.STOP_TRACKING: LeaveText(
            title="Interrompere la misurazione?",
            text="Continui a ricevere questi messaggi. Premi il pulsante e le tue aperture e i tuoi clic non saranno più "
            "registrati, anche nei messaggi già ricevuti.",
            button="Interrompi la misurazione",
            done_title="Misurazione interrotta",
            done_text="Ricevi ancora questi messaggi. Le tue aperture e i tuoi clic non sono più registrati. Puoi chiudere "
            "questa pagina.",
        ),
    },
}
"""The words by language (two letters) and action."""


def choose_text(action: Action, accepted: str, own: Mapping[str, Mapping[Action, LeaveText]]) -> tuple[str, LeaveText]:
    """Return the language and the words for a reader.

    Args:
        action: What the page is for.
        accepted: The reader's ``Accept-Language``.
        own: The host's words, which go before the package's; its first language is for readers who accept none there is.

    Source: RFC 9110 (2022), section 12.5.4; RFC 4647 (2006) for looking a language up.
    """
    for language in _wanted(accepted):
        for texts in (own, TEXTS):
            if action in texts.get(language, {}):
                return language, texts[language][action]
    language = next((name for name in own if action in own[name]), "en")
    return language, own.get(language, TEXTS["en"])[action]


def _wanted(accepted: str) -> Iterator[str]:
    """Return the primary languages a reader accepts, the dearest first."""
    found = []
    for part in accepted.split(",", _MOST_RANGES)[:_MOST_RANGES]:
        match = _RANGE.match(part)
        if match and float(match[2] or 1) > 0:
            found.append((-float(match[2] or 1), match[1].lower()))
    return (language for _, language in sorted(found, key=lambda pair: pair[0]))
