//! The stage: headings, sentences, commands with what they say, and pauses for whoever reads along.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tokio::task::JoinHandle;

use crate::cli::console::Console;
use crate::cli::interrupt::Interrupt;
use crate::cli::render::style::Tone;
use crate::cli::render::{WIDTH, wrap};

/// Where the story is told.
pub(super) struct Stage<'a> {
    pub(super) console: &'a Console,
    /// This program: commands are run as everybody runs them.
    pub(super) program: PathBuf,
    /// Where commands run.
    pub(super) folder: &'a Path,
    /// The configuration's file in that folder.
    pub(super) config: &'static str,
    /// In which commands find the tokens.
    pub(super) variables: Vec<(&'static str, &'static str)>,
    pub(super) n_chapters: usize,
    pub(super) has_pauses: bool,
    pub(super) show_phones: bool,
    /// Looked at while a command runs and in pauses. What lies between is short, and must not be broken off:
    /// SQLite's files would be made again in a folder that is about to go.
    pub(super) interrupt: Interrupt,
}

/// Somebody does not want to see the end.
#[derive(Debug, thiserror::Error)]
#[error("the demo was ended before its end")]
pub(super) struct Ended;

/// How much of an answer is shown.
#[derive(Clone, Copy)]
pub(super) enum Excerpt {
    /// All of it.
    Whole,
    /// So many lines at the beginning, and all from the first line on that holds this text.
    FirstAndFrom(usize, &'static str),
}

impl Stage<'_> {
    /// Begins a chapter.
    pub(super) fn chapter(&self, n: usize, title: &str) {
        self.heading(&format!("{n} of {} ── {title}", self.n_chapters));
    }

    /// A line across the screen.
    pub(super) fn heading(&self, title: &str) {
        let heading = format!("── {title} ");
        let rule = "─".repeat(WIDTH.saturating_sub(heading.chars().count()));
        let style = self.console.style;
        self.console
            .print(&format!("\n{}\n", style.paint(Tone::Heading, &(heading + &rule))));
    }

    /// Says something, broken into lines.
    pub(super) fn say(&self, text: &str) {
        self.console.print(&wrap(text, 0));
    }

    /// Shows something whose lines stay as they are, after an empty one.
    pub(super) fn show(&self, text: &str) {
        self.console.print(&format!("\n{text}"));
    }

    /// Says what was checked, and turned out well.
    pub(super) fn confirm(&self, checked: &[&str]) {
        let mark = self.console.style.paint(Tone::Good, "✓");
        let lines: String = checked.iter().map(|it| format!("{mark} {it}\n")).collect();
        self.console.print(&format!("\n{lines}"));
    }

    /// Runs a command as somebody would type it, and shows what it says.
    ///
    /// # Errors
    /// If it ends otherwise than the story tells.
    pub(super) async fn run(
        &mut self,
        words: &[&'static str],
        exit: i32,
        excerpt: Excerpt,
    ) -> anyhow::Result<String> {
        let line = format!("$ wazzup-sync --config {} {}", self.config, words.join(" "));
        let style = self.console.style;
        self.console
            .print(&format!("\n{}\n", style.paint(Tone::Heading, &line)));
        let mut command = self.command(words);
        let mut running = Running(command.spawn()?);
        let stdout = read_all(running.0.stdout.take());
        let stderr = read_all(running.0.stderr.take());
        let (stdout, stderr) = tokio::select! {
            () = self.interrupt.wait() => return Err(Ended.into()),
            streams = async { tokio::try_join!(stdout, stderr) } => streams?,
        };
        let (stdout, stderr) = (stdout?, stderr?);
        // It has closed its streams, so this takes no time.
        let status = running.0.wait()?;
        let shown = shortened(&stdout, excerpt);
        self.console.print(shown.as_deref().unwrap_or(&stdout));
        let code = status.code();
        if code == Some(exit) && exit != 0 {
            self.console.print(&format!("(exit code {exit})\n"));
        }
        anyhow::ensure!(
            code == Some(exit),
            "`{}` ended with {}, and not with exit code {exit} as the story goes\n{stderr}",
            words.join(" "),
            status,
        );
        anyhow::ensure!(
            shown.is_some(),
            "`{}` says something else than the story",
            words.join(" ")
        );
        Ok(stdout)
    }

    fn command(&self, words: &[&'static str]) -> Command {
        let color = if self.console.style.has_color() {
            "always"
        } else {
            "never"
        };
        let mut command = Command::new(&self.program);
        command
            .current_dir(self.folder)
            // What is set for the real thing must not get into the story.
            .env_clear()
            .envs(self.variables.iter().copied())
            .args(["--config", self.config])
            .args(["--color", color])
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.show_phones {
            command.arg("--show-phones");
        }
        command
    }

    /// Waits for Enter, if somebody sits there.
    ///
    /// # Errors
    /// If that somebody ends it.
    pub(super) async fn pause(&mut self) -> Result<(), Ended> {
        if !self.has_pauses {
            return Ok(());
        }
        self.console.print("\nEnter goes on, Ctrl-C ends ");
        let (told, waits) = tokio::sync::oneshot::channel();
        // A thread of its own, because the end of the runtime would wait for one of the runtime's.
        std::thread::spawn(move || {
            let _ = io::stdin().read_line(&mut String::new());
            let _ = told.send(());
        });
        tokio::select! {
            () = self.interrupt.wait() => {
                self.console.print("\n");
                Err(Ended)
            }
            // The sender can't go without having sent.
            _ = waits => Ok(()),
        }
    }
}

/// A command at work. It never outlives the story: whoever drops it ends it, and waits until it has ended,
/// so that it can't write any more into a folder that is about to go.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads a stream to its end, beside the runtime that has the simulator to serve.
fn read_all(stream: Option<impl Read + Send + 'static>) -> JoinHandle<io::Result<String>> {
    tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        if let Some(mut stream) = stream {
            stream.read_to_string(&mut text)?;
        }
        Ok(text)
    })
}

/// The text without what the excerpt leaves out; `None` if there is no line to go on from.
fn shortened(text: &str, excerpt: Excerpt) -> Option<String> {
    let Excerpt::FirstAndFrom(first, mark) = excerpt else {
        return Some(text.to_owned());
    };
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.iter().position(|line| line.contains(mark))?;
    // A line in place of one line would save nothing.
    if from <= first + 1 {
        return Some(text.to_owned());
    }
    let mut short = String::new();
    let hidden = format!("  [{} more lines]", from - first);
    for line in lines[..first]
        .iter()
        .chain([&hidden.as_str()])
        .chain(&lines[from..])
    {
        short.push_str(line);
        short.push('\n');
    }
    Some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_answer_is_cut_in_its_middle() {
        let cut = |text| shortened(text, Excerpt::FirstAndFrom(1, "end"));
        assert_eq!(
            cut("a\nb\nc\nthe end\ne\n").unwrap(),
            "a\n  [2 more lines]\nthe end\ne\n"
        );
        assert_eq!(cut("a\nb\nthe end\n").unwrap(), "a\nb\nthe end\n");
        assert_eq!(cut("the end\n").unwrap(), "the end\n");
        assert_eq!(cut("a\nb\nc\n"), None);
        assert_eq!(shortened("", Excerpt::Whole).unwrap(), "");
    }
}
