//! Which fields are about persons, by their names.
//!
//! Used for what is stored of a rejected record: the values of such fields are masked.

/// A word of a field name that means a person.
const WORDS: &[&str] = &[
    "actor",
    "analyst",
    "analysts",
    "approver",
    "assigned",
    "assignee",
    "assignees",
    "author",
    "caller",
    "contact",
    "contacts",
    "creator",
    "displayname",
    "email",
    "emails",
    "employee",
    "engineer",
    "firstname",
    "forename",
    "fullname",
    "handler",
    "investigator",
    "lastname",
    "login",
    "mail",
    "manager",
    "operator",
    "owner",
    "owners",
    "person",
    "phone",
    "recipient",
    "reporter",
    "requester",
    "requestor",
    "responder",
    "reviewer",
    "sender",
    "staff",
    "surname",
    "upn",
    "user",
    "userid",
    "username",
    "users",
];

/// Two words in a row that mean a person together.
const PAIRS: &[(&str, &str)] = &[
    ("display", "name"),
    ("family", "name"),
    ("first", "name"),
    ("full", "name"),
    ("given", "name"),
    ("last", "name"),
    ("real", "name"),
];

/// Whether a field with this name is about a person: `assignee`, `closedBy`, `Assigned To`, `owner_email`.
pub(crate) fn is_person_field(name: &str) -> bool {
    let words = words_of(name);
    let named = words.iter().any(|word| WORDS.contains(&word.as_str()));
    // `closed_by` and `updatedBy` name who did it; `by` alone does, too.
    let by = words.last().is_some_and(|word| word == "by");
    let pair = |pair: &[String]| {
        PAIRS
            .iter()
            .any(|(first, second)| pair[0] == *first && pair[1] == *second)
    };
    named || by || words.windows(2).any(pair)
}

/// Whether a value is an address of mail, whatever its field is called.
pub(crate) fn is_mail_address(value: &str) -> bool {
    let Some((local, domain)) = value.trim().split_once('@') else {
        return false;
    };
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c == '@');
    plain(local) && plain(domain) && domain.contains('.')
}

/// The words of a name in lower case: `closedBy` and `Closed by` have two.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for c in name.chars() {
        let begins = c.is_uppercase() && after_lower;
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        after_lower = c.is_lowercase() || c.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_about_a_person_is_found_by_its_name() {
        for name in [
            "assignee",
            "Assignee",
            "assigned_to",
            "assignedTo",
            "Assigned To",
            "closedBy",
            "closed_by",
            "Owner",
            "owner_email",
            "userName",
            "user.name",
            "UserPrincipalName.user",
            "e-mail.mail",
            "displayName",
            "analyst",
        ] {
            assert!(is_person_field(name), "{name}");
        }
        for name in [
            "status",
            "case",
            "time",
            "id",
            "resolution",
            "bypass",
            "standby_mode",
            "severity",
        ] {
            assert!(!is_person_field(name), "{name}");
        }
    }

    #[test]
    fn mail_address_is_found_by_its_form() {
        assert!(is_mail_address(" a.b@c.example "));
        for text in [
            "a@b",
            "@c.example",
            "a b@c.example",
            "step",
            "a@b@c.example",
        ] {
            assert!(!is_mail_address(text), "{text}");
        }
    }
}
