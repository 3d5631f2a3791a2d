//! The text format of OpenMetrics 1.0 (<https://prometheus.io/docs/specs/om/open_metrics_spec/>, read in
//! November 2026). Written by hand: most numbers are reckoned when they are asked for, and nothing is registered.

use std::fmt::{Display, Write as _};

/// Of the answer.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What stands before every name.
const PREFIX: &str = "wazzup_sync_";

/// A text under construction: family by family.
#[derive(Debug, Default)]
pub(super) struct Text(String);

/// Labels with their values, in order.
pub(super) type Labels<'a> = &'a [(&'a str, &'a str)];

impl Text {
    /// Begins a family. All of its samples follow before the next one begins.
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# TYPE {PREFIX}{name} {kind}"));
        self.line(format_args!("# HELP {PREFIX}{name} {help}"));
    }

    /// One sample of the family; `suffix` as its type wants it.
    pub(super) fn sample(&mut self, name: &str, suffix: &str, labels: Labels<'_>, value: impl Display) {
        let mut line = format!("{PREFIX}{name}{suffix}");
        for (idx, (label, text)) in labels.iter().enumerate() {
            let opening = if idx == 0 { '{' } else { ',' };
            let text = escaped(text);
            // Writing to a text never fails.
            let _ = write!(line, "{opening}{label}=\"{text}\"");
        }
        if !labels.is_empty() {
            line.push('}');
        }
        self.line(format_args!("{line} {value}"));
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        self.0.push_str("# EOF\n");
        self.0
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = self.0.write_fmt(line);
        self.0.push('\n');
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// A number of seconds, from milliseconds.
pub(super) fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}
