//! What a display says to the person at the lane, in their language. Bystanders read along: whatever concerns a
//! person's contract or account is one and the same text, that they please see the front desk. The reason itself is
//! for the operator and stands in the log.
//!
//! The texts are spelled properly, with the letters of their language. Many displays have no more than ASCII in their
//! character ROM; [`ascii`] is for them. No text is longer than two lines of 16 characters, broken at a space, and
//! most fit one. How a display breaks and places them is its own affair.

use super::{DenyReason, Direction, Outcome};

/// The languages that there are texts in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// Spanish.
    Es,
    /// French.
    Fr,
    /// Italian.
    It,
    /// Polish.
    Pl,
    /// Dutch.
    Nl,
}

impl Language {
    /// Every language, in the order of the texts.
    pub const ALL: [Self; 7] = [
        Self::En,
        Self::De,
        Self::Es,
        Self::Fr,
        Self::It,
        Self::Pl,
        Self::Nl,
    ];

    /// By its ISO 639-1 code, in any case and with or without a country: `de`, `de-AT`, `DE_CH`. `None` for a
    /// language without texts.
    #[must_use]
    pub fn by_code(code: &str) -> Option<Self> {
        let language = code.split(['-', '_']).next().unwrap_or(code).trim();
        Self::ALL
            .into_iter()
            .find(|known| known.code().eq_ignore_ascii_case(language))
    }

    /// Its ISO 639-1 code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Es => "es",
            Self::Fr => "fr",
            Self::It => "it",
            Self::Pl => "pl",
            Self::Nl => "nl",
        }
    }
}

/// The text for an outcome at a side of a lane: in the member's language by its ISO 639-1 code, or in the studio's
/// where that is not known or has no texts.
#[must_use]
pub fn text(outcome: Outcome, direction: Direction, member: Option<&str>, studio: Language) -> &'static str {
    let [en, de, es, fr, it, pl, nl] = texts(outcome, direction);
    match member.and_then(Language::by_code).unwrap_or(studio) {
        Language::En => en,
        Language::De => de,
        Language::Es => es,
        Language::Fr => fr,
        Language::It => it,
        Language::Pl => pl,
        Language::Nl => nl,
    }
}

/// In the order of [`Language::ALL`]. None of them speaks of man or woman.
fn texts(outcome: Outcome, direction: Direction) -> [&'static str; 7] {
    let reason = match (outcome, direction) {
        (Outcome::Granted(_), Direction::In) => {
            return [
                "Welcome",
                "Willkommen",
                "Adelante",
                "Bienvenue",
                "Avanti",
                "Witamy",
                "Welkom",
            ];
        }
        (Outcome::Granted(_), Direction::Out) => {
            return [
                "Goodbye",
                "Bis bald",
                "Hasta pronto",
                "À bientôt",
                "A presto",
                "Do zobaczenia",
                "Tot ziens",
            ];
        }
        (Outcome::Denied(reason), _) => reason,
    };
    match reason {
        DenyReason::NoContract
        | DenyReason::FormerMember
        | DenyReason::AccessRefused
        | DenyReason::Restricted
        | DenyReason::Paused
        | DenyReason::BenefitMissing => [
            "Please see the front desk",
            "Bitte an der Theke melden",
            "Pase por recepción",
            "Merci de passer à l'accueil",
            "Rivolgersi alla reception",
            "Prosimy do recepcji",
            "Meld je bij de balie",
        ],
        DenyReason::Unknown => [
            "Not recognised",
            "Nicht erkannt",
            "No reconocido",
            "Non reconnu",
            "Non riconosciuto",
            "Nie rozpoznano",
            "Niet herkend",
        ],
        DenyReason::OutOfService => [
            "Out of service",
            "Außer Betrieb",
            "Fuera de servicio",
            "Hors service",
            "Fuori servizio",
            "Nieczynne",
            "Buiten gebruik",
        ],
        DenyReason::LaneClosed => [
            "Lane closed",
            "Hier geschlossen",
            "Paso cerrado",
            "Passage fermé",
            "Varco chiuso",
            "Tu zamknięte",
            "Doorgang dicht",
        ],
        DenyReason::OutsideHours => [
            "Closed now",
            "Geschlossen",
            "Ahora cerrado",
            "Fermé maintenant",
            "Ora chiuso",
            "Teraz zamknięte",
            "Nu gesloten",
        ],
        DenyReason::LockedOut | DenyReason::Busy => [
            "Please wait",
            "Bitte warten",
            "Un momento",
            "Patientez SVP",
            "Attendere prego",
            "Proszę czekać",
            "Even wachten",
        ],
        DenyReason::AccessCodeExpired => [
            "Code expired",
            "Code abgelaufen",
            "Código caducado",
            "Code expiré",
            "Codice scaduto",
            "Kod wygasł",
            "Code verlopen",
        ],
        DenyReason::Full => [
            "Full right now",
            "Zurzeit voll",
            "Aforo completo",
            "Complet",
            "Al completo",
            "Brak miejsc",
            "Momenteel vol",
        ],
        DenyReason::AntiPassback => [
            "Already inside",
            "Schon anwesend",
            "Ya está dentro",
            "Déjà à l'intérieur",
            "Già all'interno",
            "Już w środku",
            "Al binnen",
        ],
        // The answer may have come meanwhile: the second try is immediate.
        DenyReason::StudioUnreachable | DenyReason::TooLate => [
            "Please try again",
            "Bitte nochmal",
            "Intente de nuevo",
            "Réessayez SVP",
            "Riprovare",
            "Spróbuj ponownie",
            "Probeer opnieuw",
        ],
    }
}

/// A text as a display without accents can show it: each language's own way around its letters.
#[must_use]
pub fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            'ä' => plain.push_str("ae"),
            'ö' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'ß' => plain.push_str("ss"),
            'À' => plain.push('A'),
            'à' | 'á' | 'ą' => plain.push('a'),
            'ć' | 'ç' => plain.push('c'),
            'è' | 'é' | 'ê' | 'ę' => plain.push('e'),
            'ì' | 'í' => plain.push('i'),
            'ł' => plain.push('l'),
            'ń' | 'ñ' => plain.push('n'),
            'ò' | 'ó' | 'ô' => plain.push('o'),
            'ś' => plain.push('s'),
            'ù' | 'ú' => plain.push('u'),
            'ź' | 'ż' => plain.push('z'),
            letter if letter.is_ascii() => plain.push(letter),
            _ => plain.push('?'),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Basis;
    use super::*;

    const LINE: usize = 16;

    fn outcomes() -> impl Iterator<Item = (Outcome, Direction)> {
        let granted = Outcome::Granted(Basis::Live);
        let denied = DenyReason::ALL.map(Outcome::Denied);
        [Direction::In, Direction::Out]
            .into_iter()
            .flat_map(move |direction| {
                denied
                    .into_iter()
                    .chain([granted])
                    .map(move |outcome| (outcome, direction))
            })
    }

    fn all() -> impl Iterator<Item = &'static str> {
        outcomes().flat_map(|(outcome, direction)| {
            Language::ALL
                .into_iter()
                .map(move |language| text(outcome, direction, None, language))
        })
    }

    /// As many lines as a display needs that breaks at spaces.
    fn lines(text: &str) -> usize {
        let mut lines = 1;
        let mut column = 0;
        for word in text.split(' ').map(|word| word.chars().count()) {
            assert!(
                (1..=LINE).contains(&word),
                "{text:?} has a word that fits no line"
            );
            let with_space = if column == 0 { word } else { column + 1 + word };
            if with_space > LINE {
                lines += 1;
                column = word;
            } else {
                column = with_space;
            }
        }
        lines
    }

    #[test]
    fn every_text_fits_two_short_lines_and_all_but_two_kinds_fit_one() {
        let mut long = BTreeSet::new();
        for (outcome, direction) in outcomes() {
            for language in Language::ALL {
                let text = text(outcome, direction, None, language);
                assert!(
                    lines(text) <= 2 && lines(&ascii(text)) <= 2,
                    "{text:?} is too long"
                );
                if lines(text) == 2 {
                    long.insert(texts(outcome, direction)[0]);
                }
            }
        }
        assert_eq!(
            long,
            BTreeSet::from(["Already inside", "Please see the front desk"])
        );
    }

    #[test]
    fn every_text_has_a_plain_form_that_any_display_can_show() {
        for text in all() {
            let plain = ascii(text);
            assert!(
                plain.is_ascii() && !plain.contains('?'),
                "{text:?} becomes {plain:?}"
            );
            assert!(
                plain.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()),
                "{plain:?}"
            );
        }
        assert_eq!(ascii("Größe, À bientôt, środę"), "Groesse, A bientot, srode");
        assert_eq!(ascii("日本"), "??");
    }

    #[test]
    fn no_two_languages_say_the_same_of_a_refusal() {
        for reason in DenyReason::ALL {
            let texts = texts(Outcome::Denied(reason), Direction::In);
            assert_eq!(BTreeSet::from(texts).len(), Language::ALL.len(), "{reason}");
        }
    }

    #[test]
    fn bystanders_cannot_tell_why_a_person_has_to_see_the_front_desk() {
        for language in Language::ALL {
            let shown: BTreeSet<&str> = [
                DenyReason::NoContract,
                DenyReason::FormerMember,
                DenyReason::AccessRefused,
                DenyReason::Restricted,
                DenyReason::Paused,
                DenyReason::BenefitMissing,
            ]
            .map(|reason| text(Outcome::Denied(reason), Direction::In, None, language))
            .into();
            assert_eq!(shown.len(), 1);
        }
    }

    #[test]
    fn the_members_language_comes_first_then_the_studios_then_english() {
        let granted = Outcome::Granted(Basis::Live);
        let welcome = |member, studio| text(granted, Direction::In, member, studio);
        assert_eq!(welcome(Some("pl"), Language::De), "Witamy");
        assert_eq!(welcome(Some("DE_at"), Language::Nl), "Willkommen");
        assert_eq!(welcome(Some("ja"), Language::Nl), "Welkom");
        assert_eq!(welcome(None, Language::Fr), "Bienvenue");
        assert_eq!(welcome(Some(""), Language::default()), "Welcome");
        assert_eq!(
            text(granted, Direction::Out, Some("de-DE"), Language::En),
            "Bis bald"
        );
    }

    #[test]
    fn every_language_is_found_by_its_own_code() {
        for language in Language::ALL {
            assert_eq!(Language::by_code(language.code()), Some(language));
        }
        assert_eq!(Language::by_code("deutsch"), None);
    }
}
