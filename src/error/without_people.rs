//! Paths as errors and notes show them: without people in the names of folders.

/// A text with paths, in which the folders `key=value` whose value contains an address or is the identifier of a person
/// are `key=…`. Exports can be partitioned by mailbox: `mail/mailbox=anna%40contoso.com/part-0.parquet`.
pub(crate) fn without_people(text: &str) -> String {
    let Some((folders, name)) = text.rsplit_once('/') else { return text.to_owned() };
    let shown = folders.split('/').map(|folder| match folder.rsplit_once('=') {
        Some((key, value)) if is_about_somebody(value) => format!("{key}=…"),
        _ => folder.to_owned(),
    });
    format!("{}/{name}", shown.collect::<Vec<_>>().join("/"))
}

/// Whether a value contains an address, also percent-encoded, or is an identifier of 32 hexadecimal digits.
fn is_about_somebody(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_hexdigit).count();
    let is_identifier = digits == 32 && value.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    // What begins with a blank or a quote is not a value but the text around a path.
    let is_value = !value.starts_with([' ', '"', '\'']);
    is_value && (is_identifier || value.contains('@') || value.contains("%40"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_about_people_are_hidden() {
        for (text, shown) in [
            ("[mail] mailbox=anna@contoso.com/a.parquet: is empty", "[mail] mailbox=…/a.parquet: is empty"),
            (
                "[mail] in/mailbox=anna%40contoso.com/month=2026-03/a.parquet and in/mailbox=ben@x.y/b.parquet: no",
                "[mail] in/mailbox=…/month=2026-03/a.parquet and in/mailbox=…/b.parquet: no",
            ),
            ("s3://b/puser=0B1f0B1f-0000-1111-2222-0123456789ab/a", "s3://b/puser=…/a"),
            ("s3://b/puser=0b1f0b1f000011112222-123456789abc/a", "s3://b/puser=…/a"),
            ("s3://b/month=2026-03/region=emea/a=b@c", "s3://b/month=2026-03/region=emea/a=b@c"),
            ("no path: 3 = 4, anna@contoso.com", "no path: 3 = 4, anna@contoso.com"),
            ("", ""),
        ] {
            assert_eq!(without_people(text), shown);
        }
    }
}
