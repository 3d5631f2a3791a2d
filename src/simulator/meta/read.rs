//! GET: the own user, one user, and the two lists by cursors.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::switches::{MetaSwitches, TasksOnRead};
use super::wire::{Endpoint, Request};
use super::{MetaBusiness, MetaUser, Problem};

pub(super) fn me(business: &MetaBusiness) -> Value {
    let own = business.system_users.get(&business.own_id);
    json!({"id": business.own_id, "name": own.map_or("", |it| it.name.as_str())})
}

pub(super) fn user(id: &str, business: &MetaBusiness) -> Result<Value, Problem> {
    let user = business.system_users.get(id).or_else(|| business.humans.get(id));
    let user = user.ok_or_else(|| Problem::no_access(id))?;
    Ok(json!({"id": id, "name": user.name}))
}

pub(super) fn system_users(
    request: &Request,
    business: &MetaBusiness,
    switches: &MetaSwitches,
) -> Result<Value, Problem> {
    let fields = fields(request, &["id", "name", "role"], &["id", "name", "role"])?;
    let rows = business.system_users.iter();
    let rows = rows.map(|(id, user)| shown(id, user, "SYSTEM_USER", &fields, switches));
    page(request, rows.collect(), business, switches)
}

pub(super) fn assigned_users(
    request: &Request,
    business: &MetaBusiness,
    switches: &MetaSwitches,
) -> Result<Value, Problem> {
    match request.param("business") {
        None => {
            return Err(Problem::invalid(
                "The parameter business is required to specify a business",
            ));
        }
        Some(id) if id != business.business_id => return Err(Problem::permission()),
        Some(_) => {}
    }
    let mut known = vec!["id", "name", "business", "user_type"];
    if switches.tasks_on_read != TasksOnRead::Refused {
        known.push("tasks");
    }
    let fields = fields(request, &known, &["id", "name", "tasks"])?;
    let people = business.humans.iter().map(|it| (it, "BUSINESS_USER"));
    let systems = business.system_users.iter().map(|it| (it, "SYSTEM_USER"));
    let assigned = people
        .chain(systems)
        .filter(|((_, user), _)| user.tasks.is_some());
    let rows = assigned.map(|((id, user), kind)| shown(id, user, kind, &fields, switches));
    page(request, rows.collect(), business, switches)
}

/// The fields that the request names, or those that come by themselves.
fn fields(request: &Request, known: &[&str], default: &[&str]) -> Result<Vec<String>, Problem> {
    let Some(named) = request.param("fields") else {
        return Ok(default.iter().map(ToString::to_string).collect());
    };
    let fields: Vec<String> = named.split(',').map(|it| it.trim().to_owned()).collect();
    match fields.iter().find(|it| !known.contains(&it.as_str())) {
        Some(field) => Err(Problem::invalid(format!(
            "(#100) Tried accessing nonexisting field ({field})"
        ))),
        None => Ok(fields),
    }
}

fn shown(id: &str, user: &MetaUser, kind: &str, fields: &[String], switches: &MetaSwitches) -> Value {
    let mut row = Map::new();
    // The id comes whether it is named or not.
    row.insert("id".to_owned(), json!(id));
    for field in fields {
        let value = match field.as_str() {
            "name" => json!(user.name),
            "role" => json!(user.role),
            "user_type" => json!(kind),
            "tasks" => match (&user.tasks, switches.tasks_on_read) {
                (Some(tasks), TasksOnRead::Shown) => json!(tasks),
                (Some(tasks), TasksOnRead::Expanded) => {
                    let implied = tasks.iter().flat_map(|it| implied_by(it)).copied();
                    let all: BTreeSet<&str> = tasks.iter().map(String::as_str).chain(implied).collect();
                    json!(all)
                }
                (Some(_), TasksOnRead::Omitted | TasksOnRead::Refused) | (None, _) => continue,
            },
            _ => continue,
        };
        row.insert(field.clone(), value);
    }
    Value::Object(row)
}

/// Tasks that are shown with another one; not documented, made up here.
fn implied_by(task: &str) -> &'static [&'static str] {
    match task {
        "MANAGE" => &["MANAGE_TEMPLATES", "MANAGE_PHONE", "VIEW_TEMPLATES", "MESSAGING"],
        "DEVELOP" => &["VIEW_TEMPLATES", "MESSAGING"],
        _ => &[],
    }
}

/// What a cursor stands for: so many rows have been read, and perhaps an empty page is due.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cursor {
    n_read: usize,
    is_gap: bool,
}

impl Cursor {
    fn text(self) -> String {
        let mark = if self.is_gap { "GAP" } else { "ROW" };
        format!("QVFI{mark}{:06}", self.n_read)
    }

    fn read(text: &str) -> Option<Cursor> {
        let text = text.strip_prefix("QVFI")?;
        let (is_gap, number) = match text.strip_prefix("GAP") {
            Some(number) => (true, number),
            None => (false, text.strip_prefix("ROW")?),
        };
        let n_read = number.parse().ok()?;
        Some(Cursor { n_read, is_gap })
    }
}

fn page(
    request: &Request,
    rows: Vec<Value>,
    business: &MetaBusiness,
    switches: &MetaSwitches,
) -> Result<Value, Problem> {
    let asked = match request.limit() {
        None => switches.default_limit,
        Some(limit) => limit.map_err(|text| Problem::invalid(format!("(#100) {text}")))?,
    };
    let limit = switches.page_cap.map_or(asked, |cap| asked.min(cap)).max(1);
    let here = match request.param("after") {
        None => Cursor {
            n_read: 0,
            is_gap: false,
        },
        Some(text) => Cursor::read(text).ok_or_else(|| Problem::invalid("(#100) Invalid cursors values"))?,
    };
    let n_total = rows.len();
    let n_rows = if here.is_gap { 0 } else { limit };
    let rows: Vec<Value> = rows.into_iter().skip(here.n_read).take(n_rows).collect();
    let n_read = here.n_read + rows.len();
    let has_next = n_read < n_total;
    let is_second = request.param("after").is_some();
    let after = match has_next && switches.repeat_cursor && is_second {
        true => here,
        false => Cursor {
            n_read,
            is_gap: switches.empty_pages && !here.is_gap && has_next,
        },
    };

    let mut body = json!({"data": rows});
    let is_only = !has_next && !is_second;
    if is_only && !switches.paging_on_single_page {
        return Ok(body);
    }
    if !(has_next && switches.link_without_cursor) {
        body["paging"]["cursors"] = json!({"before": here.text(), "after": after.text()});
    }
    if has_next {
        body["paging"]["next"] = json!(link(request, business, after, limit));
    }
    Ok(body)
}

/// The address of the next page, with the token in it, and by another name of this host: nobody should go there.
fn link(request: &Request, business: &MetaBusiness, after: Cursor, limit: usize) -> String {
    let (name, port) = request.host.rsplit_once(':').unwrap_or((&request.host, "80"));
    let other_name = if name == "localhost" {
        "127.0.0.1"
    } else {
        "localhost"
    };
    let (object, edge) = match &request.endpoint {
        Endpoint::SystemUsers(id) => (id, "system_users"),
        Endpoint::AssignedUsers(id) => (id, "assigned_users"),
        _ => (&business.business_id, "system_users"),
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("access_token", &business.token);
    for (key, value) in &request.params {
        if !matches!(key.as_str(), "access_token" | "after" | "limit") {
            query.append_pair(key, value);
        }
    }
    query.append_pair("limit", &limit.to_string());
    query.append_pair("after", &after.text());
    format!(
        "http://{other_name}:{port}/{}/{object}/{edge}?{}",
        request.version,
        query.finish()
    )
}
