//! Questions on the terminal: on stderr, answered on stdin. Without a terminal nobody is asked, and flags decide.

use std::io::{self, BufRead, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;

use crate::cli::failure::Failure;

/// Asks, and takes no for an answer only where that is one.
pub(super) struct Asker<'a> {
    input: Box<dyn BufRead + 'a>,
    output: Box<dyn Write + 'a>,
    /// Whether what is typed shows by itself, so that it has to be hidden.
    is_terminal: bool,
}

impl<'a> Asker<'a> {
    /// Whoever sits at the terminal.
    pub(super) fn at_terminal() -> Asker<'static> {
        Asker {
            input: Box::new(io::stdin().lock()),
            output: Box::new(io::stderr()),
            is_terminal: true,
        }
    }

    #[cfg(test)]
    pub(super) fn new(input: &'a [u8], output: impl Write + 'a) -> Asker<'a> {
        Asker {
            input: Box::new(input),
            output: Box::new(output),
            is_terminal: false,
        }
    }

    /// Asks until the answer is good; an empty one stands for the default, if there is one.
    ///
    /// # Errors
    /// If nobody answers any more.
    pub(super) fn ask<T>(
        &mut self,
        question: &str,
        default: Option<&str>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let hint = default
            .filter(|it| !it.is_empty())
            .map(|it| format!(" [{it}]"))
            .unwrap_or_default();
        loop {
            self.say(&format!("{question}{hint}: "));
            let line = self.line()?;
            let answer = match line.trim() {
                "" => default.unwrap_or_default(),
                answer => answer,
            };
            match read(answer) {
                Ok(answer) => return Ok(answer),
                Err(why) => self.say(&format!("  {why}\n")),
            }
        }
    }

    /// Lets one of several be chosen, by its number or its name; the first is the default.
    ///
    /// # Errors
    /// If nobody answers any more.
    pub(super) fn choose(&mut self, question: &str, choices: &[(String, String)]) -> Result<usize, Failure> {
        self.say(&format!("{question}\n"));
        for (idx, (name, about)) in choices.iter().enumerate() {
            self.say(&format!("  {}  {name}  {about}\n", idx + 1));
        }
        self.ask("Number or name", Some("1"), |answer| {
            let by_name = choices.iter().position(|(name, _)| name == answer);
            let by_number = || {
                let number: usize = answer.parse().ok()?;
                (1..=choices.len()).contains(&number).then(|| number - 1)
            };
            by_name
                .or_else(by_number)
                .ok_or_else(|| format!("a number from 1 to {} is wanted", choices.len()))
        })
    }

    /// Whether yes; an empty answer means so.
    ///
    /// # Errors
    /// If nobody answers any more.
    pub(super) fn agrees(&mut self, question: &str) -> Result<bool, Failure> {
        self.ask(question, Some("yes"), |answer| {
            match answer.to_lowercase().as_str() {
                "yes" | "y" => Ok(true),
                "no" | "n" => Ok(false),
                _ => Err("yes or no is wanted".to_owned()),
            }
        })
    }

    /// A secret, which the terminal does not show; none if the answer is empty.
    ///
    /// # Errors
    /// If nobody answers any more, or the terminal can't be told not to show it.
    pub(super) fn secret(&mut self, question: &str) -> Result<Option<SecretString>, Failure> {
        // Before the question: what is typed as soon as it shows neither shows nor is thrown away.
        let hidden = self
            .is_terminal
            .then(Hidden::begin)
            .transpose()
            .map_err(|error| {
                Failure::usage(format!(
                    "the terminal can't hide a password ({error}); say where it is: --password-ref"
                ))
            })?;
        self.say(&format!("{question}: "));
        let line = self.line();
        if hidden.is_some() {
            // The line end was hidden too.
            self.say("\n");
        }
        drop(hidden);
        let line = line?;
        let secret = line.trim_end_matches(['\r', '\n']);
        Ok((!secret.is_empty()).then(|| SecretString::from(secret)))
    }

    fn say(&mut self, text: &str) {
        // Whoever does not see the question answers none.
        let _ = self
            .output
            .write_all(text.as_bytes())
            .and_then(|()| self.output.flush());
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        match self.input.read_line(&mut line) {
            Ok(n) if n > 0 => Ok(line),
            Ok(_) => Err(Failure::usage(
                "nobody answers; give what is needed by flags (see --help)",
            )),
            Err(error) => Err(Failure::usage(format!("the answer can't be read: {error}"))),
        }
    }
}

/// While it lives, the terminal does not show what is typed.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> io::Result<Hidden> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Hidden(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that has gone shows nothing more.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_wrong_answer_is_asked_again_and_an_empty_one_is_the_default() {
        let mut said = Vec::new();
        let mut asker = Asker::new(b"x\n 7 \n\n", &mut said);
        let number = |it: &str| it.parse::<u8>().map_err(|_| "a number is wanted".to_owned());
        assert_eq!(asker.ask("How many", Some("3"), number), Ok(7));
        assert_eq!(asker.ask("How many", Some("3"), number), Ok(3));
        assert_eq!(
            asker.ask("How many", Some("3"), number).unwrap_err().exit,
            crate::cli::exit::Exit::Usage
        );
        drop(asker);
        let said = String::from_utf8(said).unwrap();
        assert!(
            said.starts_with("How many [3]:   a number is wanted\nHow many [3]: "),
            "{said}"
        );
    }

    #[test]
    fn a_choice_is_made_by_number_or_name() {
        let choices = ["one", "two"].map(|it| (it.to_owned(), String::new()));
        let mut asker = Asker::new(b"3\n2\none\n\n", Vec::new());
        let mut chosen = || asker.choose("Which?", &choices);
        assert_eq!((chosen(), chosen(), chosen()), (Ok(1), Ok(0), Ok(0)));
    }

    #[test]
    fn a_secret_keeps_its_blanks_and_is_not_said() {
        let mut said = Vec::new();
        let mut asker = Asker::new(b" sesame open \n\n", &mut said);
        let secret = asker.secret("Password").unwrap();
        assert_eq!(
            secret.as_ref().map(|it| it.expose_secret()),
            Some(" sesame open ")
        );
        assert!(asker.secret("Password").unwrap().is_none());
        drop(asker);
        assert_eq!(said, b"Password: Password: ");
    }
}
