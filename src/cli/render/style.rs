//! Colours, if they are wanted. They repeat what the words say and mean nothing alone.

use anstyle::{AnsiColor, Effects};

/// How a piece of text stands out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::cli) enum Tone {
    /// A heading.
    Heading,
    /// As it should be.
    Good,
    /// Somebody should look.
    Warning,
    /// Somebody must act.
    Bad,
}

/// Whether text is coloured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::cli) struct Style {
    has_color: bool,
}

impl Style {
    pub(in crate::cli) fn new(has_color: bool) -> Style {
        Style { has_color }
    }

    pub(in crate::cli) fn has_color(self) -> bool {
        self.has_color
    }

    /// The text in that tone.
    pub(in crate::cli) fn paint(self, tone: Tone, text: &str) -> String {
        if !self.has_color || text.is_empty() {
            return text.to_owned();
        }
        let style = anstyle::Style::new();
        let style = match tone {
            Tone::Heading => style.effects(Effects::BOLD),
            Tone::Good => style.fg_color(Some(AnsiColor::Green.into())),
            Tone::Warning => style.fg_color(Some(AnsiColor::Yellow.into())),
            Tone::Bad => style.fg_color(Some(AnsiColor::Red.into())),
        };
        format!("{style}{text}{style:#}")
    }
}
