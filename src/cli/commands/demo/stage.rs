//! The stage: headings, sentences, commands with what they say, and pauses for whoever reads along.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::company::Company;
use crate::cli::console::Console;
use crate::cli::render::WIDTH;
use crate::cli::render::style::Tone;

/// The configuration's file in the folder of the story.
pub(super) const CONFIG: &str = "demo.toml";

/// The variable in which commands find the token.
pub(super) const TOKEN_VARIABLE: &str = "DEMO_TOKEN";

/// Where the story is told.
pub(super) struct Stage<'a> {
    pub(super) console: &'a Console,
    /// This program: commands are run as everybody runs them.
    pub(super) program: PathBuf,
    /// Where commands run.
    pub(super) folder: &'a Path,
    pub(super) has_color: bool,
    pub(super) has_pauses: bool,
    pub(super) show_phones: bool,
}

/// How much of a long answer is shown.
#[derive(Clone, Copy)]
pub(super) struct Excerpt {
    /// Lines at the beginning.
    pub(super) first: usize,
    /// Lines at the end.
    pub(super) last: usize,
}

impl Stage<'_> {
    /// Begins a chapter.
    pub(super) fn chapter(&self, n: usize, of: usize, title: &str) {
        let heading = format!("── {n} of {of} ── {title} ");
        let rule = "─".repeat(WIDTH.saturating_sub(heading.chars().count()));
        let style = self.console.style;
        self.console
            .print(&format!("\n{}\n", style.paint(Tone::Heading, &(heading + &rule))));
    }

    /// Says something; lines are broken as they stand.
    pub(super) fn say(&self, text: &str) {
        self.console.print(&format!("{text}\n"));
    }

    /// Says that something was checked, and turned out well.
    pub(super) fn confirm(&self, text: &str) {
        let mark = self.console.style.paint(Tone::Good, "✓");
        self.console.print(&format!("{mark} {text}\n"));
    }

    /// Runs a command as somebody would type it, and shows what it says.
    ///
    /// # Errors
    /// If it ends otherwise than the story tells.
    pub(super) async fn run(
        &self,
        company: &Company,
        words: &[&'static str],
        exit: i32,
        excerpt: Excerpt,
    ) -> anyhow::Result<String> {
        let line = format!("$ wazzup-sync --config {CONFIG} {}", words.join(" "));
        let style = self.console.style;
        self.console
            .print(&format!("\n{}\n", style.paint(Tone::Heading, &line)));
        let mut command = self.command(company, words);
        let ended = tokio::task::spawn_blocking(move || command.output()).await??;
        let (stdout, stderr) = (
            String::from_utf8_lossy(&ended.stdout),
            String::from_utf8_lossy(&ended.stderr),
        );
        self.console.print(&shortened(&stdout, excerpt));
        let code = ended.status.code();
        if code == Some(exit) && exit != 0 {
            let code = format!("(exit code {exit})");
            self.console.print(&format!("{}\n", style.paint(Tone::Faint, &code)));
        }
        anyhow::ensure!(
            code == Some(exit),
            "`{}` ended with {}, and not with exit code {exit} as the story goes\n{stderr}",
            words.join(" "),
            ended.status,
        );
        Ok(stdout.into_owned())
    }

    fn command(&self, company: &Company, words: &[&'static str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(self.folder)
            // What is set for the real thing must not get into the story.
            .env_clear()
            .env(TOKEN_VARIABLE, company.token())
            .args(["--config", CONFIG])
            .args(["--color", if self.has_color { "always" } else { "never" }])
            .args(words)
            .stdin(Stdio::null());
        if self.show_phones {
            command.arg("--show-phones");
        }
        command
    }

    /// Waits for Enter, if somebody sits there.
    pub(super) async fn pause(&self) {
        if !self.has_pauses || !io::stdin().is_terminal() {
            return;
        }
        let style = self.console.style;
        self.console
            .print(&format!("\n{}", style.paint(Tone::Faint, "Enter goes on, Ctrl-C ends ")));
        let (told, waits) = tokio::sync::oneshot::channel();
        // A thread of its own, because the end of the runtime would wait for one of the runtime's.
        std::thread::spawn(move || {
            let _ = io::stdin().read_line(&mut String::new());
            let _ = told.send(());
        });
        // The sender can't go without having sent.
        let _ = waits.await;
    }
}

/// The first and the last lines of a text.
fn shortened(text: &str, excerpt: Excerpt) -> String {
    let Excerpt { first, last } = excerpt;
    let lines: Vec<&str> = text.lines().collect();
    let n_hidden = lines.len().saturating_sub(first + last);
    if n_hidden < 2 {
        return text.to_owned();
    }
    let mut short = String::new();
    for line in &lines[..first] {
        short.push_str(line);
        short.push('\n');
    }
    short.push_str(&format!("  [{n_hidden} more lines]\n"));
    for line in &lines[lines.len() - last..] {
        short.push_str(line);
        short.push('\n');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_answer_keeps_its_first_and_last_lines() {
        let excerpt = Excerpt { first: 1, last: 2 };
        assert_eq!(shortened("a\nb\nc\nd\ne\n", excerpt), "a\n  [2 more lines]\nd\ne\n");
        assert_eq!(shortened("a\nb\nc\nd\n", excerpt), "a\nb\nc\nd\n");
        assert_eq!(shortened("", excerpt), "");
    }
}
