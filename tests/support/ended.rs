//! What the program said, and how it ended.

use std::process::Output;

use serde_json::Value;

/// How the program ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(output: Output) -> Ended {
        Ended {
            code: output.status.code().expect("the program was killed"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The only account of a document.
    pub fn account(&self) -> Value {
        let document = self.json();
        let accounts = document["accounts"].as_array().unwrap();
        assert_eq!(accounts.len(), 1, "{document}");
        accounts[0].clone()
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Ended {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    /// All that is said on both streams, in one line: how it is broken into lines is no matter.
    pub fn said(&self) -> String {
        let words = self.out.split_whitespace().chain(self.err.split_whitespace());
        words.collect::<Vec<_>>().join(" ")
    }

    pub fn last_line(&self) -> &str {
        self.out.lines().last().unwrap_or_default()
    }
}
