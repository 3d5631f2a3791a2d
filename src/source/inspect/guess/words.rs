//! The words by which columns and tables are told. Each list has the likeliest first; a word that begins with
//! `~` may stand anywhere in a name, all others are the whole name. Case and underscores do not count.

/// What tells rows apart, where there is no `id`.
pub(super) const ID: &[&str] = &[
    "employeeid",
    "empid",
    "staffid",
    "personid",
    "userid",
    "memberid",
    "managerid",
    "agentid",
    "uid",
    "uuid",
    "guid",
    "personnelnumber",
    "employeenumber",
    "employeeno",
    "empno",
    "number",
    "code",
    "login",
    "username",
];
pub(super) const NAME: &[&str] = &[
    "fullname",
    "displayname",
    "employeename",
    "personname",
    "name",
    "fio",
    "realname",
    "title",
];
pub(super) const FIRST_NAME: &[&str] = &["firstname", "givenname", "fname", "forename", "namefirst"];
pub(super) const LAST_NAME: &[&str] = &[
    "lastname",
    "surname",
    "familyname",
    "lname",
    "secondname",
    "namelast",
];
pub(super) const LOGIN: &[&str] = &["username", "login", "nickname"];
pub(super) const PHONE: &[&str] = &[
    "mobile",
    "phone",
    "mobilephone",
    "phonemobile",
    "cellphone",
    "cell",
    "cellnumber",
    "phonenumber",
    "~mobile",
    "whatsapp",
    "~whatsapp",
    "workphone",
    "~phone",
    "~telefon",
    "~telephone",
    "telefono",
    "tel",
    "gsm",
    "msisdn",
];
pub(super) const EMAIL: &[&str] = &["email", "workemail", "emailaddress", "mail", "~email"];
pub(super) const ACTIVE: &[&str] = &[
    "active",
    "isactive",
    "enabled",
    "isenabled",
    "employmentstatus",
    "employeestatus",
    "status",
    "state",
    "disabled",
    "isdisabled",
    "deleted",
    "isdeleted",
    "deletedat",
    "archived",
    "isarchived",
    "archivedat",
    "blocked",
    "isblocked",
    "inactive",
    "terminated",
    "isterminated",
    "terminatedat",
    "terminationdate",
    "dismissed",
    "dismissedat",
    "fired",
    "firedat",
    "leftat",
    "leavedate",
    "resignedat",
    "enddate",
    "enddedat",
    "deactivatedat",
    "disabledat",
];
pub(super) const ROLE: &[&str] = &[
    "role",
    "roles",
    "rolename",
    "position",
    "jobtitle",
    "job",
    "post",
    "department",
    "team",
];

/// Columns of [`ACTIVE`] that say who is *not* there.
pub(super) const NEGATIVE: &[&str] = &[
    "disabled",
    "isdisabled",
    "deleted",
    "isdeleted",
    "archived",
    "isarchived",
    "blocked",
    "isblocked",
    "inactive",
    "terminated",
    "isterminated",
    "dismissed",
    "fired",
];

/// Never a phone, though the word is in it.
pub(super) const NO_PHONE: &[&str] = &[
    "~fax",
    "~verified",
    "~confirmed",
    "~ext",
    "~code",
    "~country",
    "~region",
    "~type",
    "~hide",
    "~id",
    "~extension",
    "~home",
    "~customer",
    "~client",
];

/// Tables of employees.
pub(super) const STAFF: &[&str] = &[
    "~employee",
    "~staff",
    "~personnel",
    "~worker",
    "~sotrudnik",
    "~mitarbeiter",
    "~empleado",
    "~funcionario",
    "~darbinie",
];
/// Tables of people who sign in.
pub(super) const USERS: &[&str] = &[
    "~user",
    "~member",
    "~manager",
    "~operator",
    "~agent",
    "~people",
    "~person",
    "~account",
];
/// Tables of others, or about people.
pub(super) const OTHERS: &[&str] = &[
    "~customer",
    "~client",
    "~contact",
    "~lead",
    "~supplier",
    "~vendor",
    "~partner",
    "~order",
    "~invoice",
    "~log",
    "~history",
    "~audit",
    "~session",
    "~token",
    "~backup",
    "~tmp",
    "~temp",
    "~archive",
    "~setting",
    "~preference",
    "~patient",
    "~student",
    "~subscriber",
    "~import",
    "~wage",
    "~salary",
    "~salaries",
    "~payroll",
    "~old",
];

/// A name without case, underscores and the like.
pub(super) fn plain(name: &str) -> String {
    name.chars()
        .filter(|it| it.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether a name is one of the words.
pub(super) fn is_of(name: &str, words: &[&str]) -> bool {
    let name = plain(name);
    words.iter().any(|word| fits(&name, word))
}

fn fits(plain: &str, word: &str) -> bool {
    match word.strip_prefix('~') {
        Some(part) => plain.contains(part),
        None => plain == word,
    }
}

/// The column of the likeliest word.
pub(super) fn find<'a>(columns: &[&'a str], words: &[&str]) -> Option<&'a str> {
    find_all(columns, words).into_iter().next()
}

/// All columns of the words, the likeliest first.
pub(super) fn find_all<'a>(columns: &[&'a str], words: &[&str]) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for word in words {
        for column in columns {
            if fits(&plain(column), word) && !found.contains(column) {
                found.push(column);
            }
        }
    }
    found
}
