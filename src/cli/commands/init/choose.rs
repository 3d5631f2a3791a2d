//! What will be read: the preset of a known CRM with its parameters, or a query for the likeliest table.

use std::collections::BTreeMap;

use super::ask::Asker;
use crate::cli::args::InitArgs;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::render::table::{aligned, cut};
use crate::cli::render::{Show, count, wrap};
use crate::source::inspect::guess::{self, Candidate, MANY_ROWS, Sketch};
use crate::source::inspect::recognise::{Recognised, recognise};
use crate::source::inspect::{Catalogue, Choice, Inspector};
use crate::source::preset::{Leavers, Param, ParamKind, ParamProblem, Preset};

/// So many tables of an unknown CRM are shown.
const MAX_TABLES: usize = 5;

/// What is asked of the database.
pub(super) enum Read {
    /// A known CRM.
    Preset {
        preset: Box<Preset>,
        /// What is to be written down, by name.
        params: BTreeMap<String, String>,
    },
    /// A table that may hold employees.
    Table {
        candidate: Box<Candidate>,
        sketch: Sketch,
    },
}

impl Read {
    /// What becomes of the rows of leavers, as far as that is known.
    pub(super) fn leavers(&self) -> Leavers {
        match self {
            Read::Preset { preset, .. } => preset.leavers,
            Read::Table { sketch, .. } if sketch.has_active => Leavers::Both,
            Read::Table { .. } => Leavers::Vanish,
        }
    }
}

/// Whoever chooses, and what there is to choose from.
pub(super) struct Chooser<'a, 'b> {
    pub(super) args: &'a InitArgs,
    pub(super) inspector: &'a Inspector,
    pub(super) console: &'a Console,
    pub(super) show: &'a Show,
    pub(super) asker: Option<&'a mut Asker<'b>>,
}

impl Chooser<'_, '_> {
    /// Looks at the tables, says what they are, and chooses.
    pub(super) async fn choose(&mut self) -> Result<Read, Failure> {
        let catalogue = self.inspector.catalogue().await;
        let catalogue = catalogue.map_err(|err| Failure::source(&err, ""))?;
        if catalogue.tables.is_empty() {
            return Err(Failure::usage(
                "the database has no table that this user may see; name the right database in the address, or give \
                 the user the right to SELECT",
            ));
        }
        if let Some(name) = &self.args.preset {
            return self.named_preset(name, &catalogue).await;
        }
        if let Some(name) = &self.args.table {
            return self.named_table(name, &catalogue).await;
        }
        let mut found = recognise(&catalogue, self.inspector.database());
        if found.is_empty() {
            return self.unknown(&catalogue).await;
        }
        let others: Vec<String> = found.iter().skip(1).map(|it| it.preset.name.clone()).collect();
        let first = found.remove(0);
        let tables: Vec<&str> = first.preset.recognise.keys().map(String::as_str).collect();
        self.say(&format!(
            "{}: recognised by {} (preset {})",
            first.preset.crm,
            tables.join(", "),
            first.preset.name
        ));
        if !others.is_empty() {
            let others = others.join(" or ");
            self.say(&format!(
                "The tables would also do for {others}: --preset takes another one."
            ));
        }
        self.preset(first).await
    }

    async fn named_preset(&mut self, name: &str, catalogue: &Catalogue) -> Result<Read, Failure> {
        let preset = Preset::built_in(name).ok_or_else(|| {
            let names: Vec<&str> = Preset::names().collect();
            Failure::usage(format!(
                "there is no preset {:?}; there are {}",
                self.show.plain(name),
                names.join(", ")
            ))
        })?;
        let database = self.inspector.database();
        preset
            .fits(database)
            .map_err(|wrong| Failure::usage(format!("--preset: {wrong}")))?;
        let found = recognise(catalogue, database);
        let found = found.into_iter().find(|it| it.preset.name == preset.name);
        let named = vec![BTreeMap::new()];
        self.preset(found.unwrap_or(Recognised { preset, named })).await
    }

    /// Finds the parameters of a preset: given, looked up, or asked for.
    async fn preset(&mut self, found: Recognised) -> Result<Read, Failure> {
        let Recognised { preset, named } = found;
        let mut params = given(&self.args.params)?;
        let database = self.inspector.database();
        for (name, param) in &preset.params {
            if params.contains_key(name) {
                continue;
            }
            let mut choices = in_names(&named, name, &params);
            if let Some(question) = param.find.get(&database) {
                // What can't be looked up is asked for like everything else.
                choices.extend(self.inspector.choices(question).await.unwrap_or_default());
            }
            if let Some(value) = self.argument(name, param, choices)? {
                params.insert(name.clone(), value);
            }
        }
        match preset.arguments(&params) {
            Ok(_) => Ok(Read::Preset {
                preset: Box::new(preset),
                params,
            }),
            Err(problems) => Err(Failure::usage(told(&problems, &preset))),
        }
    }

    /// One parameter that was not given; none if its default will do.
    fn argument(
        &mut self,
        name: &str,
        param: &Param,
        choices: Vec<Choice>,
    ) -> Result<Option<String>, Failure> {
        let is_fit = |it: &Choice| param.fits(&it.value).is_ok();
        let choices: Vec<Choice> = choices.into_iter().filter(is_fit).collect();
        let is_default = |it: &Choice| param.default.as_ref() == Some(&it.value);
        match (&param.default, choices.as_slice()) {
            (Some(_), []) => Ok(None),
            (Some(_), _) if param.kind != ParamKind::Identifier || choices.iter().any(is_default) => {
                self.optional(name, param, &choices)
            }
            (_, [only]) => {
                self.say(&format!("{name}: {}", self.of_choice(only)));
                Ok(Some(only.value.clone()))
            }
            _ => self.needed(name, param, &choices).map(Some),
        }
    }

    /// A parameter whose default is good too: asked for where there is a choice.
    fn optional(&mut self, name: &str, param: &Param, choices: &[Choice]) -> Result<Option<String>, Failure> {
        let default = param.default.clone().unwrap_or_default();
        let others: Vec<&Choice> = choices.iter().filter(|it| it.value != default).collect();
        if others.is_empty() || (choices.len() < 2 && param.kind != ParamKind::Identifier) {
            return Ok(None);
        }
        let shown: Vec<String> = choices.iter().map(|it| self.of_choice(it)).collect();
        self.say(&format!("{name} may be {}; {}", shown.join(", "), param.about));
        match &mut self.asker {
            Some(asker) => {
                let answer = asker.ask(name, Some(&default), |answer| fitting(param, answer))?;
                Ok((answer != default).then_some(answer))
            }
            None => Ok(None),
        }
    }

    fn needed(&mut self, name: &str, param: &Param, choices: &[Choice]) -> Result<String, Failure> {
        let named: Vec<(String, String)> = choices
            .iter()
            .map(|it| (self.show.plain(&it.value), self.show.plain(&it.name)))
            .collect();
        match &mut self.asker {
            Some(asker) if choices.is_empty() => {
                let question = format!("{name}, {}", param.about);
                asker.ask(&question, None, |answer| fitting(param, answer))
            }
            Some(asker) => {
                let chosen = asker.choose(&format!("{name}, {}:", param.about), &named)?;
                Ok(choices[chosen].value.clone())
            }
            None => {
                let shown: Vec<String> = choices.iter().map(|it| self.of_choice(it)).collect();
                let there_are = match shown.as_slice() {
                    [] => String::new(),
                    shown => format!("; there are {}", shown.join(", ")),
                };
                Err(Failure::usage(format!(
                    "--param {name}=… is needed: {}{there_are}",
                    param.about
                )))
            }
        }
    }

    async fn named_table(&mut self, name: &str, catalogue: &Catalogue) -> Result<Read, Failure> {
        let mut tables = catalogue.tables.iter();
        let table =
            tables.find(|it| it.shown() == name || (it.is_plain && it.name.eq_ignore_ascii_case(name)));
        let table = table.ok_or_else(|| {
            Failure::usage(format!(
                "there is no table {:?} that this user may see",
                self.show.plain(name)
            ))
        })?;
        let candidate = guess::candidate(table).ok_or_else(|| {
            Failure::usage(format!(
                "no columns of the table {} look like an id and a name; write the query yourself (the preset files \
                 are examples)",
                self.show.plain(&table.shown())
            ))
        })?;
        self.table(candidate).await
    }

    /// No CRM that is known: the likeliest tables, and the best of them.
    async fn unknown(&mut self, catalogue: &Catalogue) -> Result<Read, Failure> {
        let mut found = guess::candidates(self.inspector, catalogue)
            .await
            .map_err(|err| Failure::source(&err, ""))?;
        let tables = count(catalogue.tables.len(), "table");
        if found.is_empty() {
            let names: Vec<String> = catalogue
                .tables
                .iter()
                .map(|it| self.show.plain(&it.shown()))
                .collect();
            return Err(Failure::usage(format!(
                "none of the known CRMs, and among its {tables} none that looks like one of employees: {}. Name one by \
                 --table, or write the query yourself",
                cut(&names.join(", "), 600)
            )));
        }
        self.say(&format!(
            "None of the known CRMs. Of its {tables}, these look most like one of employees:"
        ));
        let rows = found.iter().take(MAX_TABLES).map(|it| self.row_of(it));
        self.console.print(&aligned(rows, 2));
        let idx = match &mut self.asker {
            Some(asker) if found.len() > 1 => {
                let names = found.iter().take(MAX_TABLES);
                let names: Vec<(String, String)> = names
                    .map(|it| (self.show.plain(&it.table.shown()), String::new()))
                    .collect();
                asker.choose("Which holds the employees?", &names)?
            }
            _ => 0,
        };
        let candidate = found.swap_remove(idx);
        let name = self.show.plain(&candidate.table.shown());
        self.say(&format!(
            "The query is written for {name}; --table takes another one."
        ));
        self.table(candidate).await
    }

    async fn table(&self, candidate: Candidate) -> Result<Read, Failure> {
        let sketch = guess::sketch(self.inspector, &candidate).await;
        Ok(Read::Table {
            candidate: Box::new(candidate),
            sketch: sketch.map_err(|err| Failure::source(&err, ""))?,
        })
    }

    fn row_of(&self, candidate: &Candidate) -> Vec<String> {
        let rows = match candidate.n_rows {
            None => "rows not counted".to_owned(),
            Some(n) if n > MANY_ROWS => format!("more than {MANY_ROWS} rows"),
            Some(n) => count(n, "row"),
        };
        let columns = candidate.columns.names().join(", ");
        let table = self.show.plain(&candidate.table.shown());
        vec![table, rows, cut(&self.show.plain(&columns), 60)]
    }

    fn of_choice(&self, choice: &Choice) -> String {
        let (value, name) = (self.show.plain(&choice.value), self.show.plain(&choice.name));
        if name.is_empty() || name == value {
            value
        } else {
            format!("{value} ({name})")
        }
    }

    fn say(&self, text: &str) {
        self.console.print(&wrap(text, 0));
    }
}

/// What the names of tables say of a parameter, where they agree with what is settled already.
fn in_names(
    named: &[BTreeMap<String, String>],
    name: &str,
    settled: &BTreeMap<String, String>,
) -> Vec<Choice> {
    let mut values: Vec<&String> = named
        .iter()
        .filter(|way| {
            way.iter()
                .all(|(key, it)| settled.get(key).is_none_or(|settled| settled == it))
        })
        .filter_map(|way| way.get(name))
        .collect();
    values.sort_unstable();
    values.dedup();
    let choice = |value: &String| Choice {
        value: value.clone(),
        name: String::new(),
    };
    values.into_iter().map(choice).collect()
}

fn fitting(param: &Param, answer: &str) -> Result<String, String> {
    match param.fits(answer) {
        Ok(()) => Ok(answer.to_owned()),
        Err(unfit) => Err(format!("it {unfit}")),
    }
}

/// The parameters of the command line.
fn given(params: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut given = BTreeMap::new();
    for text in params {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::usage("--param: expected NAME=VALUE"));
        };
        if given.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(Failure::usage(format!("--param {name} is given twice")));
        }
    }
    Ok(given)
}

fn told(problems: &[ParamProblem], preset: &Preset) -> String {
    let one = |problem: &ParamProblem| match problem {
        ParamProblem::Missing { name, about } => format!("--param {name}=… is needed: {about}"),
        ParamProblem::Unfit { name, why } => format!("--param {name}: {why}"),
        ParamProblem::Unknown { name } => {
            let known: Vec<&str> = preset.params.keys().map(String::as_str).collect();
            match known.as_slice() {
                [] => format!("--param {name}: the preset {} has no parameters", preset.name),
                known => format!(
                    "--param {name}: the preset {} has only {}",
                    preset.name,
                    known.join(", ")
                ),
            }
        }
    };
    let lines: Vec<String> = problems.iter().map(one).collect();
    lines.join("\n")
}
